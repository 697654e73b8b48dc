"""Laws that solve an equation of their own: Lévy matrices, sparse graphs, equilibrium in a polynomial potential.

Enter a tail index, a degree or a potential; leave laws with an error that the equation gives. Entry points:
:class:`~rmt.laws.solved.levy_matrix.LevyMatrix`, :class:`~rmt.laws.solved.erdos_renyi_law.ErdosRenyi`,
:class:`~rmt.laws.solved.polynomial_equilibrium.PolynomialEquilibrium`.
"""

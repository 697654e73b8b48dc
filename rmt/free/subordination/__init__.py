"""Values of free sums, products and compound free Poisson laws: Newton's iteration for their subordination functions.

Enters an expression tree, flattened for compiled code; leave boundary values with a certificate and an error, and the
law with its quantiles. Entry points: :class:`~rmt.free.subordination.free_convolution.FreelyConvolved`,
:class:`~rmt.free.subordination.solver.TreeSolver`, :func:`~rmt.free.subordination.compiled_tree.compile_program`.
"""

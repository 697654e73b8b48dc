"""Computed laws whose transforms are explicit functions of those of their parts: no equation is solved.

Enter nodes of an expression; leave Boolean and monotone convolutions, mixtures, inverses, square roots, and what is
left of a law after free noise is taken out. Entry points: :class:`~rmt.free.explicit.boolean_monotone.BooleanLaw`,
:class:`~rmt.free.explicit.inverses_and_roots.InverseLaw`, :func:`~rmt.free.explicit.free_subtraction.deconvolved`.
"""

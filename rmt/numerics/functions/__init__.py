"""Scalar functions without wrong branches or cancellation, their roots and their continuation.

Enter numbers or a function; leave values to a few roundings. Entry points:
:func:`~rmt.numerics.functions.bracketed_roots.bracketed_roots`,
:func:`~rmt.numerics.functions.branches.square_root_pair`, :class:`~rmt.numerics.functions.continuation.Continuation`.
"""

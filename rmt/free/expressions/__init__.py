"""Free expressions: how laws built by free operations are written, simplified, printed and summed exactly.

Enter laws and numbers; leaves a tree of nodes, what of it has a closed form, its exact moments, and what the solver
asks of a leaf. Entry points: :class:`~rmt.free.expressions.tree.Node`,
:func:`~rmt.free.expressions.closed_forms.recognise`, :func:`~rmt.free.expressions.computed_law.law_of`.
"""

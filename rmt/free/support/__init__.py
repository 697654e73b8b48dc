"""The support of a free sum or product: its edges, its gaps however small, and its atoms.

Enter the factors of one operation, or a computed law with its solver; leave intervals, exponents at their ends and
masses. Entry points: :func:`~rmt.free.support.edges.support_of_convolution`,
:func:`~rmt.free.support.gaps.convolution_openings`, :func:`~rmt.free.support.atoms.atoms_of_convolution`.
"""

"""Numerical primitives, each in a room: compilation, dense, eigen, functions, quadrature, randomness.

Enter numbers, arrays and functions; leave the same. Nothing here knows of laws or networks. Beside the rooms:
refusing work that does not fit (``memory``), and giving up work that takes too long (``deadline``). Entry points:
:func:`~rmt.numerics.compilation.jit.kernel`, :func:`~rmt.numerics.functions.bracketed_roots.bracketed_roots`,
:func:`~rmt.numerics.eigen.tridiagonal.tridiagonal_eigenvalues`.
"""

"""Compiled code: how functions become kernels, and where their machine code is kept.

Enters a Python function of numbers and arrays; leaves machine code from a cache that belongs to its sources. Entry
points: :func:`~rmt.numerics.compilation.jit.kernel`, :func:`~rmt.numerics.compilation.jit.inner_kernel`,
:func:`~rmt.numerics.compilation.interpreted.interpreted`.
"""

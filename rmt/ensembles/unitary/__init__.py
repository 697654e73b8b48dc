"""Unitary matrices beyond the groups of :mod:`rmt.ensembles.haar`, as dense matrices.

Enter nothing; leave Dyson's symmetric and self-dual unitary matrices and rotations. Entry points:
:func:`~rmt.ensembles.unitary.circular_matrices.coe`, :func:`~rmt.ensembles.unitary.circular_matrices.cse`,
:func:`~rmt.ensembles.unitary.rotations.haar_special_orthogonal`.
"""

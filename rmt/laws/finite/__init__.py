"""Exact laws at finite n: extreme eigenvalues and densities of the classical ensembles.

Enter n, the Dyson index and a ratio; leave laws from determinants and Pfaffians. Entry points:
:class:`~rmt.laws.finite.extreme_laws.GaussianLargest`, :class:`~rmt.laws.finite.densities.GaussianDensity`,
:func:`~rmt.laws.finite.correlation_kernels.gue_kernel`.
"""

"""Symmetric matrices beyond Wigner's: bands, patterns, heavy tails, correlated rows and columns.

Enter a width, a pattern, a tail or two spectra; leave matrices and their limit law, or moments where no density is
known. Entry points: :func:`~rmt.ensembles.symmetric.band_matrices.band`,
:func:`~rmt.ensembles.symmetric.patterned_matrices.toeplitz`,
:func:`~rmt.ensembles.symmetric.levy_matrices.levy`.
"""

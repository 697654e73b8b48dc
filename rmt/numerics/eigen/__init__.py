"""Spectra of structured matrices: tridiagonal, bidiagonal and unitary Hessenberg ones, and of linear maps.

Enter a few vectors of coefficients; leave counts, histograms, some eigenvalues or all of them. Entry points:
:func:`~rmt.numerics.eigen.tridiagonal.tridiagonal_eigenvalues`,
:func:`~rmt.numerics.eigen.bidiagonal.bidiagonal_singular_values`,
:func:`~rmt.numerics.eigen.circular.verblunsky_angles`.
"""

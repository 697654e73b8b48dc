"""Numerical primitives: branches, quadrature, inversion, spectra of structured matrices, random streams."""

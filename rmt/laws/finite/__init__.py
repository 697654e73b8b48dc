"""Exact laws at finite n: extreme eigenvalues and densities of the classical ensembles."""

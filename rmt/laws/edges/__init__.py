"""Laws of extreme eigenvalues and of neighbours: Tracy-Widom, the hard edge, spacings and their ratios."""

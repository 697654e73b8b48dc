"""Laws in the complex plane: the limits of the eigenvalues of matrices that are not normal.

Enter parameters, or the law of a modulus; leaves a law of the plane. Entry points:
:class:`~rmt.laws.planar.planar_law.PlanarLaw`, :class:`~rmt.laws.planar.planar_rings.SingleRing`,
:class:`~rmt.laws.planar.planar_affine.PlanarAffine`.
"""

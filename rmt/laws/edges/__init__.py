"""Laws of extreme eigenvalues and of neighbours: Tracy-Widom, the hard edge, spacings and their ratios.

Enter the Dyson index and a scale; leave laws known by the logarithms of their tails. Entry points:
:class:`~rmt.laws.edges.tracy_widom.TracyWidom`, :class:`~rmt.laws.edges.bessel.BesselEdge`,
:class:`~rmt.laws.edges.spacings.GaudinSpacing`.
"""

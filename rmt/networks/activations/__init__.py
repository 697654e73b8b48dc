"""Activations: by name or from any function, with their Gaussian moments and the law of their squared derivative.

Enters a name or a callable; leaves an ``Activation`` that knows E φ(√q z)² and the like at any length q. Entry
points: :func:`~rmt.networks.activations.lookup.activation`, :class:`~rmt.networks.activations.activation.Activation`,
:func:`~rmt.networks.activations.slope_law.squared_slope_law`.
"""

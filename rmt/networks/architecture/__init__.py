"""Networks at initialisation: their layers or blocks, and the Jacobian as a random matrix with two faces.

Enter depth, widths, activation and weights; leave networks, sampled Jacobians and their laws. Entry points:
:class:`~rmt.networks.architecture.mlp.MLP`, :class:`~rmt.networks.architecture.residual_network.ResidualNetwork`,
:class:`~rmt.networks.architecture.jacobian.Jacobian`.
"""

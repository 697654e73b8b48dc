"""Signal propagation: the maps of lengths and correlations from layer to layer, and where they come to rest.

Enter an activation and the scales of weights and biases; leave fixed points, depth scales and critical lines. Entry
points: :func:`~rmt.networks.propagation.mean_field.mean_field`,
:func:`~rmt.networks.propagation.criticality.edge_of_chaos`,
:func:`~rmt.networks.propagation.initialisers.initialiser`.
"""

"""Random graphs by their matrices: adjacency and Laplacian.

Enter a degree; leave matrices of 0 and 1, Laplacians D − A, and the law of the tree that the graph looks like from a
vertex. Entry points: :func:`~rmt.ensembles.graphs.erdos_renyi_graphs.erdos_renyi`,
:func:`~rmt.ensembles.graphs.regular_graphs.random_regular`,
:func:`~rmt.ensembles.graphs.regular_graphs.regular_neighbours`.
"""

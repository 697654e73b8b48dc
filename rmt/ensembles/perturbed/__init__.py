"""Random matrices plus, or times, given ones: spikes, a diagonal of fixed size, two spectra of covariances.

Enter spikes, an exponent or population spectra; leave matrices, their bulk's law and the places of outliers. Entry
points: :func:`~rmt.ensembles.perturbed.spiked_matrices.spiked_wigner`,
:func:`~rmt.ensembles.perturbed.rosenzweig_porter_matrices.rosenzweig_porter`,
:func:`~rmt.ensembles.perturbed.separable_matrices.separable_covariance`.
"""

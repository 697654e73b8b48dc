"""Real models: what is read from their layers, what theory says of it, and the report. Nothing here imports torch.

Enter layers that :mod:`rmt.networks.torch` has recorded; leave predictions and a report. Entry points:
:func:`~rmt.networks.models.doors.check_isometry`, :class:`~rmt.networks.models.model_report.ModelReport`,
:func:`~rmt.networks.models.chain_predictions.conditional_prediction`.
"""

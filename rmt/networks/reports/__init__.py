"""Reports on dynamical isometry: the numbers of a spectrum, what they mean for training, and what to set instead.

Enters a network or the numbers of a spectrum; leave a report, its grade and advice. Entry points:
:func:`~rmt.networks.reports.network_isometry.isometry`, :func:`~rmt.networks.reports.advice.advise`,
:func:`~rmt.networks.reports.verdict.judge`.
"""

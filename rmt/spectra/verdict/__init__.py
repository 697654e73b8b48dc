"""The test of a spectrum against a law: parts with a p-value each, and what ensembles know of their fluctuations.

Enters a sample, a law and what is known beside it; leave parts and a verdict. Entry points:
:func:`~rmt.spectra.verdict.judge.judge`, :class:`~rmt.spectra.verdict.part.Part`,
:class:`~rmt.spectra.verdict.prediction.Fluctuations`.
"""

"""Measures on quadrature panels of the line, or of the logarithm, and their transforms up to the real axis.

Enters a density; leave panels that compiled code reads. Entry points:
:func:`~rmt.numerics.quadrature.line_panels.build_line_panels`,
:func:`~rmt.numerics.quadrature.log_panels.build_log_panels`,
:func:`~rmt.numerics.quadrature.adaptive_panels.panel_rule`.
"""

"""Polynomials, rational functions and rectangular sums of free variables, by matrix-valued subordination.

Enter a noncommutative polynomial and the laws of its variables; it becomes a linear pencil with matrix coefficients,
whose Cauchy transform is solved point by point, and the law is searched in it. One variable is a push-forward. Entry
points: :func:`~rmt.free.polynomials.polynomial_law.polynomial_law`,
:func:`~rmt.free.polynomials.rational_law.rational_law`,
:func:`~rmt.free.polynomials.rectangular_convolution.rectangular_boxplus`.
"""

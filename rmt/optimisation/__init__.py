"""Optimisation seen through a law: in goes the law of the eigenvalues of a quadratic problem, out comes a curve.

Enters a :class:`rmt.Law` with support in [0, ∞), the spectrum of a Hessian or of a kernel; leaves the mean error of
gradient flow, of momentum methods, of optimal polynomials and of stochastic gradient descent, before anything is run.
What is sampled beside it are matrices that one brings: ``measured_errors`` and ``sgd_run`` run the methods themselves.
Entry points: :func:`loss_curve`, :func:`average_error`, :func:`sgd_loss`.
"""

from rmt._names import room
from rmt.optimisation.average_case import average_error as average_error
from rmt.optimisation.average_case import halting_time as halting_time
from rmt.optimisation.average_case import residual_polynomial as residual_polynomial
from rmt.optimisation.gradient_flow import LossTail as LossTail
from rmt.optimisation.gradient_flow import loss_curve as loss_curve
from rmt.optimisation.gradient_flow import loss_floor as loss_floor
from rmt.optimisation.gradient_flow import loss_tail as loss_tail
from rmt.optimisation.least_squares import measured_curve as measured_curve
from rmt.optimisation.least_squares import measured_errors as measured_errors
from rmt.optimisation.least_squares import measured_halting_time as measured_halting_time
from rmt.optimisation.least_squares import sgd_run as sgd_run
from rmt.optimisation.stochastic_descent import sgd_critical_step as sgd_critical_step
from rmt.optimisation.stochastic_descent import sgd_limit as sgd_limit
from rmt.optimisation.stochastic_descent import sgd_loss as sgd_loss
from rmt.optimisation.stochastic_descent import sgd_rate as sgd_rate
from rmt.optimisation.stochastic_descent import sgd_transition_step as sgd_transition_step

__all__, __dir__ = room(__spec__)

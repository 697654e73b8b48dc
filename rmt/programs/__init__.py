"""Tensor programs and universality: what depends on the law of random entries, and what does not.

A :class:`Program` of matrices, vectors and maps is run at finite width (``sample``) or in the limit (``limit``).
:func:`universality` measures how fast the first becomes the second for any entries, :func:`tail_bound` says how far off
it may be, :func:`log_norm` what happens when the depth grows with the width.
"""

from rmt._names import room
from rmt.programs.log_norm import LogNorm as LogNorm
from rmt.programs.log_norm import log_norm as log_norm
from rmt.programs.mlp_programs import mlp_program as mlp_program
from rmt.programs.notation import dot as dot
from rmt.programs.tail_bounds import exponential_mean_bound as exponential_mean_bound
from rmt.programs.tail_bounds import sufficient_width as sufficient_width
from rmt.programs.tail_bounds import tail_bound as tail_bound
from rmt.programs.tail_bounds import tail_constant as tail_constant
from rmt.programs.tensor_program import Program as Program
from rmt.programs.universality import Interpolation as Interpolation
from rmt.programs.universality import MaskFreeness as MaskFreeness
from rmt.programs.universality import SpectrumComparison as SpectrumComparison
from rmt.programs.universality import UniversalityReport as UniversalityReport
from rmt.programs.universality import interpolate as interpolate
from rmt.programs.universality import mask_freeness as mask_freeness
from rmt.programs.universality import spectral_universality as spectral_universality
from rmt.programs.universality import universality as universality

__all__, __dir__ = room(__spec__)

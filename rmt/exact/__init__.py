"""Exact faces of laws: equations, digits, proven enclosures, and the polynomials of finite n.

Enters a law built from named ones; leave the polynomial P(G, z) = 0, values with any number of digits and intervals
that are proven to hold them. Entry points: ``Law.equation``, :class:`Equation`, :func:`family`,
:func:`phase_diagram`.
"""

from rmt._names import room
from rmt.exact import finite as finite
from rmt.exact.algebraic_numbers import AlgebraicNumber as AlgebraicNumber
from rmt.exact.enclosures import Enclosure as Enclosure
from rmt.exact.equation import Band as Band
from rmt.exact.equation import Equation as Equation
from rmt.exact.equation import ExactAtom as ExactAtom
from rmt.exact.equation import family as family
from rmt.exact.integer_polynomials import IntegerPolynomial as IntegerPolynomial
from rmt.exact.phases import PhaseDiagram as PhaseDiagram
from rmt.exact.phases import phase_diagram as phase_diagram
from rmt.exact.recurrences import Recurrence as Recurrence

__all__, __dir__ = room(__spec__)

"""Laws of matrix entries, standardised: mean 0 and variance 1.

Wherever an ensemble takes ``entries=`` it accepts a name (``"rademacher"``), a name with its parameter
(``"student(5)"``), one of the objects made here (``entries.student(5)``), a frozen ``scipy.stats`` distribution, or a
law of :mod:`rmt.laws`. The last two are standardised by their own mean and standard deviation.

A complex entry has independent real and imaginary parts, each of variance 1/2, so that E|x|² = 1 and E x² = 0. The
complex Rademacher entry is therefore uniform on the four points (±1 ± i)/√2.

The numbers come from counters (:mod:`rmt.numerics.randomness.random_streams`), keyed by the generator: they do not
depend on the number of threads, and take a half to a tenth of NumPy's time, by the machine and the law. The two laws
that need rejection read NumPy's stream in order.
"""

from __future__ import annotations

import ast
import math
import re
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rmt._frozen import Frozen
from rmt.errors import check_choice, check_real
from rmt.spectra.verdict.independent_entries import Entries

Float = NDArray[np.float64]
Sampler = Callable[[np.random.Generator, int, float], Float]

FIELDS = ("real", "complex")


class EntryLaw(Frozen):
    """The law of one matrix entry, with mean 0 and variance 1.

    Attributes
    ----------
    finite_moments : float
        Supremum of the p with E|x|^p < ∞; ``inf`` if all moments exist.
    skewness : float
        E x³; NaN where it does not exist.
    kurtosis : float
        E x⁴ of the real entry (3 for the normal law); ``inf`` where it is infinite. A complex entry has
        E|x|⁴ = (kurtosis + 1)/2.
    spec : object
        What was given as ``entries=``: a string for the laws known by name.
    """

    finite_moments: float
    skewness: float
    kurtosis: float
    spec: Any

    @abstractmethod
    def _draw(self, rng: np.random.Generator, size: int, scale: float) -> Float:
        """`size` independent real numbers of mean 0 and standard deviation `scale`, in an array of their own."""

    def draw(
        self, rng: np.random.Generator, shape: int | tuple[int, ...], *, field: str = "real", scale: float = 1.0
    ) -> NDArray[Any]:
        """Draw an array of independent entries.

        Parameters
        ----------
        rng : numpy.random.Generator
        shape : int or tuple of int
        field : {"real", "complex"}
            Complex entries have independent parts of variance 1/2 each.
        scale : float
            Standard deviation of the result.

        Returns
        -------
        ndarray of float64 or complex128
        """
        size = math.prod(shape) if isinstance(shape, tuple) else shape
        if check_choice("field", field, FIELDS) == "real":
            return self._draw(rng, size, scale).reshape(shape)
        return self._draw(rng, 2 * size, scale * math.sqrt(0.5)).view(np.complex128).reshape(shape)

    @property
    def argument(self) -> Any:
        """What to write after ``entries=``, as an object with that repr."""
        return self.spec

    @property
    def has_fourth_moment(self) -> bool:
        """Whether E x⁴ < ∞, the condition under which extreme eigenvalues stay at the edges of the limit law."""
        return math.isfinite(self.kurtosis)

    @property
    def is_gaussian(self) -> bool:
        """Whether this is the normal law, which makes ensembles invariant under rotations."""
        return bool(self.spec == "gaussian")

    @abstractmethod
    def tail(self, t: float) -> float:
        """P(|x| > t), or a bound of it."""

    @property
    def is_discrete(self) -> bool:
        """Whether a single value has a positive probability, so that a matrix of such entries can be singular."""
        return False

    def known(self) -> Entries:
        """What :meth:`Ensemble.fluctuations` needs of it."""
        return Entries(self.kurtosis, self.skewness, self.finite_moments, self.tail, self.is_discrete)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EntryLaw) and bool(self.spec == other.spec)

    def __hash__(self) -> int:
        return hash(repr(self))


class NamedEntryLaw(EntryLaw):
    """An entry law known by its name, with closed-form moments; made by the functions of this module."""

    def __init__(
        self,
        spec: str,
        sampler: Sampler,
        *,
        tail: Callable[[float], float],
        kurtosis: float,
        skewness: float = 0.0,
        finite_moments: float = math.inf,
        discrete: bool = False,
    ) -> None:
        self.spec = spec
        self.kurtosis = kurtosis
        self.skewness = skewness
        self.finite_moments = finite_moments
        self._sampler = sampler
        self._tail = tail
        self._discrete = discrete

    def tail(self, t: float) -> float:
        """P(|x| > t)."""
        return self._tail(t)

    @property
    def is_discrete(self) -> bool:
        """Whether a single value has a positive probability."""
        return self._discrete

    def _draw(self, rng: np.random.Generator, size: int, scale: float) -> Float:
        return self._sampler(rng, size, scale)

    def __repr__(self) -> str:
        return f"entries.{self.spec}" if self.spec.endswith(")") else f"entries.{self.spec}()"

    def __reduce__(self) -> tuple[Any, ...]:
        return as_entries, (self.spec,)


class StandardisedLaw(EntryLaw):
    """A law given as an object, minus its mean and divided by its standard deviation; made by :func:`as_entries`.

    `finite_moments` is read off the far tails, P(|x| > t) ~ t^(-p).

    Raises
    ------
    ValueError
        If the variance is infinite or 0.
    """

    def __init__(self, source: Any, argument: str = "entries") -> None:
        self.spec = source
        self.finite_moments = _tail_index(self._log_tails)
        mean, variance = self._mean_variance() if self.finite_moments > 2.0 else (math.nan, math.inf)
        if not (math.isfinite(mean) and 0.0 < variance < math.inf):
            raise ValueError(
                f"{argument} must have a finite variance > 0, got {self!r} of variance {variance:.6g}; "
                "truncate the law, or take 'cube_root_cauchy': finite variance and no third moment"
            )
        self._mean, self._std = mean, math.sqrt(variance)
        self.skewness, self.kurtosis = self._shape() if self.finite_moments > 4.0 else (math.nan, math.inf)
        if not self.has_fourth_moment:
            self.finite_moments = min(self.finite_moments, 4.0)

    @abstractmethod
    def _rvs(self, rng: np.random.Generator, size: int) -> Float:
        """Raw draws."""

    @abstractmethod
    def _log_tails(self, t: float) -> float:
        """Logarithm of P(|x| > t)."""

    @abstractmethod
    def _mean_variance(self) -> tuple[float, float]: ...

    @abstractmethod
    def _shape(self) -> tuple[float, float]:
        """Skewness and kurtosis (3 for the normal law)."""

    def tail(self, t: float) -> float:
        """Bound of P(|x| > t), by the tails of the law as it was given."""
        return math.exp(min(0.0, self._log_tails(max(t * self._std - abs(self._mean), 0.0))))

    def _draw(self, rng: np.random.Generator, size: int, scale: float) -> Float:
        return (np.asarray(self._rvs(rng, size), dtype=np.float64) - self._mean) * (scale / self._std)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.spec,)


class _OfScipy(StandardisedLaw):
    """A frozen scipy.stats distribution, continuous or discrete."""

    def _rvs(self, rng: np.random.Generator, size: int) -> Float:
        return np.asarray(self.spec.rvs(size=size, random_state=rng))

    def _log_tails(self, t: float) -> float:
        with np.errstate(divide="ignore"):
            return float(np.logaddexp(self.spec.logsf(t), self.spec.logcdf(-t)))

    def _mean_variance(self) -> tuple[float, float]:
        mean, variance = self.spec.stats(moments="mv")
        return float(mean), float(variance)

    def _shape(self) -> tuple[float, float]:
        skewness, excess = self.spec.stats(moments="sk")
        return float(skewness), 3.0 + float(excess)

    @property
    def is_discrete(self) -> bool:
        """Whether SciPy's law is discrete."""
        return not hasattr(self.spec, "pdf")

    @property
    def argument(self) -> Any:
        return self  # the repr of SciPy's frozen object is an address

    def __repr__(self) -> str:
        arguments = [repr(a) for a in self.spec.args] + [f"{k}={v!r}" for k, v in self.spec.kwds.items()]
        return f"scipy.stats.{self.spec.dist.name}({', '.join(arguments)})"


class _OfLaw(StandardisedLaw):
    """A law of :mod:`rmt.laws`."""

    def _rvs(self, rng: np.random.Generator, size: int) -> Float:
        return np.asarray(self.spec.rvs(size, rng=rng))

    @property
    def is_discrete(self) -> bool:
        """Whether the law has atoms."""
        return bool(self.spec.atoms)

    def _log_tails(self, t: float) -> float:
        mass = float(self.spec.sf(t)) + float(self.spec.cdf(-t))
        return math.log(mass) if mass > 0.0 else -math.inf

    def _mean_variance(self) -> tuple[float, float]:
        return float(self.spec.mean()), float(self.spec.var())

    def _shape(self) -> tuple[float, float]:
        m1, m2, m3, m4 = (float(m) for m in self.spec.moments(4))
        variance = m2 - m1**2
        skewness = (m3 - 3.0 * m1 * m2 + 2.0 * m1**3) / variance**1.5
        return skewness, (m4 - 4.0 * m1 * m3 + 6.0 * m1**2 * m2 - 3.0 * m1**4) / variance**2

    def __repr__(self) -> str:
        return repr(self.spec)


def _tail_index(log_tails: Callable[[float], float]) -> float:
    """The p of P(|x| > t) ~ t^(-p): the slope far out, infinite where it still grows or the tail is empty."""
    for decades in (50, 10, 2):  # as far out as the tail can be represented
        near, middle, far = (log_tails(10.0**e) for e in (decades, 2 * decades, 4 * decades))
        if math.isfinite(far):
            inner = (near - middle) / (decades * math.log(10.0))
            outer = (middle - far) / (2 * decades * math.log(10.0))
            return math.inf if outer > 1.01 * inner else round(outer, 6)
    return math.inf


# ---------------------------------------------------------------------- the laws by name
def gaussian() -> EntryLaw:
    """The standard normal law."""
    return NamedEntryLaw("gaussian", _normal, tail=_normal_tail, kurtosis=3.0)


def uniform() -> EntryLaw:
    """Uniform on [−√3, √3]."""
    return NamedEntryLaw("uniform", _uniform, tail=lambda t: max(0.0, 1.0 - t / math.sqrt(3.0)), kurtosis=1.8)


def rademacher() -> EntryLaw:
    """±1 with equal probability; the complex entry is uniform on (±1 ± i)/√2."""
    return NamedEntryLaw("rademacher", _rademacher, tail=lambda t: float(t < 1.0), kurtosis=1.0, discrete=True)


def laplace() -> EntryLaw:
    """Two-sided exponential law of density exp(−√2 |x|)/√2."""
    return NamedEntryLaw("laplace", _laplace, tail=lambda t: math.exp(-math.sqrt(2.0) * t), kurtosis=6.0)


def exponential() -> EntryLaw:
    """Exponential law minus its mean: the asymmetric entry of the catalogue."""
    return NamedEntryLaw("exponential", _exponential, tail=_exponential_tail, skewness=2.0, kurtosis=9.0)


def truncated_gaussian() -> EntryLaw:
    """Normal law conditioned to two standard deviations, rescaled (its raw variance is 0.7737413035)."""
    return NamedEntryLaw(
        "truncated_gaussian",
        _truncated_gaussian,
        tail=lambda t: float(t * math.sqrt(_TRUNCATED_VARIANCE) < 2.0),
        kurtosis=_TRUNCATED_FOURTH / _TRUNCATED_VARIANCE**2,
    )


def student(df: float) -> EntryLaw:
    """Student's t with `df` > 2 degrees of freedom, rescaled; moments below `df` exist.

    Drawn by a polar method (Bailey 1994) without its rejection step.

    Raises
    ------
    ValueError
        If ``df <= 2``: the variance is infinite.
    """
    nu = _finite_variance("df", df, "student")
    return NamedEntryLaw(
        f"student({nu!r})",
        lambda rng, size, scale: _student(rng, size, scale, float(nu)),
        tail=lambda t: _student_tail(t, float(nu)),
        skewness=0.0 if nu > 3 else math.nan,
        kurtosis=3.0 + 6.0 / (nu - 4) if nu > 4 else math.inf,
        finite_moments=float(nu),
    )


def sparse(density: float) -> EntryLaw:
    """A normal number over √density with probability `density`, otherwise 0; all moments exist.

    Parameters
    ----------
    density : float
        Probability of a nonzero entry, 0 < density <= 1. The limit theorems need n · density → ∞.
    """
    p = check_real("density", density, above=0.0, at_most=1.0)
    return NamedEntryLaw(
        f"sparse({p!r})",
        lambda rng, size, scale: _sparse(rng, size, scale, float(p)),
        tail=lambda t: float(p) * _normal_tail(t * math.sqrt(p)),
        kurtosis=float(3.0 / p),
        discrete=p < 1,
    )


def cube_root_cauchy() -> EntryLaw:
    """Cube root of a Cauchy number over √2: moments below 3 exist, so the variance does and the fourth does not.

    E|Cauchy|^s = sec(πs/2), hence the raw variance sec(π/3) = 2.
    """
    return NamedEntryLaw(
        "cube_root_cauchy",
        _cube_root_cauchy,
        tail=lambda t: _cauchy_tail(t, 2.0, 3),
        skewness=math.nan,
        kurtosis=math.inf,
        finite_moments=3.0,
    )


def fifth_root_cauchy() -> EntryLaw:
    """Signed fifth root of a Cauchy number, of raw variance sec(π/5) = 1.2360679775: moments below 5 exist."""
    kurtosis = math.cos(math.pi / 5.0) ** 2 / math.cos(2.0 * math.pi / 5.0)
    return NamedEntryLaw(
        "fifth_root_cauchy",
        _fifth_root_cauchy,
        tail=lambda t: _cauchy_tail(t, 1.0 / math.cos(math.pi / 5.0), 5),
        kurtosis=kurtosis,
        finite_moments=5.0,
    )


_PLAIN: dict[str, Callable[[], EntryLaw]] = {
    function.__name__: function
    for function in (
        gaussian,
        uniform,
        rademacher,
        laplace,
        exponential,
        truncated_gaussian,
        cube_root_cauchy,
        fifth_root_cauchy,
    )
}
_WITH_PARAMETER: dict[str, Callable[[float], EntryLaw]] = {"student": student, "sparse": sparse}
#: what a string may be
NAMES = (*_PLAIN, "student(df)", "sparse(density)")


def as_entries(value: Any, argument: str = "entries") -> EntryLaw:
    """Turn whatever ``entries=`` accepts into an :class:`EntryLaw`.

    Parameters
    ----------
    value : str, EntryLaw, frozen scipy.stats distribution, or Law
        Names: "gaussian", "uniform", "rademacher", "laplace", "exponential", "truncated_gaussian",
        "cube_root_cauchy", "fifth_root_cauchy", "student(df)", "sparse(density)".
    argument : str
        Name of the argument, for messages.

    Raises
    ------
    ValueError
        If the name is unknown (the nearest names are given), or the variance is infinite or 0.
    TypeError
        If `value` is none of these.
    """
    if isinstance(value, EntryLaw):
        return value
    if isinstance(value, str):
        return _from_name(value, argument)
    from rmt.laws.law import Law

    if isinstance(value, Law):
        return _OfLaw(value, argument)
    if hasattr(value, "dist") and hasattr(value, "rvs"):
        return _OfScipy(value, argument)
    raise TypeError(
        f"{argument} must be a name ({', '.join(NAMES)}), an object of rmt.ensembles.entries, a frozen scipy.stats "
        f"distribution or a law of rmt.laws, got {value!r} of type {type(value).__name__}"
    )


def _from_name(text: str, argument: str) -> EntryLaw:
    match = re.fullmatch(r"\s*([\w-]+)\s*(?:\((?:\s*(?:df|density)\s*=)?\s*([^()]*?)\s*\))?\s*", text)
    if match is None:
        raise ValueError(f"{argument} must be a name such as 'rademacher' or 'student(5)', got {text!r}")
    name, parameter = match.group(1).replace("-", "_").lower(), match.group(2)
    check_choice(argument, name, (*_PLAIN, *_WITH_PARAMETER))
    if name in _PLAIN:
        if parameter:
            raise ValueError(f"{argument}={text!r}: {name!r} takes no parameter")
        return _PLAIN[name]()
    if not parameter:
        example = "student(5)" if name == "student" else "sparse(0.1)"
        raise ValueError(f"{argument}={text!r}: {name!r} needs its parameter, for example {example!r}")
    try:
        number = ast.literal_eval(parameter)
    except (SyntaxError, ValueError):
        raise ValueError(f"{argument}={text!r}: {parameter!r} is not a number") from None
    return _WITH_PARAMETER[name](number)


def _finite_variance(name: str, value: Any, law: str) -> Any:
    number = check_real(name, value, above=0.0)
    if number <= 2:
        raise ValueError(
            f"{name} must be > 2, got {value!r}: the variance of {law}({number}) is infinite, and entries are "
            "standardised to variance 1"
        )
    return number


# ---------------------------------------------------------------------- tails P(|x| > t) of standardised laws
def _normal_tail(t: float) -> float:
    return math.erfc(t / math.sqrt(2.0))


def _exponential_tail(t: float) -> float:
    return math.exp(-1.0 - t) + (1.0 - math.exp(t - 1.0) if t < 1.0 else 0.0)


def _student_tail(t: float, df: float) -> float:
    from scipy import special

    return 2.0 * float(special.stdtr(df, -t * math.sqrt(df / (df - 2.0))))


def _cauchy_tail(t: float, raw_variance: float, root: int) -> float:
    return 2.0 / math.pi * math.atan2(1.0, (t * math.sqrt(raw_variance)) ** root)


# ---------------------------------------------------------------------- samplers: mean 0, standard deviation `scale`
_DENSITY_AT_2 = math.exp(-2.0) / math.sqrt(2.0 * math.pi)
_MASS_WITHIN_2 = math.erf(math.sqrt(2.0))
_TRUNCATED_VARIANCE = 1.0 - 4.0 * _DENSITY_AT_2 / _MASS_WITHIN_2
_TRUNCATED_FOURTH = 3.0 - 28.0 * _DENSITY_AT_2 / _MASS_WITHIN_2


def _fill(
    kind: str, rng: np.random.Generator, size: int, scale: float, raw_variance: float, parameter: float | None = None
) -> Float:
    """Numbers of a stream, divided by the standard deviation they come with."""
    from rmt.numerics.randomness.random_streams import fill

    return fill(kind, size, rng, scale=scale / math.sqrt(raw_variance), parameter=parameter)


def _normal(rng: np.random.Generator, size: int, scale: float) -> Float:
    return _fill("normal", rng, size, scale, 1.0)


def _uniform(rng: np.random.Generator, size: int, scale: float) -> Float:
    return _fill("symmetric uniform", rng, size, scale, 1.0 / 3.0)


def _rademacher(rng: np.random.Generator, size: int, scale: float) -> Float:
    return _fill("rademacher", rng, size, scale, 1.0)


def _laplace(rng: np.random.Generator, size: int, scale: float) -> Float:
    return _fill("laplace", rng, size, scale, 2.0)


def _exponential(rng: np.random.Generator, size: int, scale: float) -> Float:
    out = _fill("exponential", rng, size, scale, 1.0)
    out -= scale
    return out


def _truncated_gaussian(rng: np.random.Generator, size: int, scale: float) -> Float:
    from rmt.numerics.randomness.draws import fill_truncated_normal

    out = np.empty(size)
    fill_truncated_normal(rng, 2.0, out)
    out *= scale / math.sqrt(_TRUNCATED_VARIANCE)
    return out


def _student(rng: np.random.Generator, size: int, scale: float, df: float) -> Float:
    return _fill("student", rng, size, scale, df / (df - 2.0), df)


def _sparse(rng: np.random.Generator, size: int, scale: float, density: float) -> Float:
    kept = np.flatnonzero(rng.random(size) < density)
    out = np.zeros(size)
    out[kept] = _normal(rng, kept.size, scale / math.sqrt(density))
    return out


def _cube_root_cauchy(rng: np.random.Generator, size: int, scale: float) -> Float:
    return _fill("cauchy root", rng, size, scale, 2.0, 3.0)


def _fifth_root_cauchy(rng: np.random.Generator, size: int, scale: float) -> Float:
    return _fill("cauchy root", rng, size, scale, 1.0 / math.cos(math.pi / 5.0), 5.0)

"""``rmt equation``: the polynomial equation of a law that is written as a sum or product of named laws."""

from __future__ import annotations

import argparse
import re
from fractions import Fraction
from typing import Any

from rmt.cli.parser import CommandError, add_json_option, count, print_json, users_mistakes
from rmt.errors import read_number

EXAMPLES = """\
examples:
  rmt equation "semicircle + marchenko-pastur(ratio=1/2)" --latex --edges
  rmt equation "marchenko-pastur(ratio=1/2) * marchenko-pastur(ratio=1/3) * bernoulli(p=1/4)" --digits 50
  rmt equation "2 * semicircle + rademacher - 1" --variable R

+ is the free sum, * the free product, a number shifts or dilates; laws are those of `rmt list`, parameters are integers
or fractions such as 1/2
"""

_TOKENS = re.compile(r"\s*(?:([A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]|[A-Za-z])|(\d+(?:\.\d+)?(?:/\d+)?)|(.))")


def add_options(parser: argparse.ArgumentParser, words: list[str]) -> None:
    """Declare the options."""
    parser.add_argument("law", help="an expression in named laws")
    parser.add_argument("--variable", default="G", choices=("G", "M", "R", "B", "S"), help="transform (default G)")
    parser.add_argument("--latex", action="store_true", help="print the equation in LaTeX")
    parser.add_argument("--edges", action="store_true", help="ends of the support, as roots of polynomials")
    parser.add_argument("--digits", type=count("--digits"), help="so many digits of the edges")
    parser.add_argument("--moments", type=count("--moments"), help="so many exact moments")
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Find the equation and print it."""
    with users_mistakes():
        law = read_law(arguments.law)
    try:
        with users_mistakes():
            equation = law.equation(arguments.variable)
            plain = law.equation()
    except ImportError as error:
        raise CommandError(str(error)) from None
    record: dict[str, Any] = {"law": repr(law), "variable": arguments.variable, "equation": str(equation)}
    record["degrees"] = dict(zip(equation.variables, equation.degrees, strict=True))
    if arguments.latex:
        record["latex"] = equation.latex()
    if arguments.edges or arguments.digits:
        record["edges"] = [_edge(e, arguments.digits) for e in plain.edges()]
        record["edge_polynomials"] = [list(e.polynomial) for e in plain.edges()]
        record["atoms"] = [{"position": _edge(a, arguments.digits), "mass": str(m)} for a, m in plain.atoms()]
    if arguments.moments:
        record["moments"] = [str(m) for m in plain.moments(arguments.moments)]
    if arguments.json:
        print_json(record)
    else:
        print(_text(record))
    return 0


def _edge(edge: Any, digits: int | None) -> str:
    if edge.rational is not None:
        return str(edge.rational)
    if digits is None:
        return repr(float(edge))
    import mpmath

    return str(mpmath.nstr(edge.digits(digits), digits))


def _text(record: dict[str, Any]) -> str:
    lines = [record["latex"] if "latex" in record else record["equation"] + " = 0"]
    for edge, polynomial in zip(record.get("edges", ()), record.get("edge_polynomials", ()), strict=True):
        root = "" if len(polynomial) == 2 else f"   root of {_polynomial(polynomial)}"
        lines.append(f"edge    {edge}{root}")
    lines += [f"atom    {a['position']}   mass {a['mass']}" for a in record.get("atoms", ())]
    lines += [f"moment  {k}: {m}" for k, m in enumerate(record.get("moments", ()), start=1)]
    return "\n".join(lines)


def _polynomial(coefficients: list[int]) -> str:
    terms = [
        f"{c:+d}" + ("" if i == 0 else " x" if i == 1 else f" x^{i}")
        for i, c in reversed(list(enumerate(coefficients)))
        if c
    ]
    return " ".join(terms).removeprefix("+")


def read_law(text: str) -> Any:
    """The law of an expression such as ``semicircle + marchenko-pastur(ratio=1/2)``.

    Raises
    ------
    ValueError
        If it is not understood.
    """
    reader = _Reader(text)
    value = reader.sum()
    reader.finish()
    if isinstance(value, _NUMBERS):
        raise ValueError(f"{text!r} is a number; name a law, such as semicircle")
    return value


_NUMBERS = (int, float, Fraction)


class _Reader:
    """Recursive descent over names, numbers, + - * / and brackets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [next(t for t in match if t) for match in _TOKENS.findall(text) if any(match)]
        self._tokens = [t for t in self._tokens if t.strip()]

    def _next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _take(self) -> str:
        if not self._tokens:
            raise ValueError(f"{self._text!r} ends too early; an example: semicircle + marchenko-pastur(ratio=1/2)")
        return str(self._tokens.pop(0))

    def finish(self) -> None:
        """Refuse what is left over."""
        if self._tokens:
            raise ValueError(
                f"{self._tokens[0]!r} in {self._text!r} is not understood; an example: semicircle + "
                "marchenko-pastur(ratio=1/2)"
            )

    def sum(self) -> Any:
        """Terms with + and - between them."""
        from rmt.free import boxplus

        sign = -1 if self._next() == "-" and self._take() else 1
        value = self._product()
        value = -value if sign < 0 else value
        while self._next() in ("+", "-") and self._next():
            sign = 1 if self._take() == "+" else -1
            term = self._product()
            term = -term if sign < 0 else term
            numbers = isinstance(value, _NUMBERS) or isinstance(term, _NUMBERS)
            value = value + term if numbers else boxplus(value, term)
        return value

    def _product(self) -> Any:
        from rmt.free import boxtimes

        value = self._factor()
        while self._next() in ("*", "/") and self._next():
            if self._take() == "*":
                factor = self._factor()
                numbers = isinstance(value, _NUMBERS) or isinstance(factor, _NUMBERS)
                value = value * factor if numbers else boxtimes(value, factor)
            else:
                value = value / self._factor()
        return value

    def _factor(self) -> Any:
        from rmt.cli.law_table import find_law

        token = self._take()
        if token == "(":
            value = self.sum()
            if self._take() != ")":
                raise ValueError(f"a bracket in {self._text!r} is not closed")
            return value
        if token[0].isdigit():
            return read_number(token)
        if not token[0].isalpha():
            raise ValueError(f"{token!r} in {self._text!r} is not understood; name a law, such as semicircle")
        if token.lower() == "rademacher":
            from rmt.laws import Rademacher

            return Rademacher()
        entry = find_law(token)
        parameters: dict[str, Any] = {}
        if self._next() == "(":
            self._take()
            while self._next() != ")":
                name = self._take()
                if self._take() != "=":
                    raise ValueError(f"parameters of {token} are written name=value, as in {token}({name}=1/2)")
                sign = -1 if self._next() == "-" and self._take() else 1
                parameters[name] = sign * read_number(self._take())
                if self._next() == ",":
                    self._take()
            self._take()
        known = [p.name for p in entry.parameters]
        unknown = [name for name in parameters if name not in known]
        if unknown:
            raise ValueError(f"{token} has no parameter {unknown[0]!r}; accepted: {', '.join(known) or 'none'}")
        return entry.build(**parameters)

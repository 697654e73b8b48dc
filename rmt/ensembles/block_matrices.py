"""Block matrices of random matrices."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rmt.ensembles.coefficients import as_number
from rmt.ensembles.ensemble import Ensemble, Matrix
from rmt.laws.law import Law

if TYPE_CHECKING:
    from rmt.ensembles.expression import Expression


class BlockEnsemble(Ensemble):
    """A block matrix of expressions; made by :func:`block`."""

    def __init__(self, rows: Sequence[Sequence[Expression]]) -> None:
        self.rows = tuple(map(tuple, rows))
        parts = [part for row in self.rows for part in row]
        fields = {part.field for part in parts}
        self.field = next(f for f in ("quaternion", "complex", "real") if f in fields)
        self.shape = sum(row[0].shape[0] for row in self.rows), sum(part.shape[1] for part in self.rows[0])
        self.hermitian = self._is_hermitian()

    def _is_hermitian(self) -> bool:
        count = len(self.rows)
        if self.shape[0] != self.shape[1] or count != len(self.rows[0]):
            return False
        pairs = [(self.rows[i][j], self.rows[j][i]) for i in range(count) for j in range(i + 1)]
        return all(a.shape == b.H.shape and (a - b.H).is_zero for a, b in pairs)

    @property
    def is_rigid(self) -> bool:
        """Whether all blocks are."""
        return all(part.is_rigid for row in self.rows for part in row)

    @property
    def _roots(self) -> tuple[Ensemble, ...]:
        return tuple(dict.fromkeys(root for row in self.rows for part in row for root in part.variables))

    def _formed(self, drawn: dict[Ensemble, Matrix], n: int) -> Matrix:
        return np.block([[part._formed(drawn, n) for part in row] for row in self.rows])

    def _sample(self, n: int, rng: np.random.Generator) -> Matrix:
        return self._expression()._sample(n, rng)

    def _eigenvalues(self, n: int, rng: np.random.Generator) -> Matrix:
        values = super()._eigenvalues(n, rng)
        return values[::2] if self.hermitian and self.field == "quaternion" else values  # Kramers pairs

    def _bytes(self, method: str, n: int) -> float:
        rows, columns = self.shape
        own = self._dense_bytes(n) * rows * columns
        return sum((root._bytes("_sample", n) for root in self._roots), own)

    def law(self) -> Law:
        """Limit of the eigenvalue distribution of a Hermitian block matrix."""
        from rmt.ensembles.rational_limits import rational_limit

        return rational_limit(self._expression())

    def gram_law(self) -> Law:
        """Limit law of B B*."""
        from rmt.ensembles.rational_limits import rational_limit

        if self.hermitian:
            return super().gram_law()
        whole = self._expression()
        return rational_limit(whole @ whole.H)

    def __repr__(self) -> str:
        return repr(self._expression())


def block(rows: Sequence[Sequence[Any]]) -> Ensemble:
    """Block matrix of random matrices and numbers.

    Its law is that of the matrix-valued rational function of free variables (Helton, Mai and Speicher 2018): the trace
    of a block matrix is the mean of the traces of its diagonal, weighted by their sizes. The result is a variable of
    expressions as any other one, with ``+ - @ * .H .inverse()``.

    Parameters
    ----------
    rows : sequence of sequences
        Ensembles or expressions of fitting shapes, and numbers: multiples of the identity in square blocks, 0 in any.

    Returns
    -------
    Ensemble
        With ``n`` the unit of the shapes: ``block([[X, W], [W.H, 0]])`` of square matrices is 2n x 2n.

    Raises
    ------
    TypeError
        If an entry is neither an ensemble nor a number.
    ValueError
        If rows differ in length, shapes do not fit, a number other than 0 stands in a rectangular block, or no entry
        tells the size of a row or column.

    References
    ----------
    Helton, Mai and Speicher 2018.

    Examples
    --------
    >>> import rmt
    >>> X, G = rmt.gue(), rmt.ginibre(shape=(1, 2))
    >>> B = rmt.block([[0, G], [G.H, 0]])
    >>> B.shape, B.sample(3, rng=0).shape
    ((3, 3), (9, 9))
    >>> rmt.block([[X, 1], [1, X]]).law().moments(2)
    (0.0, 2.0)
    """
    from rmt.ensembles.expression import Expression

    grid = _grid(rows)
    parts = [part for row in grid for part in row if isinstance(part, Ensemble)]
    quaternion = any(part.field == "quaternion" for part in parts)
    if quaternion and any(part.field != "quaternion" for part in parts):
        raise ValueError(
            "a quaternion ensemble (samples of size 2n) cannot be combined with a real or complex one (size n); use "
            "the same field throughout"
        )
    heights, widths = _sizes(grid)
    made = []
    for i, row in enumerate(grid):
        entries = []
        for j, part in enumerate(row):
            wanted = heights[i], widths[j]
            if isinstance(part, Ensemble):
                if part.shape != wanted:
                    raise ValueError(
                        f"blocks do not fit: the block in row {i}, column {j} has shape {part.shape[0]}n x "
                        f"{part.shape[1]}n, and the others of its row and column ask for {wanted[0]}n x {wanted[1]}n"
                    )
                entries.append(part._expression())
            elif part == 0:
                entries.append(Expression()._sized(wanted, quaternion))
            elif wanted[0] == wanted[1]:
                entries.append(Expression.number(part, wanted)._sized(wanted, quaternion))
            else:
                raise ValueError(
                    f"the number {part!r} in row {i}, column {j} is a multiple of the identity, and the block is not "
                    f"square but {wanted[0]}n x {wanted[1]}n; only 0 can stand there"
                )
        made.append(entries)
    return BlockEnsemble(made)._expression()


def _grid(rows: Any) -> list[list[Any]]:
    if isinstance(rows, (str, Ensemble)) or not isinstance(rows, Sequence) or len(rows) == 0:
        raise TypeError(f"rows must be a list of rows of blocks, as in rmt.block([[X, W], [W.H, 0]]), got {rows!r}")
    grid: list[list[Any]] = []
    for row in rows:
        if isinstance(row, (str, Ensemble)) or not isinstance(row, Sequence) or len(row) == 0:
            raise TypeError(f"rows must be a list of rows of blocks, as in rmt.block([[X, W], [W.H, 0]]), got {rows!r}")
        if grid and len(row) != len(grid[0]):
            raise ValueError(f"all rows must have the same number of blocks, got {len(grid[0])} and {len(row)}")
        grid.append([part if isinstance(part, Ensemble) else as_number(part, "in a block") for part in row])
    if not any(isinstance(part, Ensemble) for row in grid for part in row):
        raise ValueError(f"a block matrix needs an ensemble in it, got numbers only: {rows!r}; numpy.block takes those")
    return grid


def _sizes(grid: list[list[Any]]) -> tuple[list[int], list[int]]:
    """Rows of the rows and columns of the columns of blocks, in multiples of n."""
    count = len(grid), len(grid[0])
    sizes: list[list[int]] = [[0] * count[0], [0] * count[1]]

    def tell(side: int, k: int, size: int) -> None:
        sizes[side][k] = sizes[side][k] or size

    for i, row in enumerate(grid):
        for j, part in enumerate(row):
            if isinstance(part, Ensemble):
                tell(0, i, part.shape[0])
                tell(1, j, part.shape[1])
    places = itertools.product(range(count[0]), range(count[1]))
    links = [(i, j) for i, j in places if not isinstance(grid[i][j], Ensemble) and grid[i][j]]
    if count[0] == count[1]:  # a row of zeros is as high as its column is wide
        links += [(i, i) for i in range(count[0])]
    for _ in range(sum(count)):
        for i, j in links:
            tell(0, i, sizes[1][j])
            tell(1, j, sizes[0][i])
    for side, name in enumerate(("row", "column")):
        if 0 in sizes[side]:
            raise ValueError(
                f"no block tells the size of {name} {sizes[side].index(0)}: zeros fit any; put a multiple of the "
                "identity or an ensemble there"
            )
    return sizes[0], sizes[1]

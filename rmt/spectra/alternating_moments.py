"""Whether given matrices look free: their centred alternating moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rmt.errors import check_count, check_numbers

#: most products of matrices
MOST_PRODUCTS = 200_000
#: letters of the words
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, eq=False)
class AlternatingMoments:
    """Normalised traces of products of centred matrices, neighbours different.

    Attributes
    ----------
    words : tuple of str
        ``"A B A B"`` for (1/n) Tr of (A − τ(A)) (B − τ(B)) (A − τ(A)) (B − τ(B)); ``"A² B"`` has A² − τ(A²).
    moments : ndarray

    Examples
    --------
    >>> import rmt
    >>> from rmt.spectra import freeness
    >>> found = freeness(rmt.gue().sample(200, rng=0), rmt.gue().sample(200, rng=1))
    >>> bool(abs(found.moments).max() < 0.2)
    True
    """

    words: tuple[str, ...]
    moments: NDArray[Any]

    @property
    def largest(self) -> float:
        """Largest absolute moment: 0 for free matrices, of order 1/n for large ones that are asymptotically free."""
        return float(np.abs(self.moments).max())


def freeness(*matrices: ArrayLike, order: int = 4, powers: int = 1) -> AlternatingMoments:
    """Centred alternating moments of matrices, all of which vanish if they are free (Mingo and Speicher 2017).

    Parameters
    ----------
    *matrices : array_like of shape (n, n)
        Two or more.
    order : int
        Longest word, >= 2.
    powers : int
        Also take the centred powers up to this one of each matrix.

    Returns
    -------
    AlternatingMoments
        One word of each class under cyclic rotation.

    Raises
    ------
    TypeError
        If an argument is not of the kind named above.
    ValueError
        If there are fewer than two matrices, they are not square of one size, hold NaN or infinities or are so large
        that a moment overflows, or there are more than 200,000 words.

    Examples
    --------
    >>> import numpy as np
    >>> found = freeness(np.diag([1.0, -1.0]), [[0.0, 1.0], [1.0, 0.0]])
    >>> found.words, found.moments.tolist()  # not free: τ(ABAB) = −1
    (('A B', 'A B A B'), [0.0, -1.0])
    """
    longest, highest = check_count("order", order, minimum=2, maximum=12), check_count("powers", powers, maximum=12)
    if not 2 <= len(matrices) <= len(_LETTERS):
        raise ValueError(f"freeness compares 2 to {len(_LETTERS)} matrices, got {len(matrices)}")
    arrays = [check_numbers("matrices", a) for a in matrices]
    n = arrays[0].shape[0] if arrays[0].ndim else 0
    for array in arrays:
        if array.shape != (n, n) or not n:
            raise ValueError(f"matrices must be square of one size, got shapes {[a.shape for a in arrays]}")
        if not np.isfinite(array).all():
            raise ValueError("matrices must be finite, got NaN or infinities")
    products = len(arrays) * highest * sum(((len(arrays) - 1) * highest) ** k for k in range(longest))
    if products > MOST_PRODUCTS:
        raise ValueError(
            f"words of up to {longest} letters in {len(arrays)} matrices with {highest} powers take {products} "
            f"products, and {MOST_PRODUCTS} are accepted; take a smaller order or fewer powers"
        )
    letters = [
        (i, _centred(np.linalg.matrix_power(array, p)), _LETTERS[i] + ("" if p == 1 else str(p).translate(_RAISED)))
        for i, array in enumerate(arrays)
        for p in range(1, highest + 1)
    ]
    words: list[str] = []
    moments: list[Any] = []
    seen: set[tuple[int, ...]] = set()

    def grow(word: tuple[int, ...], product: NDArray[Any] | None) -> None:
        for k, (owner, matrix, _) in enumerate(letters):
            if word and letters[word[-1]][0] == owner:
                continue
            longer = (*word, k)
            value = matrix if product is None else product @ matrix
            if len(longer) > 1 and letters[longer[0]][0] != owner:
                turned = min(longer[i:] + longer[:i] for i in range(len(longer)))
                if turned not in seen:
                    seen.add(turned)
                    words.append(" ".join(letters[j][2] for j in longer))
                    moments.append(np.trace(value) / n)
            if len(longer) < longest:
                grow(longer, value)

    with np.errstate(all="ignore"):
        grow((), None)
    if not np.isfinite(moments).all():
        raise ValueError("a moment is beyond the largest float; divide the matrices by their size")
    ranked = sorted(range(len(words)), key=lambda i: (words[i].count(" "), words[i]))
    return AlternatingMoments(tuple(words[i] for i in ranked), np.array([moments[i] for i in ranked]))


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def _centred(matrix: NDArray[Any]) -> NDArray[Any]:
    n = matrix.shape[0]
    return np.asarray(matrix - np.trace(matrix) / n * np.eye(n))

"""Tensor programs: random matrices, vectors and nonlinearities, run at finite width or in the limit of large width."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from rmt.ensembles.entries import as_entries
from rmt.errors import check_count, check_items, check_real, shown
from rmt.networks.architecture.mlp import MLP
from rmt.programs.nodes import Initial, Map, Matrix, MatrixProduct, Mean, ProgramNode, RootSum, Size, Transposed
from rmt.programs.nonlinearities import Function, Indicator, as_function
from rmt.programs.vector_laws import VectorLaw, check_vector_law

NodeType = TypeVar("NodeType", bound=ProgramNode)


class Program:
    """A program in the language of tensor programs (Yang 2019, 2020).

    It has matrices with independent entries of variance 1/columns, vectors with independent coordinates, products
    ``W @ x`` and ``W.T @ x``, functions of vectors and scalars coordinate by coordinate, and means. A matrix may be
    used any number of times. :meth:`sample` runs it with n coordinates; :meth:`limit` is what the means tend to, which
    does not depend on the law of the matrix entries but does depend on the law of the vectors (Golikov and Yang 2022).

    A program is equal only to itself. ``print`` shows it in mathematical notation,
    :func:`rmt.plotting.program` draws it.

    Examples
    --------
    >>> import numpy as np
    >>> P = Program()
    >>> W, v, u = P.matrix(), P.vector(), P.vector()
    >>> g = W @ u
    >>> x = P.map(np.tanh, g)
    >>> y = W.T @ x
    >>> c = P.mean(u * y)
    >>> round(P.limit(), 12)
    0.605705509602
    >>> abs(P.sample(1000, rng=0, entries="rademacher") - P.limit()) < 0.15
    True
    >>> import rmt
    >>> Q = Program()
    >>> a, b = Q.vectors([[1.0, 0.5], [0.5, 1.0]])
    >>> f = Q.root_sum(a)
    >>> round(Q.variance(f), 6)
    1.0
    >>> round(Program.from_mlp(rmt.networks.MLP(2, "relu", sigma_w=2**0.5)).variance(), 6)  # σ_w² E relu(x)²
    1.0
    """

    def __init__(self) -> None:
        self._matrices: list[Matrix] = []
        self._nodes: list[ProgramNode] = []
        self._groups = 0

    # ------------------------------------------------------------------ what it has
    @property
    def matrices(self) -> tuple[Matrix, ...]:
        """The matrices, in the order in which they were made."""
        return tuple(self._matrices)

    @property
    def nodes(self) -> tuple[ProgramNode, ...]:
        """The vectors and scalars, in the order in which they were made."""
        return tuple(self._nodes)

    @property
    def outputs(self) -> tuple[ProgramNode, ...]:
        """The scalars that no other step uses: what :meth:`sample` and :meth:`limit` give by default."""
        used = {parent for node in self._nodes for parent in node.parents}
        return tuple(node for node in self._nodes if node.size is None and node not in used)

    # ------------------------------------------------------------------ building
    def matrix(
        self,
        rows: Size = 1,
        columns: Size = 1,
        *,
        variance: Any = 1,
        entries: Any = "gaussian",
        name: str | None = None,
    ) -> Matrix:
        """Add a random matrix with independent entries of mean 0.

        Parameters
        ----------
        rows, columns : int, float or Fraction
            Its shape, in units of n: ``rows=1/2`` has n/2 rows.
        variance : real
            The entries have the variance ``variance / (number of columns)``.
        entries : str, EntryLaw, frozen scipy.stats distribution, or Law
            Law of the entries for :meth:`sample`; the limit does not depend on it. See :mod:`rmt.ensembles.entries`.
        name : str, optional
            For printing.

        Returns
        -------
        Matrix

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If a size is not positive, the variance is negative or the entries have no finite variance.
        """
        height, width = (check_real(k, x, above=0.0) for k, x in (("rows", rows), ("columns", columns)))
        try:
            law = as_entries(entries)
        except ValueError as error:
            if not any(words in str(error) for words in ("finite variance", "is infinite")):
                raise
            raise ValueError(
                f"{error}. Without a second moment W @ x has no Gaussian limit: its coordinates tend to a stable law "
                "at another scale"
            ) from None
        gain = check_real("variance", variance, at_least=0.0)
        made = Matrix(self, len(self._matrices), height, width, gain, law, self._checked_name(name))
        self._matrices.append(made)
        return made

    def vector(
        self, law: Any = "gaussian", *, mean: Any = 0, scale: Any = 1, size: Size = 1, name: str | None = None
    ) -> Initial:
        """Add a vector with independent coordinates mean + scale · X.

        Parameters
        ----------
        law : str, Law, or frozen scipy.stats distribution
            Law of X. A name (``"gaussian"``, ``"rademacher"``, ``"student(5)"``, see :mod:`rmt.ensembles.entries`) has
            mean 0 and variance 1; a law given as an object is taken as it is.
        mean, scale : real
            Shift and factor of every coordinate.
        size : int, float or Fraction
            Length, in units of n.
        name : str, optional
            For messages and drawings.

        Returns
        -------
        Initial

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If the name is unknown, a number is not finite or the size is not positive.
        """
        length = check_real("size", size, above=0.0)
        made = check_vector_law(law, mean, scale)
        return self._initial(length, name, made, (1.0,), (1,))

    def vectors(
        self, covariance: ArrayLike, *, size: Size = 1, names: Sequence[str] | None = None
    ) -> tuple[Initial, ...]:
        """Add jointly Gaussian vectors of mean 0, independent from coordinate to coordinate.

        Parameters
        ----------
        covariance : array_like of shape (k, k)
            Of one coordinate of the k vectors; Fractions stay exact in :meth:`exact_limit`. It may be singular.
        size : int, float or Fraction
            Length, in units of n.
        names : sequence of str, optional
            For messages and drawings, one each.

        Returns
        -------
        tuple of Initial

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If the covariance is not symmetric and positive semi-definite.
        """
        length = check_real("size", size, above=0.0)
        given = np.asarray(covariance, dtype=object)
        if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.size:
            raise ValueError(f"covariance must be a square matrix, got shape {given.shape}")
        table = np.array([[float(check_real("covariance", c)) for c in row] for row in given])
        if np.abs(table - table.T).max() > 1e-12 * np.abs(table).max():
            raise ValueError("covariance must be symmetric, got one that is not")
        values, vectors = np.linalg.eigh(table)
        if values[0] < -1e-12 * max(values[-1], 0.0):
            raise ValueError(f"covariance must be positive semi-definite, got the eigenvalue {values[0]:.6g}")
        mixing = vectors * np.sqrt(np.maximum(values, 0.0))
        count = len(table)
        called = [None] * count if names is None else check_items("names", names, "strings")
        if len(called) != count:
            raise ValueError(f"names must be one for each of the {count} vectors, got {len(called)}")
        group, made = self._groups, []
        for i in range(count):
            self._groups = group
            row = tuple(given[i, : i + 1])
            made.append(self._initial(length, called[i], VectorLaw("gaussian"), tuple(mixing[i]), row))
        return tuple(made)

    def _initial(
        self, size: Size, name: str | None, law: VectorLaw, mixing: tuple[float, ...], covariance: tuple[Any, ...]
    ) -> Initial:
        node = Initial(self, len(self._nodes), size, self._checked_name(name), law, self._groups, mixing, covariance)
        self._nodes.append(node)
        self._groups += 1
        return node

    def _product(self, matrix: Matrix, transposed: bool, x: object) -> MatrixProduct:
        shape = (matrix.columns, matrix.rows) if transposed else (matrix.rows, matrix.columns)
        label = f"{self._name(matrix)}{'.T' if transposed else ''}"
        if isinstance(x, (Matrix, Transposed)):
            raise TypeError(f"{label} @ matrix: a program multiplies matrices with vectors, write {label} @ (B @ x)")
        if not isinstance(x, ProgramNode) or x.size is None:
            raise TypeError(f"{label} @ x needs a vector of the program, got {shown(x)}")
        self._check_own(x)
        if x.size != shape[1]:
            raise ValueError(
                f"{label} has the shape {shape[0]}n × {shape[1]}n and {self._name(x)} the length {x.size}n: "
                f"{label} @ {self._name(x)} does not fit"
            )
        return self._add(MatrixProduct(self, len(self._nodes), None, matrix, transposed, x))

    def map(
        self,
        function: Any,
        *arguments: Any,
        kinks: Sequence[float] | None = None,
        name: str | None = None,
    ) -> Map:
        """Add a function of vectors and scalars, coordinate by coordinate.

        NumPy's ufuncs and arithmetic do the same without this method: ``np.tanh(g)``, ``v * y + 1``, ``g > 0``.

        Parameters
        ----------
        function : callable, ufunc, str or Activation
            Takes arrays of one length (vectors) and numbers (scalars), gives an array of that length. Or the name of an
            activation, see :func:`rmt.networks.activation`.
        *arguments : vectors and scalars of this program, and numbers
            What the function is applied to, in its order; a scalar or number serves all coordinates.
        kinks : sequence of float, optional
            For one vector: where the function or its derivative jumps. Kinks of a callable of one vector are looked
            for, jumps must be given. Kinks in several vectors are seen where they come from ``np.maximum``,
            ``np.minimum``, ``abs``, or comparisons.
        name : str, optional
            For messages and drawings.

        Returns
        -------
        Map

        Raises
        ------
        TypeError
            If an argument is no node of a program and no number.
        ValueError
            If an argument belongs to another program, or two vectors have different lengths.
        """
        return self._apply(as_function(function, kinks), arguments, name)

    def _apply(self, function: Function, arguments: Sequence[Any], name: str | None = None) -> Map:
        given = tuple(self._argument(function, a) for a in arguments)
        nodes = [a for a in given if isinstance(a, ProgramNode)]
        if not nodes:
            raise TypeError(f"the map {function.name} needs a vector or a scalar of the program, got {shown(given)}")
        ufunc = function.call.ufunc if isinstance(function.call, Indicator) else function.call
        if isinstance(ufunc, np.ufunc) and (ufunc.nin, ufunc.nout) != (len(given), 1):
            raise ValueError(
                f"the map {function.name} takes {ufunc.nin} arguments and gives {ufunc.nout} values, and it must take "
                f"the {len(given)} that are given and give 1"
            )
        vectors = [a for a in nodes if a.size is not None]
        sizes = {a.size for a in vectors}
        if len(sizes) > 1:
            lengths = ", ".join(f"{self._name(a)}: {a.size}n" for a in vectors)
            raise ValueError(f"the map {function.name} needs vectors of one length, got {lengths}")
        if function.kinks and len(vectors) > 1 and not function.compares:
            raise ValueError(
                f"kinks belong to a map of one vector, got {len(vectors)} vectors; write the kink with np.maximum, abs "
                "or a comparison"
            )
        return self._add(
            Map(self, len(self._nodes), sizes.pop() if sizes else None, self._checked_name(name), function, given)
        )

    def _argument(self, function: Function, value: Any) -> Any:
        if isinstance(value, ProgramNode):
            self._check_own(value)
            return value
        if isinstance(value, (Matrix, Transposed)):
            raise TypeError(f"the map {function.name} takes vectors and scalars, got the matrix {value!r}")
        return check_real(f"an argument of the map {function.name}", value)

    def mean(self, x: ProgramNode, *, name: str | None = None) -> Mean:
        """Add the mean of the coordinates of a vector, a scalar.

        Parameters
        ----------
        x : vector
            A vector of the program.
        name : str, optional
            Its name in messages, tables and graphs.

        Returns
        -------
        Mean

        Raises
        ------
        TypeError
            If `x` is no vector.
        ValueError
            If it belongs to another program.
        """
        self._check_vector("mean", x)
        return self._add(Mean(self, len(self._nodes), self._checked_name(name), x))

    def root_sum(self, x: ProgramNode, *, name: str | None = None) -> RootSum:
        """Add the sum of the coordinates over the root of their number: a scalar that stays random.

        The output n^(−1/2) Σ v_i x_i of a network in the NTK parametrization is one: :meth:`variance` gives its
        limit variance, :meth:`limit` refuses it.

        Parameters
        ----------
        x : vector
            A vector of the program.
        name : str, optional
            Its name in messages, tables and graphs.

        Returns
        -------
        RootSum

        Raises
        ------
        TypeError, ValueError
            As for :meth:`mean`.
        """
        self._check_vector("root_sum", x)
        return self._add(RootSum(self, len(self._nodes), self._checked_name(name), x))

    def _checked_name(self, name: Any) -> str | None:
        if name is None:
            return None
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"name must be a string with something in it, or None, got {name!r}")
        taken = {matrix.name for matrix in self._matrices} | {node.name for node in self._nodes}
        if name in taken:
            raise ValueError(f"name {name!r} is taken by another step of the program: names must differ")
        return name

    def _add(self, node: NodeType) -> NodeType:
        self._nodes.append(node)
        return node

    def _check_vector(self, method: str, x: object) -> None:
        if not isinstance(x, ProgramNode) or x.size is None:
            raise TypeError(f"{method}(x) needs a vector of the program, got {shown(x)}")
        self._check_own(x)

    def _check_own(self, node: ProgramNode) -> None:
        if node.program is not self:
            raise ValueError(
                f"{node!r} belongs to another program: its coordinates have no relation to those of this one; build "
                "both computations in one program"
            )

    # ------------------------------------------------------------------ running
    def sample(
        self,
        n: int,
        outputs: Any = None,
        *,
        rng: Any = None,
        entries: Any = None,
        trials: int = 1,
        executor: Executor | None = None,
        out: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> Any:
        """Run the program at finite width.

        Parameters
        ----------
        n : int
            Width: a vector of size r has round(r n) coordinates.
        outputs : scalar or sequence of scalars, optional
            Which scalars of the program to give; :attr:`outputs` by default.
        rng : Generator, SeedSequence, int or None
            Every matrix and every initial vector has its own stream: the vectors are the same for all laws of entries.
        entries : law, or mapping of matrices to laws, optional
            Law of the entries of all matrices, or of those of the mapping, instead of their own.
        trials : int
            Number of independent runs.
        executor : concurrent.futures.Executor, optional
            Runs the trials; the numbers do not depend on it.
        out : path, optional
            A ``.npz`` file that keeps finished trials; a repeated call resumes from it.
        progress : bool
            Whether a bar shows the trials.

        Returns
        -------
        float or ndarray
            One number for one output; an array of shape (trials,), (outputs,) or (trials, outputs) otherwise.

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If the program has no output, n is too small for its sizes, the matrices do not fit into memory, or a
            map gives values that are not finite or have another shape.
        """
        from rmt.programs.runs import ProgramRun

        run = ProgramRun(self, self._chosen(outputs), self._entry_laws(entries))
        size, count = check_count("n", n), check_count("trials", trials)
        return run.repeated(size, rng, count, executor, out, progress, scalar=self._single(outputs))

    def limit(
        self,
        outputs: Any = None,
        *,
        transpose_correction: bool = True,
        accuracy: float = 1e-8,
        return_error: bool = False,
    ) -> Any:
        """What the means tend to as the width grows.

        Every vector tends to a function of Gaussian variables: Ẑ(W x) has the covariances E Z(x) Z(x'), and

            Z(W x) = Ẑ(W x) + Σ E[∂Z(x)/∂Ẑ(Wᵀ y)] Z(y)    over the products Wᵀ y made before

        (Yang 2020). The sum, named after Onsager in statistical physics, is found by Stein's identity, so that no map
        is differentiated.

        Parameters
        ----------
        outputs : scalar or sequence of scalars, optional
            Which scalars of the program to give; :attr:`outputs` by default.
        transpose_correction : bool
            False leaves the sum out, which is wrong wherever a matrix meets its transpose: to see how much it matters.
        accuracy : float
            Error that is accepted, relative to the largest output if that is above 1.
        return_error : bool
            Also return a bound on the error of each output, and accept any.

        Returns
        -------
        float or ndarray, or such a pair

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            If an output is a :meth:`root_sum` or uses one (it has a limit law, not a limit), a map is not finite or
            does not act coordinate by coordinate, a law has too few moments, or an integral is infinite.
        ConvergenceError
            If the accuracy is not reached: most integrals over more than four dimensions are taken by scrambled Sobol
            points, to 1e-5 or worse.

        Notes
        -----
        Up to four dimensions: the trapezoidal rule where the maps are analytic, panels split at the kinks elsewhere,
        Gauss-Hermite rules in directions that enter as polynomials. Functions that are linear on cones, as ReLU and
        masks make them however nested, are integrated over these cones, up to five dimensions. The error is the
        difference of two resolutions of the whole program. Maps of steep arguments, such as tanh(1e5 x), kinks of two
        vectors that nearly coincide, products of nearly equal vectors and narrow features of a function of one vector
        are followed. Not seen are features narrower than 2e-5 of a standard deviation, and, in a function of several
        vectors given to :meth:`map`, narrower than 1/10 in integrals over two dimensions, or 1/4 over more. Tails are
        followed for maps that grow fast, up to 37 standard deviations.
        """
        from rmt.programs.program_limits import limits

        chosen = self._chosen(outputs)
        tolerance = float(check_real("accuracy", accuracy, above=0.0))
        values, errors = limits(self, chosen, transpose_correction, None if return_error else tolerance)
        if self._single(outputs):
            return (float(values[0]), float(errors[0])) if return_error else float(values[0])
        return (values, errors) if return_error else values

    def variance(self, output: Any = None, other: Any = None, *, accuracy: float = 1e-8) -> float:
        """Limit variance of a :meth:`root_sum`, or covariance of two.

        Known where the vector that is summed is linear in initial vectors of mean 0 that nothing else uses, such as
        the read-out of a network at initialisation: then it is E Z(x) Z(x').

        Parameters
        ----------
        output : RootSum, optional
            The only one by default.
        other : RootSum, optional
            The second of two; the first again by default.
        accuracy : float
            As for :meth:`limit`.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If it is no root_sum, or the condition does not hold.
        """
        from rmt.programs.program_limits import root_sum_covariance

        first = self._root_sum(output)
        return root_sum_covariance(self, first, first if other is None else self._root_sum(other), accuracy)

    def exact_limit(self, outputs: Any = None) -> Any:
        """The limit of a program whose maps are polynomials, as a Fraction.

        Parameters
        ----------
        outputs : scalar or sequence of scalars, optional
            Which scalars of the program to give; :attr:`outputs` by default.

        Returns
        -------
        Fraction or list of Fraction

        Raises
        ------
        ValueError
            If a map is no polynomial, or a law or a number is not rational.

        Examples
        --------
        >>> P = Program()
        >>> W, v = P.matrix(), P.vector()
        >>> x = v
        >>> for _ in range(4):
        ...     x = W @ (W.T @ x)
        >>> c = P.mean(v * x)
        >>> P.exact_limit()  # a Catalan number
        Fraction(14, 1)
        """
        from rmt.programs.exact_limits import exact_limits

        values = exact_limits(self, self._chosen(outputs))
        return values[0] if self._single(outputs) else values

    def exact_mean(self, n: int, outputs: Any = None, *, entries: Any = None) -> Any:
        """The expectation at finite width of a program whose maps are polynomials, as a Fraction.

        Parameters
        ----------
        n : int
            Width: a vector of size r has round(r n) coordinates.
        outputs : scalar or sequence of scalars, optional
            Which scalars of the program to give; :attr:`outputs` by default.
        entries : law or mapping, optional
            As for :meth:`sample`.

        Returns
        -------
        Fraction or list of Fraction

        Raises
        ------
        TypeError
            If an argument is not of the kind named above.
        ValueError
            As for :meth:`exact_limit`, or if a polynomial has more than 10 sums over coordinates.

        Examples
        --------
        >>> P = Program()
        >>> W, v = P.matrix(), P.vector()
        >>> c = P.mean(v * (W @ (W.T @ (W @ (W.T @ v)))))
        >>> P.exact_mean(100), P.exact_mean(100, entries="rademacher")  # 2 + (kurtosis − 2)/n
        (Fraction(201, 100), Fraction(199, 100))
        """
        from rmt.programs.finite_width import exact_means

        values = exact_means(self, self._chosen(outputs), check_count("n", n), self._entry_laws(entries))
        return values[0] if self._single(outputs) else values

    @classmethod
    def from_mlp(cls, net: MLP, *, backward: bool = False, steps: int = 0, **options: Any) -> Program:
        """The program of a multilayer perceptron: its forward pass, steps of training, and gradients.

        Parameters
        ----------
        net : MLP
            The network.
        backward : bool
            Add the gradients of the read-out after all steps; their mean squares are outputs, layer by layer.
        steps : int
            Steps of gradient descent on ½ (f − y)² in the parametrization μP; f after the last step is an output.
        **options
            See :func:`rmt.programs.mlp_program`.

        Returns
        -------
        Program

        Raises
        ------
        ValueError
            If the network has orthogonal weights, or an option is out of range.
        """
        from rmt.programs.mlp_programs import mlp_program

        return mlp_program(net, backward=backward, steps=steps, **options)

    # ------------------------------------------------------------------ showing
    def __str__(self) -> str:
        from rmt.programs.notation import notation

        return notation(self)

    def __repr__(self) -> str:
        return f"<Program of {len(self._matrices)} matrices and {len(self._nodes)} steps>"

    def _name(self, thing: Any) -> str:
        from rmt.programs.notation import names

        return names(self).get(thing, "a combination of vectors")

    # ------------------------------------------------------------------ arguments
    def _chosen(self, outputs: Any) -> tuple[ProgramNode, ...]:
        if outputs is None:
            chosen = self.outputs
            if not chosen:
                raise ValueError("the program has no output: end it with P.mean(x) of a vector x")
            return chosen
        chosen = (outputs,) if isinstance(outputs, ProgramNode) else tuple(check_items("outputs", outputs, "scalars"))
        for node in chosen:
            if not isinstance(node, ProgramNode) or node.size is not None:
                raise TypeError(f"outputs must be scalars of the program, such as P.mean(x), got {shown(node)}")
            self._check_own(node)
        if not chosen:
            raise ValueError("outputs must be at least one scalar, got none")
        return chosen

    def _single(self, outputs: Any) -> bool:
        return isinstance(outputs, ProgramNode) or (outputs is None and len(self.outputs) == 1)

    def _entry_laws(self, entries: Any) -> tuple[Any, ...]:
        if entries is None or isinstance(entries, Mapping):
            given = {} if entries is None else {_as_matrix(key): value for key, value in entries.items()}
            for matrix in given:
                if not isinstance(matrix, Matrix) or matrix.program is not self:
                    raise ValueError(f"entries must map matrices of this program to laws, got the key {shown(matrix)}")
            return tuple(as_entries(given[m]) if m in given else m.entries for m in self._matrices)
        return (as_entries(entries),) * len(self._matrices)

    def _root_sum(self, output: Any) -> RootSum:
        if output is None:
            found = [node for node in self._nodes if isinstance(node, RootSum)]
            if len(found) != 1:
                raise ValueError(f"say which root_sum: the program has {len(found)}")
            return found[0]
        if not isinstance(output, RootSum):
            raise TypeError(f"variance is for a scalar made by P.root_sum(x), got {shown(output)}")
        self._check_own(output)
        return output


def _as_matrix(key: Any) -> Any:
    return key.matrix if isinstance(key, Transposed) else key

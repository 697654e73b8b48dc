"""Universality measured: distances and their floor, interpolation, spectra, masks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from programs.values import VALUES

import rmt
from rmt.networks import MLP
from rmt.programs import Program, interpolate, mask_freeness, spectral_universality, universality
from rmt.programs.universality import wasserstein
from rmt.spectra import freeness


def moved_program():
    """One step of gradient descent as in the reference, with f_0 taken as 0."""
    P = Program()
    W, w, v = P.matrix(), P.vector(), P.vector()
    x1 = np.tanh(w)
    x2 = np.tanh(W @ x1)
    dh = -1 * v * (1 - x2**2)
    moved = np.tanh(w - (W.T @ dh) * (1 - x1**2))
    h = W @ moved - dh * P.mean(x1 * moved)
    P.mean((v + x2) * np.tanh(h))
    return P


def test_wasserstein_distance():
    rng = np.random.default_rng(0)
    a = rng.standard_normal(1000)
    assert wasserstein(a, a[::-1] + 0.25) == pytest.approx(0.25, rel=1e-12)
    assert wasserstein(np.array([0.0, 1.0]), np.array([3.0, 1.0])) == 1.5


REFERENCES = [("rademacher", 16), ("exponential", 64), ("cubecauchy", 16), ("rademacher", 128), ("cubecauchy", 128)]


@pytest.mark.parametrize(("law", "width"), REFERENCES)
def test_distances_agree_with_the_reference(law, width):
    """References are single estimates with their bootstrap error; ours must lie within four of both."""
    text = VALUES[f"mc-w1-{law}-{width}"]["value"]
    expected, error = (float(t) for t in text.split(";")[0].split("+-"))
    means = [float(t) for t in text.rpartition("means ")[2].split(" vs ")]
    entries = "cube_root_cauchy" if law == "cubecauchy" else law
    report = universality(moved_program(), [entries], [width], 200, rng=1)
    runs = VALUES[f"mc-w1-{law}-{width}"]["inputs"]["runs"]
    floor = report.floors[0]
    assert abs(report.distances[0, 0] - expected) < 5 * (error + report.errors[0, 0]) + floor
    spread = 0.35 / width**0.5 * 2
    np.testing.assert_allclose(report.means[::-1, 0], means, atol=5 * spread * (200**-0.5 + runs**-0.5))


def test_a_true_difference_is_seen_and_none_is_not():
    P = Program()
    W = P.matrix()
    v = P.vector()
    P.mean((W @ v) ** 2)
    report = universality(P, ["gaussian", "sparse(0.05)"], [4, 16], 200, rng=0)
    assert list(report.seen[1]) == [True, True]
    assert not report.seen[0].all()
    lines = str(report).splitlines()
    assert "differs" in lines[3]
    assert sum("no difference seen" in line for line in lines) == 4 - int(report.seen.sum())
    slope, error = report.slope("sparse(0.05)")
    assert lines[-1].endswith(f"slope of log distance against log n: {slope:.2f} ± {error:.2f}")
    assert sum("slope" in line for line in lines) == 1
    assert slope + 3 * error > -2.0
    assert slope - 3 * error < -0.2
    with pytest.raises(ValueError, match="no slope for gaussian"):
        report.slope("gaussian")


def test_reports_do_not_depend_on_workers_and_resume(tmp_path):
    P = Program()
    W, v = P.matrix(), P.vector()
    P.mean((W @ v) ** 2)
    one = universality(P, ["rademacher"], [6], 40, rng=3)
    with ThreadPoolExecutor(2) as pool:
        two = universality(P, ["rademacher"], [6], 40, rng=3, executor=pool, out=tmp_path / "runs")
    three = universality(P, ["rademacher"], [6], 40, rng=3, out=tmp_path / "runs")
    assert one.distances == two.distances == three.distances
    assert len(list((tmp_path / "runs").iterdir())) == 3
    with pytest.raises(ValueError, match="a seed"):
        universality(P, ["rademacher"], [6], 40, out=tmp_path / "runs")
    P.mean(v)
    with pytest.raises(ValueError, match="2 outputs"):
        universality(P, ["rademacher"], [6], 40)


def interpolated_program():
    P = Program()
    W, v = P.matrix(), P.vector()
    P.mean(np.tanh(v / 2 + W @ np.tanh(v)))
    return P


def test_interpolation():
    """n E (dc/dt)² and n E (c(1) − c(0))² of the reference; flat in n and in t."""
    P, runs = interpolated_program(), 200
    speed, change = (
        tuple(float(x) for x in part.split("+-")) for part in VALUES["mc-interpolation-rademacher"]["value"].split(";")
    )
    found = interpolate(P, "rademacher", [0.1, 0.5, 0.9], 100, runs, rng=0)
    assert abs(found.speeds[1] - speed[0]) < 5.5 * np.hypot(found.errors[1], speed[1])
    assert abs(found.change - change[0]) < 5.5 * np.hypot(found.change_error, change[1])
    wide = interpolate(P, "rademacher", [0.5], 200, 100, rng=1)
    assert abs(wide.speeds[0] - speed[0]) < 5.5 * np.hypot(wide.errors[0], speed[1]) + 0.02
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        interpolate(P, "rademacher", [1.5], 10, 10)


def test_interpolation_of_a_linear_output_in_closed_form():
    """c = mean u W v with n E c² = 1: c(t) turns, and n E ċ² = (π/2)² exactly, n E (c(1) − c(0))² = 2."""
    P = Program()
    W, u, v = P.matrix(), P.vector(), P.vector()
    P.mean(u * (W @ v))
    found = interpolate(P, "laplace", [0.3], 20, 400, rng=0)
    assert abs(found.speeds[0] - np.pi**2 / 4) < 5.5 * found.errors[0]
    assert abs(found.change - 2.0) < 5.5 * found.change_error


def test_spectra_keep_their_bulk_and_lose_their_edge_without_four_moments():
    laws = ["gaussian", "rademacher", "cube_root_cauchy"]
    for make, edge in (
        (lambda law: rmt.wigner(entries=law), 2.0),
        (lambda law: rmt.wishart(ratio=1.0, entries=law), 4.0),
        (lambda law: MLP(1, "linear", 1.0, weights=law).jacobian(), 4.0),
    ):
        normal, signs, heavy = spectral_universality(make, laws, 200, trials=6, rng=0)
        assert normal.edge == pytest.approx(edge, rel=1e-9)
        for row in (normal, signs):
            assert row.bulk < 0.03
            assert not row.comparison.rejected
            assert row.escaped == 0.0
            assert abs(row.largest / edge - 1) < 0.08
        assert heavy.bulk < 0.06
        assert heavy.escaped > 0.0
        assert heavy.largest > 1.05 * edge


def test_spectra_of_rectangular_matrices():
    def make(law):
        return rmt.ginibre(law, shape=(2, 1))

    (right,) = spectral_universality(make, ["rademacher"], 100, trials=4, rng=0)
    assert right.bulk < 0.03
    assert right.comparison.passed


@pytest.mark.parametrize("law", ["gaussian", "rademacher", "exponential"])
def test_masks_are_asymptotically_free_of_weights(law):
    """Centred alternating moments times n stay bounded, and without centring they do not vanish."""
    found = mask_freeness(law, [50, 200], 40, rng=0)
    near, far = found.means[:, found.words.index("A B A B")]
    scale = 3.0 if law == "exponential" else 1.0
    assert abs(near) * 50 < scale + 5.5 * 50 * found.errors[0, 1]
    assert abs(far) * 200 < scale + 5.5 * 200 * found.errors[1, 1]


def test_freeness_of_matrices_that_are_and_are_not():
    rng = np.random.default_rng(0)
    n = 300
    q, _ = np.linalg.qr(rng.standard_normal((n, n)))
    a = np.diag(np.sign(rng.standard_normal(n)))
    b = q @ a @ q.T
    assert freeness(a, b, order=4, powers=2).largest < 0.05
    assert freeness(a, a + 0.1 * b).largest > 0.5
    words = freeness(np.eye(2), np.eye(2), np.eye(2), order=3).words
    assert words == ("A B", "A C", "B C", "A B C", "A C B")
    with pytest.raises(ValueError, match="square of one size"):
        freeness(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="2 to 26"):
        freeness(np.eye(2))

"""Residual, normalised and attention blocks: scales, laws and advice, against exact values and drawn networks."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from rmt.networks import (
    BlockNetwork,
    GatedBranch,
    LinearBranch,
    MLPBranch,
    TokenNetwork,
    activation,
    attention_moments,
    batch_norm_gain,
    residual_limit,
)
from rmt.networks.reports.depth_growth import chain_scatter

DATA = Path(__file__).parents[1] / "data" / "blocks.json"
VALUES = {entry["id"]: entry for entry in json.loads(DATA.read_text())}


def value(name):
    found = VALUES[name]["value"]
    return [float(v) for v in found] if isinstance(found, list) else float(found)


def branch(act, sigma1_sq, sigma2_sq, hidden=1.0):
    return MLPBranch(activation(act), math.sqrt(float(sigma1_sq)), math.sqrt(float(sigma2_sq)), hidden)


# ---------------------------------------------------------------------- scales
@pytest.mark.parametrize("name", [n for n in VALUES if n.startswith("preln_")])
def test_pre_norm_networks(name):
    given = VALUES[name]["inputs"]
    net = BlockNetwork(
        branch(given["act"], given["sigma1_sq"], given["sigma2_sq"]),
        given["L"],
        scale=float(given["a"]),
        input_q=float(given["q0"]),
    )
    found = (net.output_q, net.m1, net.relvar, net.strength)
    assert found == pytest.approx(value(name), rel=1e-10)


@pytest.mark.parametrize("name", [n for n in VALUES if n.startswith("res_")])
def test_residual_networks_without_norm(name):
    given = VALUES[name]["inputs"]
    mlp = branch(given["act"], given["sigma1_sq"], given["sigma2_sq"])
    net = BlockNetwork(mlp, given["L"], scale=float(given["a"]), norm="none", input_q=float(given["q0"]))
    assert (net.output_q, net.m1, net.relvar) == pytest.approx(value(name), rel=1e-10)


@pytest.mark.parametrize("name", [n for n in VALUES if n.startswith("postln_")])
def test_post_norm_factors(name):
    given = VALUES[name]["inputs"]
    mlp = branch(given["act"], given["sigma1_sq"], given["sigma2_sq"])
    net = BlockNetwork(mlp, 5, scale=float(given["a"]), norm="post")
    assert net.m1 ** (1 / 5) == pytest.approx(value(name), rel=1e-10)
    relu = BlockNetwork(branch("relu", 1, 2), 7, norm="post")
    assert relu.m1 == pytest.approx(1.0, rel=1e-12)


def test_final_norm_undoes_what_relu_blocks_add():
    net = BlockNetwork(branch("relu", 1, 2), 9, input_q=0.3, final_norm=True)
    assert net.m1 == pytest.approx(1.0 / 0.3, rel=1e-12)


def test_gated_branches():
    given = VALUES["swiglu_1_1_1_L6"]["inputs"]
    gated = GatedBranch(activation("silu"), hidden=given["h"])
    net = BlockNetwork(gated, given["L"])
    assert gated.gain(1.0) == pytest.approx(value("swiglu_1_1_1_L6")[0], rel=1e-9)
    found = (gated.power(1.0), (gated.fourth(1.0) - 2.0) * 2.0, net.output_q, net.m1, net.relvar)
    assert found == pytest.approx(value("swiglu_1_1_1_L6")[1:], rel=1e-8)


@pytest.mark.parametrize("name", [n for n in VALUES if n.startswith("transformer_T1")])
def test_transformers_on_one_token(name):
    given = VALUES[name]["inputs"]
    blocks = [
        LinearBranch(math.sqrt(float(given["sigma_VO_sq"]))),
        branch(given["act"], given["sigma1_sq"], given["sigma2_sq"], given["h"]),
    ]
    net = BlockNetwork(blocks, given["L"], scale=math.sqrt(float(given["a_sq"])), input_q=float(given["q0"]))
    assert (net.output_q, net.m1, net.relvar) == pytest.approx(value(name), rel=1e-9)


# ---------------------------------------------------------------------- laws
@pytest.mark.parametrize("name", [n for n in VALUES if n.startswith("mlp_block")])
def test_laws_of_one_block(name):
    given = VALUES[name]["inputs"]
    mlp = branch(given["act"], 1.0, given["s2"], given["h"])
    net = BlockNetwork(mlp, 1)
    law = net.gram_law()
    m1, m2, _, low, high = value(name)
    assert net.m1 == pytest.approx(m1, rel=1e-10)
    assert 1.0 + net.relvar == pytest.approx(m2 / m1**2, rel=1e-10)
    assert law.support[0].low == pytest.approx(low, abs=1e-8)
    assert law.support[-1].high == pytest.approx(high, abs=1e-7)


@pytest.mark.parametrize("name", ["gin_product_v0.1_L8", "gin_product_v0.3_L4"])
def test_laws_of_equal_blocks(name):
    """Blocks 1 + aC: a linear branch of one matrix has the strength of Gaussian ones at k₄ = 2."""
    from rmt.free import boxtimes, rectangular_boxplus
    from rmt.laws import Atomic, MarchenkoPastur

    given = VALUES[name]["inputs"]
    block = rectangular_boxplus(Atomic((1,), (1,)), float(given["v"]) * MarchenkoPastur(1), 1)
    law = boxtimes(block, powers=[given["L"]])
    m1, m2, _, low, high = value(name)
    assert [float(law.moment(k)) for k in (1, 2)] == pytest.approx([m1, m2], rel=1e-10)
    assert (law.support[0].low, law.support[0].high) == pytest.approx((low, high), rel=1e-9)


def test_many_weak_blocks_are_free_log_normal():
    net = BlockNetwork(LinearBranch(1.0), 32, scale=math.sqrt(0.5 / 32), norm="none")
    limit = residual_limit(net.strength)
    x = np.array([0.3, 0.6, 1.0, 1.7, 4.0])
    assert np.abs(np.asarray(net.gram_law().cdf(x)) - np.asarray(limit.cdf(x))).max() < 0.012


# ---------------------------------------------------------------------- advice
def test_scales_for_a_target():
    for name in ("advice_gelu_12_0.5", "advice_relu_24_1"):
        given = VALUES[name]["inputs"]
        net = BlockNetwork(branch(given["act"], given["sigma1_sq"], given["sigma2_sq"]), given["L"])
        found = net.scale_for(relvar=float(given["relvar"]))
        assert found == pytest.approx(value(name), rel=1e-9)
        assert net.with_scale(found).relvar == pytest.approx(float(given["relvar"]), rel=1e-9)
    edge = BlockNetwork(branch("relu", 1, 2), 24)
    law = residual_limit(edge.with_scale(edge.scale_for(s_max=2.0)).strength)
    assert math.sqrt(law.support[-1].high) == pytest.approx(2.0, rel=1e-6)
    with pytest.raises(TypeError, match="one of them"):
        edge.scale_for()
    with pytest.raises(ValueError, match="s_max"):
        edge.scale_for(s_max=0.5)


def test_known_scalings():
    net = BlockNetwork(branch("relu", 1, 2), 24)
    named = net.scalings()
    assert named["1"].m1 == pytest.approx(25.0)
    assert named["1/sqrt(N)"].output_q == pytest.approx(2.0)
    assert named["1/N"].m1 == pytest.approx(1.0 + 1.0 / 24.0)
    assert named["LayerScale 1e-4"].relvar < 1e-6
    for zero in ("ReZero", "SkipInit", "fixup"):
        assert (named[zero].m1, named[zero].relvar) == (1.0, 0.0)
        assert named[zero].gram_law().atoms == ((1.0, 1.0),)
    assert sorted(named, key=lambda k: named[k].m1)[-1] == "1"


def test_embeddings_decide():
    """GPT-2: q₀ of the embeddings against unit inputs, with 1/√(2L) and without (159.5, 3820; 1.117, 3.889)."""
    blocks = [LinearBranch(math.sqrt(0.09437184)), branch("gelu", 0.3072, 1.2288, 4.0)]
    for q, with_, without in ((8e-4, 159.4991, 3819.8), (1.0, 1.1173, 3.8888)):
        net = BlockNetwork(blocks, 12, input_q=q)
        assert net.scalings()["1/sqrt(N)"].m1 == pytest.approx(with_, rel=5e-5)
        assert net.m1 == pytest.approx(without, rel=5e-5)


# ---------------------------------------------------------------------- BatchNorm
def drawn_batch_norm_gain(phi, size, draws=400_000):
    """(B − 1)/(B − 3) E tr D P D (P − u uᵀ/B)/((B − 1) E Var φ) over u uniform on its sphere."""
    u = np.random.default_rng(0).standard_normal((draws, size))
    u -= u.mean(axis=1, keepdims=True)
    u *= np.sqrt(size / np.sum(u**2, axis=1, keepdims=True))
    d, projection = np.asarray(phi.slope(u)), np.eye(size) - 1.0 / size
    first = np.einsum("ni,ij,nj->n", d, projection**2, d)
    second = np.einsum("ni,ij,nj->n", d * u, projection, d * u) / size
    spread = np.asarray(phi.function(u)).var(axis=1).mean()
    return float((first - second).mean()) / ((size - 3.0) * spread)


def test_batch_norm():
    for act in ("relu", "gelu", "tanh"):
        assert batch_norm_gain(act) == pytest.approx(value(f"bn_factor_{act}"), rel=1e-10)
    for size in (8, 32):
        assert batch_norm_gain("relu", size) == pytest.approx(value(f"bn_relu_batch_{size}"), rel=1e-10)
    for act in ("gelu", "tanh"):
        assert batch_norm_gain(act, 8) == pytest.approx(drawn_batch_norm_gain(activation(act), 8), rel=0.01)
    assert batch_norm_gain("gelu", 900) == pytest.approx(batch_norm_gain("gelu"), rel=0.01)
    with pytest.raises(ValueError, match="batch"):
        batch_norm_gain("relu", 3)


# ---------------------------------------------------------------------- attention
@pytest.mark.parametrize("name", [n for n in VALUES if n.startswith("attention_T2")])
def test_attention_on_two_tokens(name):
    """E of the softmax of one Gaussian difference; drawn here, so to the accuracy of the draws."""
    given = VALUES[name]["inputs"]
    c, variance = float(given["c"]), float(given["ss"])
    found = attention_moments([[1.0, c], [c, 1.0]], np.eye(2), variance, draws=60_000, rng=1)
    parts = [np.trace(m) / 2.0 for m in (found.values, found.queries, found.keys)]
    assert parts == pytest.approx(value(name)[:3], abs=6e-3)
    assert sum(parts) == pytest.approx(value(name)[3], abs=8e-3)
    assert abs(parts[0] - value(name)[3]) > 0.01  # the derivative of the softmax is not small


def test_uniform_attention():
    given = value("attention_causal_uniform_8")
    found = attention_moments(np.eye(8), np.eye(8), 0.0, causal=True, draws=2)
    assert np.trace(found.values) / 8.0 == pytest.approx(given, rel=1e-12)
    overlaps = np.full((8, 8), 0.3) + 0.7 * np.eye(8)
    found = attention_moments(overlaps, np.eye(8), 0.0, draws=2)
    assert np.trace(found.values) / 8.0 == pytest.approx(1.0 / 8.0)
    assert found.mixed[0, 1] == pytest.approx(value("attention_uniform_8_0.25_0.3")[1], rel=1e-12)


def test_tokens_of_a_transformer():
    entry = VALUES["tokens_relu_8_1_0.5_L6"]
    given = entry["inputs"]
    size = given["T"]
    overlaps = np.full((size, size), float(given["c0"])) + (1.0 - float(given["c0"])) * np.eye(size)
    net = TokenNetwork(
        given["L"],
        branch("relu", given["sigma1_sq"], given["sigma2_sq"]),
        overlaps,
        sigma_vo=math.sqrt(float(given["sigma_VO_sq"])),
        logit_variance=0.0,
        scale=float(given["a"]),
        input_q=float(given["q0"]),
    )
    assert net.output_q[0] == pytest.approx(value("tokens_relu_8_1_0.5_L6")[0], rel=1e-9)
    assert net.output_overlaps[0, 1] == pytest.approx(value("tokens_relu_8_1_0.5_L6")[1], rel=1e-9)


def drawn_transformer(n, heads, tokens, depth, rng, *, mlp_gain=2.0, logit_variance=1.0):
    """m₁ of a pre-norm transformer with RMSNorm and ReLU, drawn with numpy and differentiated by hand with probes."""
    x = rng.standard_normal((tokens, n))
    x /= np.sqrt(np.mean(x**2, axis=1, keepdims=True))
    probes = rng.standard_normal((4, tokens, n))
    size = np.sum(probes**2)
    d = n // heads

    def norm(x, t):
        r = np.sqrt(np.mean(x**2, axis=-1, keepdims=True))
        y = x / r
        return y, (t - y * np.mean(y * t, axis=-1, keepdims=True)) / r

    for _ in range(depth):
        q, k, v, o = (rng.standard_normal((n, n)) / math.sqrt(n) for _ in range(4))
        q, k = q * logit_variance**0.25, k * logit_variance**0.25
        y, t = norm(x, probes)
        out, back = np.zeros_like(x), np.zeros_like(probes)
        for head in range(heads):
            part = slice(head * d, (head + 1) * d)
            qs, ks, vs = (y @ w[:, part] for w in (q, k, v))
            tq, tk, tv = (t @ w[:, part] for w in (q, k, v))
            logits = qs @ ks.T / math.sqrt(d)
            a = np.exp(logits - logits.max(axis=1, keepdims=True))
            a /= a.sum(axis=1, keepdims=True)
            change = (tq @ ks.T + qs @ np.swapaxes(tk, 1, 2)) / math.sqrt(d)
            da = a * (change - np.sum(a * change, axis=2, keepdims=True))
            out = out + a @ vs @ o[part]
            back = back + (da @ vs + a @ tv) @ o[part]
        x, probes = x + out, probes + back
        w1, w2 = rng.standard_normal((n, n)) / math.sqrt(n), rng.standard_normal((n, n)) * math.sqrt(mlp_gain / n)
        y, t = norm(x, probes)
        h = y @ w1
        x, probes = x + np.maximum(h, 0.0) @ w2, probes + ((h > 0.0) * (t @ w1)) @ w2
    return float(np.sum(probes**2)) / size


def test_drawn_transformers_have_the_predicted_gain():
    """Four tokens, two layers, 24 draws of width 64: within 5 % and its error; without queries and keys 15 % off."""
    rng, tokens = np.random.default_rng(0), 4
    logs = np.array([math.log(drawn_transformer(64, 4, tokens, 2, rng)) for _ in range(24)])
    mean, error = float(np.exp(logs).mean()), float(np.exp(logs).std(ddof=1)) / math.sqrt(24)
    mlp = branch("relu", 1.0, 2.0)
    predicted = TokenNetwork(2, mlp, np.eye(tokens)).m1
    assert abs(mean / predicted - 1.0) < 0.05 + 5.0 * error / predicted
    blind = TokenNetwork(2, mlp, np.eye(tokens), logit_variance=0.0).m1
    assert blind < 0.85 * predicted


# ---------------------------------------------------------------------- scatter and bad input
def test_reference_scatter():
    for name in ("scatter_64_32_2", "scatter_256_8_2"):
        given = VALUES[name]["inputs"]
        found = chain_scatter([given["mu"] - 1.0] * given["L"], [given["n"]] * (given["L"] + 1), orthogonal=False)
        assert found == pytest.approx(value(name), rel=1e-10)


def test_bad_input_is_refused():
    mlp = branch("relu", 1, 2)
    for options, message in (({"norm": "batch"}, "norm must be one of 'pre'"), ({"input_q": 0.0}, "input_q")):
        with pytest.raises(ValueError, match=message):
            BlockNetwork(mlp, 3, **options)
    with pytest.raises(TypeError, match="branches must be MLPBranch"):
        BlockNetwork(["relu"], 3)
    with pytest.raises(ValueError, match="square matri"):
        attention_moments(np.eye(3)[:2], np.eye(2), 1.0)
    with pytest.raises(ValueError, match=r"exceeds|q must be"):
        _ = BlockNetwork(branch("relu", 4, 400), 300, norm="none").m1

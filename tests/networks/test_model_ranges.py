"""The part of a real model whose Jacobian is measured, against ``torch.func.jacrev`` in double precision."""

import copy
import dataclasses
import math
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import real_models as zoo  # noqa: E402

from rmt.networks import Verdict  # noqa: E402
from rmt.networks.torch import assert_isometric, check_isometry  # noqa: E402

nn = torch.nn
#: number of tokens
T = 5


@pytest.fixture(autouse=True)
def _quiet_torch():
    """One thread, one seed, and no warnings of the reference: vmap falls back where attention has no batched form."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="There is a performance drop", category=UserWarning)
        yield
    torch.set_num_threads(before)


def measured(net, x, function, point, **options):
    """Compare the report on `net` at `x` with the Jacobian of `function` at `point`; the report."""
    values = np.linalg.svd(zoo.exact(function, point), compute_uv=False)
    state, modes = copy.deepcopy(net.state_dict()), [m.training for m in net.modules()]
    moving = [p.requires_grad for p in net.parameters()]
    random = torch.get_rng_state()
    report = check_isometry(net, x, predict=False, **{"layers": "all", **options})
    assert report.m1 == pytest.approx(np.sum(values**2) / point.numel(), rel=1e-5)
    assert report.s_max == pytest.approx(values[0], rel=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(state.values(), net.state_dict().values(), strict=True))
    assert modes == [m.training for m in net.modules()]
    assert moving == [p.requires_grad for p in net.parameters()]
    assert torch.equal(random, torch.get_rng_state())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    return report


# ---------------------------------------------------------------------- pre-norm blocks
def stack():
    net = nn.Sequential(*(zoo.PreLN(64) for _ in range(12)))
    return net, torch.randn(64)


def test_twelve_pre_norm_blocks():
    """m₁ = 1.4581 and s_max = 2.2884, where the branch alone has 0.0615 and 0.638."""
    net, x = stack()
    report = measured(net, x, zoo.doubled(net), x.double())
    assert round(report.m1, 4) == 1.4581
    assert round(report.s_max, 4) == 2.2884
    assert report.verdict is Verdict.NEAR_ISOMETRIC
    assert check_isometry(net, x).m1 == pytest.approx(report.m1)


def test_blocks_by_name_and_by_pair():
    net, x = stack()
    double = zoo.doubled(net)
    before = double[:3](x.double()).detach()
    assert not any("branch" in note for note in measured(net, x, double[3], before, layers="3").notes)
    measured(net, x, double[3:7], before, layers=("3", "6"))
    branch = measured(net, x, double[3].n, before, layers="3.n")
    assert any("3.n is a branch of the model, which the result of add in '2' bypasses" in n for n in branch.notes)


@pytest.mark.parametrize("layers", [(2, 3), (2, 24), 5, (1, 3)])
def test_a_branch_is_not_reported_as_the_model(layers):
    net, x = stack()
    with pytest.raises(ValueError, match=r"(the input|the result of .*) goes to add in .* the range is no cut"):
        check_isometry(net, x, layers=layers)


def test_stem_and_head_around_pre_norm_blocks():
    net = nn.Sequential(nn.Linear(20, 64), *(zoo.PreLN(64) for _ in range(3)), nn.Linear(64, 7))
    x = torch.randn(20)
    double = zoo.doubled(net)
    measured(net, x, double, x.double())
    auto = measured(net, x, double[:-1], x.double(), layers="auto")
    assert any("readout '4' is left out" in note for note in auto.notes)
    with pytest.raises(
        ValueError, match=r"the result of linear in '0' goes to add in '1' past the beginning of layers"
    ):
        check_isometry(net, x, layers=(2, 7))


# ---------------------------------------------------------------------- architectures
@pytest.mark.parametrize(
    ("make", "shape", "parts"),
    [
        (lambda: nn.Sequential(*(zoo.LlamaBlock(24, 4, 2) for _ in range(2))), (1, T, 24), ["1"]),
        (lambda: zoo.vit().eval(), (1, 3, 8, 8), ["1.0", "1"]),
        (zoo.mixer, (1, 3, 8, 8), ["1.1", "1"]),
        (zoo.convnext, (1, 3, 8, 8), ["1", "2"]),
        (zoo.resnet, (1, 3, 8, 8), ["1", "2", "3"]),
    ],
    ids=["llama", "vit", "mixer", "convnext", "resnet"],
)
def test_architectures_and_their_blocks(make, shape, parts):
    net, x = make(), torch.randn(shape)
    double = zoo.doubled(net)
    measured(net, x, double, x.double())
    taken = {}
    handles = [
        double.get_submodule(p).register_forward_pre_hook(lambda _, args, p=p: taken.update({p: args[0].detach()}))
        for p in parts
    ]
    double(x.double())
    for handle in handles:
        handle.remove()
    for part in parts:
        measured(net, x, double.get_submodule(part), taken[part].clone(), layers=part)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("shape", [(1, T, 12), (T, 1, 12), (T, 12)])
def test_torch_encoders(norm_first, shape):
    layer = nn.TransformerEncoderLayer(12, 4, 24, norm_first=norm_first, batch_first=shape[0] == 1)
    net = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    x = torch.randn(shape)
    report = measured(net, x, zoo.doubled(net).eval(), x.double())  # dropout is off
    kinds = [reading.kind for reading in report.readings]
    assert sum(kind.startswith("multi head attention forward") for kind in kinds) == 4  # two matrices each
    assert any("dropout is off" in note for note in report.notes)


def test_gpt_from_its_tokens():
    net = zoo.GPT().eval()
    double, ids = zoo.doubled(net), torch.randint(0, 40, (1, T))
    embedded = double.wte(ids).detach()

    def run(key, **options):
        return lambda e: double(inputs_embeds=e, **options)[key]

    report = measured(net, ids, run("hidden"), embedded)
    assert any("begins at what the embedding 'wte' gives" in note for note in report.notes)
    measured(net, ids, run("logits"), embedded, output="logits")
    measured(net, ids, run("logits"), embedded, output=lambda returned: returned["logits"])
    measured(net, ids, run("hidden"), embedded, output="logits", layers="auto")
    measured(net, embedded.float(), run("hidden"), embedded, argument="inputs_embeds")
    mask = torch.tensor([[1, 1, 1, 0, 1]])
    masked = measured(net, ids, run("hidden", attention_mask=mask), embedded, attention_mask=mask)
    assert masked.m1 != pytest.approx(report.m1, rel=1e-6)
    at = [embedded + double.wpe(torch.arange(T)).detach()]
    for block in double.h:
        at.append(block(at[-1]).detach())
    measured(net, ids, double.h[1], at[1], layers="h.1")
    measured(net, ids, lambda x: double.h[2](double.h[1](x)), at[1], layers=("h.1", "h.2"))
    with pytest.raises(ValueError, match=r"the result of add in 'h\.1' goes to"):
        check_isometry(net, ids, layers=(7, 9))


def test_bert_from_its_tokens():
    net = zoo.BERT().eval()
    double, ids = zoo.doubled(net), torch.randint(0, 30, (1, T))
    embedded = double.words(ids).detach()

    def run(position, mask=None):
        def function(e):
            x = double.norm(e + double.positions(torch.arange(T)))
            for layer in double.layers:
                x = layer(x, src_key_padding_mask=None if mask is None else mask == 0)
            return (x, torch.tanh(double.pooler(x[:, 0])))[position]

        return function

    measured(net, ids, run(0), embedded)
    measured(net, ids, run(1), embedded, output=1)
    mask = torch.tensor([[1, 1, 1, 1, 0]])
    measured(net, ids, run(0, mask), embedded, attention_mask=mask)


@pytest.mark.parametrize("cell", [nn.RNNCell, nn.LSTMCell, nn.GRUCell])
@pytest.mark.parametrize("steps", [1, 20, 50])
def test_recurrent_cells_over_time(cell, steps):
    net, h = zoo.Unrolled(cell(4, 12), 4, steps), torch.randn(1, 12)
    report = measured(net, h, zoo.doubled(net), h.double())
    assert any(reading.kind.startswith(f"{cell.__name__[:-4].lower()}") for reading in report.readings)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_networks(kind):
    net, x = kind(6, 8, 2), torch.randn(7, 1, 6)
    double = zoo.doubled(net)
    measured(net, x, lambda z: double(z)[0], x.double())
    if kind is not nn.LSTM:
        h = torch.randn(2, 1, 8)
        measured(net, h, lambda z: double(x.double(), z)[1], h.double(), argument="hx", output=1, input=x)


def test_attention_by_itself():
    net, x = nn.MultiheadAttention(12, 3, batch_first=True), torch.randn(1, T, 12)
    double, fixed = zoo.doubled(net), x.double()
    report = measured(net, x, lambda q: double(q, fixed, fixed)[0], fixed, argument="query", key=x, value=x)
    assert [r.weights.rows for r in report.readings] == [36, 12]


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (lambda: nn.Sequential(nn.ConvTranspose2d(3, 4, 3, 2), nn.Tanh()), (1, 3, 4, 4)),
        (lambda: nn.Sequential(nn.Conv2d(4, 8, 3, 2, groups=4), nn.GELU()), (1, 4, 7, 7)),
        (lambda: nn.Sequential(nn.Conv1d(3, 6, 3, dilation=2), nn.Tanh(), nn.ConvTranspose1d(6, 2, 4, 3)), (1, 3, 9)),
        (lambda: nn.Sequential(zoo.Conv1D(9, 6), nn.Tanh()), (1, 6)),
    ],
)
def test_all_kinds_of_linear_maps(net, shape):
    net, x = net(), torch.randn(shape)
    report = measured(net, x, zoo.doubled(net), x.double())
    assert len(report.readings) == sum(p.dim() > 1 for p in net.parameters())


def test_bilinear_layers():
    class Squared(nn.Module):
        def __init__(self):
            super().__init__()
            self.form = nn.Bilinear(5, 5, 4)

        def forward(self, x):
            return self.form(x, x)

    net, x = Squared(), torch.randn(5)
    report = measured(net, x, zoo.doubled(net), x.double())
    assert report.readings[0].weights.columns == 25


def test_dataclasses_as_outputs():
    @dataclasses.dataclass
    class Output:
        count: int
        hidden: object
        logits: object

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 3)

        def forward(self, x):
            x = self.a(x).tanh()
            return Output(1, x, self.b(x))

    net, x = Model(), torch.randn(6)
    double = zoo.doubled(net)
    measured(net, x, lambda z: double(z).hidden, x.double())
    measured(net, x, lambda z: double(z).logits, x.double(), output="logits")
    with pytest.raises(ValueError, match=r"output='loss'; it has 'count', 'hidden', 'logits'"):
        check_isometry(net, x, output="loss")
    with pytest.raises(ValueError, match="output='count' is int"):
        check_isometry(net, x, output="count")
    with pytest.raises(TypeError, match="output must be a name"):
        check_isometry(net, x, output=1.5)


def test_parameters_outside_the_pass_are_named():
    net = zoo.GPT()
    unused = nn.Linear(3, 3)
    net.extra = unused
    report = check_isometry(net, torch.randint(0, 40, (1, T)), predict=False)
    assert any("extra.weight" in note for note in report.notes)


# ---------------------------------------------------------------------- batches
def normalised(width=16, depth=3):
    return nn.Sequential(
        *(f for _ in range(depth) for f in (nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU()))
    )


def test_one_sample_in_a_batch():
    net, batch = normalised(), torch.randn(8, 16)
    double = zoo.doubled(net)
    for norm in double[1::3]:  # the reference keeps no statistics, which derivatives of functions do not allow
        norm.track_running_stats, norm.running_mean, norm.running_var = False, None, None

    def row(k, others):
        return lambda z: double(torch.cat([others[:k], z, others[k + 1 :]]))[k : k + 1]

    for x, options, k in ((batch[2], {"batch": batch}, 2), (batch[2:3], {"batch": batch}, 2), (batch, {"batch": 5}, 5)):
        point = batch[k : k + 1].double()
        values = np.linalg.svd(zoo.exact(row(k, batch.double()), point), compute_uv=False)
        report = check_isometry(net, x, layers="all", **options)
        assert report.m1 == pytest.approx(np.mean(values**2), rel=1e-5)
        assert report.s_max == pytest.approx(values[0], rel=1e-5)
        assert any("batch statistics of 8 inputs" in note for note in report.notes)
    new = torch.randn(16)
    joined = torch.cat([new[None], batch]).double()
    values = np.linalg.svd(zoo.exact(row(0, joined), joined[:1]), compute_uv=False)
    assert check_isometry(net, new, batch=batch, layers="all").s_max == pytest.approx(values[0], rel=1e-5)
    inner = double[:3](batch.double()).detach()
    later = zoo.exact(lambda z: double[3:](torch.cat([inner[:2], z, inner[3:]]))[2:3], inner[2:3])
    report = check_isometry(net, batch, batch=2, layers=("3", "8"))
    assert report.m1 == pytest.approx(np.sum(later**2) / 16, rel=1e-5)
    assert all(int(m.num_batches_tracked) == 0 for m in net.modules() if isinstance(m, nn.BatchNorm1d))


def test_batch_norm_that_has_seen_nothing_withholds_the_verdict():
    net, x = normalised().eval(), torch.randn(1, 16)
    report = check_isometry(net, x)
    assert report.verdict is Verdict.WITHHELD
    assert any("'1' is in evaluation mode and has never seen data" in note for note in report.notes)
    with pytest.raises(AssertionError, match="WITHHELD"):
        assert_isometric(net, x)
    net.train()(torch.randn(64, 16))
    assert check_isometry(net.eval(), x).verdict is not Verdict.WITHHELD


def test_batch_norm_alone_and_wrong_batches_are_refused():
    net = normalised()
    with pytest.raises(ValueError, match="nothing to normalise in a batch of one: pass batch="):
        check_isometry(net, torch.randn(1, 16))
    with pytest.raises(ValueError, match="batch must hold inputs of the shape of x"):
        check_isometry(net, torch.randn(16), batch=torch.randn(4, 15))
    with pytest.raises(ValueError, match="batch must be a row of x, which has 4"):
        check_isometry(net, torch.randn(4, 16), batch=4)
    with pytest.raises(TypeError, match="batch must be a tensor"):
        check_isometry(net, torch.randn(4, 16), batch="first")


def test_averages_over_inputs():
    net, batch = nn.Sequential(nn.Linear(12, 12), nn.Tanh(), zoo.PreLN(12)), 2.0 * torch.randn(6, 12)
    found = [check_isometry(net, x[None], predict=False, layers="all") for x in batch]
    report = check_isometry(net, batch, average=True, layers="all")
    logs = [r.log_m1 for r in found]
    assert report.averages.inputs == 6
    assert report.averages.log_m1 == pytest.approx((np.mean(logs), np.std(logs, ddof=1) / math.sqrt(6)))
    assert report.averages.s_max[0] == pytest.approx(np.mean([r.s_max for r in found]))
    assert report.m1 == pytest.approx(found[0].m1)
    assert "6 inputs: log m1" in str(report)
    with pytest.raises(ValueError, match=r"batch size 6.*average=True"):
        check_isometry(net, batch)
    with pytest.raises(ValueError, match="at least two inputs"):
        check_isometry(net, batch[0], average=True)


# ---------------------------------------------------------------------- surroundings
@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpoints_are_passed_over(reentrant):
    from torch.utils.checkpoint import checkpoint

    class Saving(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList(zoo.PreLN(12) for _ in range(3))

        def forward(self, x):
            for block in self.blocks:
                x = checkpoint(block, x, use_reentrant=reentrant)
            return x

    net, x = Saving(), torch.randn(12)
    double = zoo.doubled(net)
    measured(net, x, nn.Sequential(*double.blocks), x.double())
    y = checkpoint(net.blocks[0], x.requires_grad_(True), use_reentrant=reentrant)
    assert y.requires_grad


def test_compiled_models_run_as_they_are_written():
    net, x = stack()
    net = net[:2]
    compiled = torch.compile(net, backend="eager")
    double = zoo.doubled(net)
    for model in (compiled, nn.Sequential(compiled, nn.Identity())):
        measured(model, x, double, x.double())


def test_inside_inference_mode_and_no_grad():
    net, x = stack()
    expected = check_isometry(net, x, predict=False).m1
    with torch.inference_mode():
        assert check_isometry(net, x, predict=False).m1 == pytest.approx(expected)
        assert check_isometry(net, x.clone(), predict=False).m1 == pytest.approx(expected)
    with torch.no_grad():
        assert check_isometry(net, x, predict=False).m1 == pytest.approx(expected)


def test_custom_functions_are_seen_through():
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2.0 * x

        @staticmethod
        def backward(ctx, g):
            return 2.0 * g

    class Model(nn.Module):
        def __init__(self, last):
            super().__init__()
            self.a, self.b, self.last = nn.Linear(6, 6), nn.Linear(6, 6), last

        def forward(self, x):
            return Doubled.apply(self.b(self.a(x))) if self.last else self.b(Doubled.apply(self.a(x)))

    for last in (False, True):
        net, x = Model(last), torch.randn(6)
        report = check_isometry(net, x, layers="all", predict=False)
        product = 2.0 * (net.b.weight @ net.a.weight).detach().double().numpy()
        assert report.m1 == pytest.approx(np.sum(product**2) / 6, rel=1e-5)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_short_numbers_are_measured_on_a_copy_where_asked(kind):
    net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8)).to(kind)
    x = torch.randn(8).to(kind)
    measured(net, x, zoo.doubled(net), x.double(), dtype=torch.float32)
    assert net[0].weight.dtype is kind
    with pytest.raises(TypeError, match=r"dtype=torch\.float32"):
        check_isometry(net, x)
    with pytest.raises(TypeError, match=r"dtype must be torch\.float32 or torch\.float64"):
        check_isometry(net, x, dtype=kind)


@pytest.mark.parametrize("depth", [100, 300])
def test_deep_networks_of_single_precision_keep_their_mean(depth):
    net = nn.Sequential(*(f for _ in range(depth) for f in (nn.Linear(32, 32), nn.Tanh())))
    x = torch.randn(32)
    single, double = check_isometry(net, x, predict=False), check_isometry(net, x, predict=False, dtype=torch.float64)
    assert single.log_m1 == pytest.approx(double.log_m1, rel=1e-4)
    assert math.isfinite(single.log_m1)
    assert single.verdict is Verdict.VANISHING


# ---------------------------------------------------------------------- bad input
class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.join = nn.Linear(4, 4), nn.Linear(4, 4), Joined()

    def forward(self, x):
        return self.join(self.a(x), self.b(x))


class Joined(nn.Module):
    def forward(self, x, y):
        return x * y


def scripted():
    return torch.jit.script(nn.Linear(4, 4))


def on_meta():
    return nn.Linear(4, 4, device="meta")


def on_two():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    net[1].to("meta")
    return net


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("net", "x", "options", "error", "message"),
    [
        (TwoInputs, torch.ones(4), {"layers": "join"}, ValueError, "'join' takes 2 tensors that depend on the input"),
        (TwoInputs, torch.ones(4), {"layers": "c"}, ValueError, "submodules called are 'a', 'b', 'join'"),
        (TwoInputs, torch.ones(4), {"layers": ("a", "b")}, ValueError, "'b' does not depend on 'a'"),
        (TwoInputs, torch.ones(4), {"mask": 1}, TypeError, "'mask' is neither an option .* which takes x"),
        (nn.Identity, torch.ones(4), {}, ValueError, "the range is empty"),
        (lambda: nn.Sequential(nn.Linear(4, 4), nn.Identity()), torch.ones(4), {"layers": "1"}, ValueError, "is empty"),
        (lambda: nn.Linear(4, 4), torch.ones(4, dtype=torch.int64), {}, ValueError, "no embedding takes it"),
        (lambda: nn.Linear(4, 4), torch.ones(4, dtype=torch.complex64), {}, TypeError, "x is complex.*view_as_real"),
        (on_meta, torch.ones(4), {}, ValueError, "weight is on the meta device .*to_empty"),
        (on_two, torch.ones(4), {}, ValueError, "1.weight is on the meta device"),
        (scripted, torch.ones(4), {}, ValueError, "compiled by TorchScript.*pass the module that was scripted"),
        (lambda: nn.Linear(4, 4), torch.ones(4, device="meta"), {}, ValueError, "x is on another device"),
    ],
)
def test_bad_input_is_refused(net, x, options, error, message):
    with pytest.raises(error, match=message):
        check_isometry(net(), x, **options)


def test_what_does_not_depend_on_the_input_is_refused():
    class Constant(nn.Module):
        def forward(self, x):
            return torch.ones(3)

    with pytest.raises(ValueError, match="the output does not depend on x"):
        check_isometry(Constant(), torch.ones(3))


def test_nan_names_the_layer_of_a_transformer():
    net = zoo.GPT()
    net.h[1].attn.c_attn.weight.data[0, 0] = math.nan
    with pytest.raises(ValueError, match=r"addmm in 'h.1.attn.c_attn'.*NaN"):
        check_isometry(net, torch.randint(0, 40, (1, T)))


# ---------------------------------------------------------------------- the library of transformers
def test_models_of_the_transformers_library():
    transformers = pytest.importorskip("transformers")
    ids = torch.randint(0, 30, (1, T))
    small = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 30}
    makes = (
        lambda: transformers.GPT2Model(transformers.GPT2Config(vocab_size=30, n_embd=16, n_layer=2, n_head=2)),
        lambda: transformers.LlamaModel(transformers.LlamaConfig(**small, intermediate_size=32)),
        lambda: transformers.BertModel(transformers.BertConfig(**small, intermediate_size=32)),
    )
    for make in makes:
        net = make().eval()
        double = zoo.doubled(net)
        embedded = double.get_input_embeddings()(ids).detach()
        measured(net, ids, lambda e, f=double: f(inputs_embeds=e)[0], embedded, attention_mask=torch.ones_like(ids))

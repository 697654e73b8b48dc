"""``rmt check``: models from a file or a package, verdicts as exit codes, files and messages."""

import json

import pytest

import rmt.cli

torch = pytest.importorskip("torch")

MODELS = """
import torch

def isometric():
    net = torch.nn.Sequential(*(torch.nn.Linear(24, 24) for _ in range(3)))
    for layer in net:
        torch.nn.init.orthogonal_(layer.weight)
    return net

def vanishing():
    return torch.nn.Sequential(*(f() for _ in range(6) for f in (lambda: torch.nn.Linear(24, 24), torch.nn.Tanh)))

def image():
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.Tanh()), torch.ones(1, 3, 4, 4)

class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = torch.nn.Embedding(50, 8), torch.nn.Linear(8, 8)

    def forward(self, ids):
        x = self.table(ids)
        return {"hidden": x * 2.0, "logits": self.head(x)}

class Failing(torch.nn.Module):
    def __init__(self, error):
        super().__init__()
        self.layer, self.error = torch.nn.Linear(24, 24), error

    def forward(self, x):
        x = self.layer(x)
        raise self.error

class Silent(Exception):
    def __str__(self):
        raise RuntimeError

def piped():
    return Failing(BrokenPipeError(32, "Broken pipe"))

def silent():
    return Failing(Silent())

def refusing():
    return Failing(ValueError("not today"))

def leaving():
    return Failing(SystemExit(1))

def unmade():
    raise KeyError("weights")

class Talking(torch.nn.Linear):
    def forward(self, x):
        print("forward speaks")
        return super().forward(x)

def talking():
    print("factory speaks")
    return Talking(24, 24)

fixed = isometric()
nothing = 3
"""


@pytest.fixture
def models(tmp_path):
    path = tmp_path / "models_of_this_test.py"
    path.write_text(MODELS)
    return path


def call(capsys, *arguments):
    code = rmt.cli.main(["check", *map(str, arguments)])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_report_and_exit_codes(capsys, models):
    code, out, _ = call(capsys, f"{models}:isometric", "--input", "24", "--seed", "1", "--at-least", "NEAR-ISOMETRIC")
    assert code == 0
    assert "ISOMETRIC" in out
    assert "m1 so far" in out
    code, out, _ = call(capsys, f"{models}:vanishing", "--input", "24", "--at-least", "STABLE BUT NOT ISOMETRIC")
    assert code == 1
    assert "VANISHING" in out
    assert call(capsys, f"{models}:fixed", "--input", "24")[0] == 0


def test_json_is_that_of_the_report(capsys, models):
    code, out, _ = call(capsys, f"{models}:vanishing", "--input", "24", "--seed", "3", "--json", "--measure-only")
    record = json.loads(out)
    assert code == 0
    assert (record["verdict"], record["seed"], record["passed"]) == ("VANISHING", 3, True)
    assert len(record["blocks"]) == 6
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = torch.nn.Sequential(*(f() for _ in range(6) for f in (lambda: torch.nn.Linear(24, 24), torch.nn.Tanh)))
        x = torch.randn(1, 24)
    assert record["m1"] == pytest.approx(rmt.check_isometry(net, x, predict=False).m1)


def test_inputs(capsys, models, tmp_path):
    assert call(capsys, f"{models}:image", "--measure-only")[0] == 0
    code, out, _ = call(capsys, f"{models}:Words", "--tokens", "5", "--words", "50", "--output", "logits", "--json")
    assert code == 0
    assert json.loads(out)["blocks"][0]["place"] == "head"
    figure = tmp_path / "blocks.png"
    assert call(capsys, f"{models}:vanishing", "--input", "24", "--out", figure, "--measure-only")[0] == 0
    assert figure.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("isometric",), "MODULE:FACTORY"),
        (("no_such_module_here:build",), "cannot import 'no_such_module_here'"),
        (("{}:missing",), "nothing called 'missing'"),
        (("{}:isometric",), "without an input: say --input"),
        (("{}:isometric", "--input", "24", "--tokens", "3"), "not both"),
        (("{}:isometric", "--input", "24", "--at-least", "FINE"), "--at-least must be one of"),
        (("/nowhere/models.py:build",), "there is no file"),
    ],
)
def test_mistakes_are_one_sentence(capsys, models, arguments, words):
    code, _, err = call(capsys, *(a.format(models) for a in arguments))
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("piped", 24, "the model raised BrokenPipeError: [Errno 32] Broken pipe"),
        ("silent", 24, "the model raised Silent: a Silent whose text cannot be had"),
        ("refusing", 24, "the model raised ValueError: not today"),
        ("leaving", 24, "the model raised SystemExit: 1"),
        ("unmade", 24, "the model raised KeyError: 'weights'"),
        ("isometric", 25, "the model raised RuntimeError: mat1 and mat2"),
    ],
)
def test_errors_of_the_model_are_said_to_be_its_own(capsys, models, name, size, words):
    code, out, err = call(capsys, f"{models}:{name}", "--input", size, "--at-least", "ISOMETRIC")
    assert (code, out) == (3, "")
    assert words in err
    assert "unforeseen" not in err


def test_errors_of_the_package_are_not_said_to_be_the_models(capsys, models, monkeypatch):
    def fail(*_, **__):
        raise IndexError("a mistake of ours")

    monkeypatch.setattr(fail, "__code__", fail.__code__.replace(co_filename=rmt.cli.__file__))
    monkeypatch.setattr("rmt.networks.torch.check._measured", fail)
    code, _, err = call(capsys, f"{models}:isometric", "--input", "24")
    assert code == 3
    assert "unforeseen" in err


def test_what_the_model_prints_goes_to_stderr(capsys, models):
    models.write_text(MODELS + "\nprint('import speaks')\n")
    code, out, err = call(capsys, f"{models}:talking", "--input", "24", "--json", "--measure-only")
    assert code == 0
    assert json.loads(out)["passed"]
    assert all(f"{who} speaks" in err for who in ("import", "factory", "forward"))


def test_a_level_out_of_range_is_refused(capsys, models):
    code, _, err = call(capsys, f"{models}:vanishing", "--input", "24", "--level", "1")
    assert code == 2
    assert "level must" in err


def test_the_level_reaches_the_test(capsys, models, monkeypatch):
    asked = []
    monkeypatch.setattr("rmt.networks.models.doors.check_drawn", lambda *_, **options: asked.append(options["level"]))
    for words in ((), ("--level", "1/20")):
        call(capsys, f"{models}:vanishing", "--input", "24", *words)
    assert asked == [0.01, 0.05]

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

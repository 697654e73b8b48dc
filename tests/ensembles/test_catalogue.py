"""The table of ensembles: one row each, parameters read from the factories."""

import pytest

import rmt
from rmt.ensembles.catalogue import CATALOGUE, find


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_row_builds_its_default(name):
    row = CATALOGUE[name]
    ensemble = row.build(**{p.name: p.default for p in row.parameters})
    assert isinstance(ensemble, rmt.Ensemble)
    assert getattr(rmt, name.replace("-", "_")) is row.factory
    assert row.summary.endswith(".")
    assert 1900 < row.year < 2030
    assert row.theorem
    for parameter in row.parameters:
        assert parameter.help.endswith((".", ")"))
        assert "`" not in parameter.help


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_text_of_the_law_is_the_law(name):
    row = CATALOGUE[name]
    values = {p.name: p.default for p in row.parameters}
    if not row.law:
        with pytest.raises(TypeError, match="no density is known for the limit law of"):
            row.build().law()
        return
    assert eval(row.law, {**vars(rmt.laws), **values}) == row.build().law()


def test_laws_are_read_from_text():
    diagonal = find("rosenzweig-porter").parameters[1]
    assert diagonal.parse("Uniform(0, high=2)") == rmt.Uniform(0, 2)
    for text in ("Uniform", "uniform(0)", "Uniform(0,", "os.system(1)", "__import__('os')", "Uniform(open('x'))"):
        with pytest.raises(ValueError, match=r"diagonal must be a law such as Uniform\(0, 2\), got"):
            diagonal.parse(text)


def test_parameters_come_from_the_signature():
    ratio, entries, field = find("wishart").parameters
    assert (ratio.name, ratio.kind, ratio.default) == ("ratio", "float", 1)
    assert ratio.parse("2.5") == 2.5
    assert entries.parse("student(5)") == "student(5)"
    assert field.choices == ("real", "complex")
    assert find("ginibre").parameters[2].parse("1,2") == (1, 2)
    assert find("product_wishart").parameters[0].parse("3") == 3


def test_unknown_names_give_the_nearest():
    with pytest.raises(ValueError, match=r"unknown ensemble 'wishert'; did you mean 'wishart'"):
        find("wishert")
    with pytest.raises(ValueError, match=r"unknown parameter of wishart 'rato'; did you mean 'ratio'"):
        find("wishart").build(rato=2)
    with pytest.raises(ValueError, match="depth must be an integer, got 'three'"):
        find("product-wishart").parameters[0].parse("three")

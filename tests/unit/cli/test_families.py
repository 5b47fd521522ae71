"""Does a person see the best of each family, and what the interval beside it means?"""

from __future__ import annotations

from raysearch.cli.families import family_facts
from raysearch.results import Results
from tests.recorded import Recorded
from tests.unit.results.test_families import reaching


def facts(search):
    return family_facts(Results.open(search.run_dir.path))


def of_both(tmp_path):
    return Recorded(tmp_path / "run", model=["cnn", "mlp"], space={"mlp.depth": 1})


def test_each_family_is_a_line_and_the_interval_is_explained(tmp_path):
    search = of_both(tmp_path)
    best = reaching(search, "mlp", 0.9, n_validated=100)
    lines = facts(search)
    assert lines[0][0] == "best of each"
    assert lines[0][1].startswith(f"mlp: 0.9 [0.8256, 0.9448], trial {best} of ")
    assert lines[1][1].startswith("cnn: none, of ")
    assert "what 100 validation examples say of val/accuracy" in lines[-1][1]


def test_the_interval_of_trials_is_explained_too(tmp_path):
    search = of_both(tmp_path)
    for value in (0.9, 0.8):
        reaching(search, "mlp", value)
    assert "[0.8, 0.9]" in facts(search)[0][1]
    assert "not beyond the low end" in facts(search)[-1][1]


def test_one_family_needs_no_comparison(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5)
    assert facts(search) == []

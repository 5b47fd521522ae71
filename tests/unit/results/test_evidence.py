"""Which trials of earlier runs say something in another space, and which runs are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.results.evidence import earlier_runs, to_journal
from tests.recorded import SETTINGS, Recorded

FIXTURES = Path(__file__).parents[2] / "fixtures"
WIDTHS = {"int": [8, 16], "default": 8}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def recorded(name: str = "old", **settings: Any) -> Recorded:
    """Record a run with three trials that completed."""
    search = Recorded(Path(name), **settings)
    for value in (0.5, 0.7, 0.6):
        search.trial(0.4, value)
    return search


def judged(*runs: str, **settings: Any):
    experiment = from_settings({**SETTINGS, "evidence": list(runs) or "old", **settings})
    return earlier_runs(experiment), experiment


def refused(*runs: str, **settings: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        judged(*runs, **settings)
    return list(error.value.faults)


def test_trials_in_the_space_can_be_used_and_are_kept_in_short():
    search = recorded().finish()
    (run,), experiment = judged()
    assert run.text == "old: 3 of 3 trials can be used"
    kept = to_journal([run], experiment=experiment)
    (of_run,) = kept["runs"]
    assert (of_run["run"], of_run["n_trials"], of_run["max_epochs"]) == ("old", 3, 4)
    trials = list(search.engine.state.trials.values())
    assert [t["configuration"] for t in of_run["trials"]] == [t.configuration for t in trials]
    assert of_run["trials"][1]["values"] == [[1, 0.4, 0.5], [2, 0.7, 1.0]]


def test_why_others_cannot_be_used_is_counted():
    search = recorded()
    search.fail(0.4, error="ValueError: x")
    search.trial(None)
    search.begin(0.4)
    search.finish()
    (run,), _ = judged()
    assert run.n_trials == 6
    assert run.left_out == {"failed": 1, "had not ended": 1}
    assert run.text == "old: 4 of 6 trials can be used; 1 failed, 1 had not ended"


def test_what_lies_outside_is_said_with_parameter_and_range():
    search = recorded(space={"width": {"int": [8, 128], "default": 8}, "depth": 1})
    search.finish()
    (run,), _ = judged()
    outside = [t for t in search.engine.state.trials.values() if t.configuration["width"] > 16]
    assert outside
    assert run.left_out == {"outside the space (width is 8 to 16)": len(outside)}
    assert len(run.usable) == 3 - len(outside)


def test_a_run_of_which_nothing_can_be_used_is_refused():
    recorded(space={"width": {"int": [32, 64], "default": 32}, "depth": 1}).finish()
    (fault,) = refused()
    assert fault.startswith(
        "evidence, number 1: old: 0 of 3 trials can be used; 3 outside the space (width is 8 to 16)"
    )
    assert "leave it out" in fault


def test_missing_runs_and_files_are_refused_together():
    Path("empty").mkdir()
    Path("file").write_text("")
    faults = refused("nowhere", "empty", "file")
    assert [fault.partition(", and")[0] for fault in faults] == [
        "evidence, number 1: nowhere does not exist",
        "evidence, number 2: empty holds no journal",
        "evidence, number 3: file is a file",
    ]
    assert all("Give the path of an earlier run" in fault for fault in faults)


def test_a_damaged_run_is_refused_with_the_way_out():
    recorded().finish()
    segment = next(Path("old/journal").iterdir())
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b"0.4", b"0.9")
    segment.write_bytes(b"".join(lines))
    (fault,) = refused()
    assert "line 4" in fault
    assert "--from-intact" in fault
    assert fault.endswith("Or leave the run out of evidence.")


def test_one_run_is_named_once():
    with pytest.raises(ConfigurationError, match=r"It names old twice. Name each run once"):
        from_settings({**SETTINGS, "evidence": ["old", "old"]})


def test_another_model_is_no_evidence_though_its_parameters_have_the_same_names():
    recorded().finish()
    (fault,) = refused(model="cnn", space={})
    assert "3 of mlp, which is not among the models" in fault


def test_one_model_among_several_is_the_same_model():
    recorded().finish()
    space = {"mlp.width": WIDTHS, "mlp.depth": 1}
    (run,), experiment = judged(model=["cnn", "mlp"], space=space)
    assert len(run.usable) == 3
    for trial in run.usable:
        assert trial.configuration["model"] == "mlp"
        assert trial.configuration["mlp.width"] in range(8, 17)
        experiment.space.validate(trial.configuration)


def test_and_back():
    settings = {"model": ["mlp", "cnn"], "space": {"mlp.width": WIDTHS, "mlp.depth": 1}}
    search = recorded(**settings)
    search.finish()
    n_mlp = sum(t.configuration["model"] == "mlp" for t in search.engine.state.trials.values())
    (run,), experiment = judged()
    assert len(run.usable) == n_mlp > 0
    assert all(experiment.space.contains(t.configuration) for t in run.usable)


OWN = "earlier_for_tests:Net"
A = {"int": [1, 8]}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A class whose arguments are fixed by `args`."""
    (tmp_path / "earlier_for_tests.py").write_text(
        "class Net:\n    def __init__(self, a=1, b=2): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return {"objective": {"metric": "val/accuracy", "direction": "maximize"}}


def test_what_was_fixed_there_by_args_has_that_value(own):
    recorded(model={"class": OWN, "args": {"b": 3}}, space={"a": A}, **own).finish()
    (run,), _ = judged(model=OWN, space={"a": A, "b": {"int": [1, 4]}}, **own)
    assert {trial.configuration["b"] for trial in run.usable} == {3}
    assert run.note == ""
    (fault,) = refused(model=OWN, space={"a": A, "b": 4}, **own)
    assert "3 without a value of b" in fault


def test_what_is_fixed_here_by_args_must_have_had_that_value(own):
    recorded(model=OWN, space={"a": A, "b": 3}, **own).finish()
    (run,), _ = judged(model={"class": OWN, "args": {"b": 3}}, space={"a": A}, **own)
    assert len(run.usable) == 3
    assert {tuple(trial.configuration) for trial in run.usable} == {("a", "data.batch_size")}
    (fault,) = refused(model={"class": OWN, "args": {"b": 4}}, space={"a": A}, **own)
    assert "3 with another b than 4" in fault
    (fault,) = refused(model=OWN, space={"a": A}, **own)
    assert "3 with a value of b, which is not searched here (3)" in fault


def test_another_objective_that_was_measured_too_will_do(own):
    recorded(model=OWN, space={"a": A}, **own).finish()
    loss = {"metric": "train/loss", "direction": "minimize"}
    (run,), experiment = judged(model=OWN, space={"a": A}, objective=loss)
    (first, *_) = to_journal([run], experiment=experiment)["runs"][0]["trials"]
    assert first["values"] == [[1, 1.0, 0.5], [2, 0.5, 1.0]]
    other = {"metric": "val/f1", "direction": "maximize"}
    (fault,) = refused(model=OWN, space={"a": A}, objective=other)
    assert "3 did not measure val/f1" in fault


def test_a_parameter_of_one_value_is_taken_to_have_had_it_and_that_is_said(own):
    recorded(model=OWN, space={"a": A}, **own).finish()
    (run,), _ = judged(model=OWN, space={"a": A, "b": 5}, **own)
    assert {trial.configuration["b"] for trial in run.usable} == {5}
    assert run.text == "old: 3 of 3 trials can be used; b is taken to have been 5"
    (fault,) = refused(model=OWN, space={"a": A, "b": {"int": [1, 5]}}, **own)
    assert "3 without a value of b" in fault


def test_rounds_of_steps_are_no_epochs():
    recorded().finish()
    (fault,) = refused(fidelity={"max_steps": 100, "every_steps": 10})
    assert "3 trained in rounds of other steps" in fault


def test_other_data_are_named_and_not_refused():
    recorded().finish()
    (run,), _ = judged(data={"name": "digits", "args": {"validation": 0.3}})
    assert len(run.usable) == 3
    assert run.text.endswith("; its data are not quite those of this search")


def test_a_run_of_the_first_version_can_be_used():
    from raysearch.results import Results

    settings = dict(Results.read(FIXTURES / "run-v1").state.settings)
    experiment = from_settings({**settings, "evidence": [str(FIXTURES / "run-v1")]})
    (run,) = earlier_runs(experiment)
    assert (len(run.usable), run.n_trials, run.left_out) == (3, 4, {"failed": 1})


def test_values_of_other_folds_are_said_to_be():
    recorded().finish()
    (run,), _ = judged(repeats={"folds": 5})
    assert run.note == (
        "its values are of one split, those of this search means over 5 folds: told as they are"
    )

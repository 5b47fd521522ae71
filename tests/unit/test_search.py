"""What a search refuses before anything is started, and where it keeps what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from raysearch.driving import is_all_done
from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.experiment.changes import CHANGEABLE
from raysearch.results import Results
from raysearch.search import Search
from raysearch.space import Int
from tests.recorded import Bytes, Recorded

FILE = """\
name: tiny
data: digits
model: mlp
objective: val/accuracy
fidelity: {max_epochs: 4}
budget: {trials: 3}
resources: {cpus: 1}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(FILE)
    return path


def test_the_loop_is_an_argument_too():
    search = Search(
        "mlp", "digits", objective="val/accuracy", fidelity={"max_epochs": 1}, loop="lean"
    )
    assert search.experiment.loop == "lean"


def test_nothing_is_written_before_it_runs(file, tmp_path):
    search = Search.from_file(file, storage=tmp_path / "runs")
    assert search.run_dir.path.parent == tmp_path / "runs"
    assert search.run_dir.path.name.startswith("tiny-2")
    assert list(tmp_path.iterdir()) == [file]


def test_two_searches_of_one_second_have_two_folders(file, tmp_path, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda form: "20261123-170912")
    paths = []
    for _ in range(3):
        path = Search.from_file(file, storage=tmp_path).run_dir.path
        path.mkdir()
        paths.append(path.name)
    assert paths == ["tiny-20261123-170912", "tiny-20261123-170912-2", "tiny-20261123-170912-3"]


def test_the_plan_has_the_units_of_the_engine(file):
    overrides = ["budget.minutes=2", "checkpoint.budget_gb=0.5", "failures.attempts=2"]
    plan = Search.from_file(file, overrides=overrides).plan
    assert (plan.max_trials, plan.max_seconds, plan.max_epochs) == (3, 120.0, 4)
    assert (plan.checkpoint_budget_bytes, plan.max_attempts) == (5e8, 2)


@pytest.fixture
def ended(tmp_path):
    return Recorded(tmp_path / "run-1").finish().run_dir.path


def test_a_run_directory_that_is_taken_is_refused(file, ended):
    with pytest.raises(ConfigurationError, match=r"run-1 holds a search already.*resume .*run-1"):
        Search.from_file(file, run_dir=ended)


def test_a_budget_may_change_at_resume(ended):
    search = Search.resume(ended, overrides=["budget.trials=50", "failures.attempts=1"])
    assert search.experiment.budget.trials == 50
    assert search._drive.changed == ("budget.trials", "failures.attempts")


@pytest.mark.parametrize("override", ["seed=5", "fidelity.max_epochs=8"])
def test_what_would_make_the_evidence_invalid_may_not(ended, override):
    with pytest.raises(ConfigurationError) as refused:
        Search.resume(ended, overrides=[override])
    key = override.split("=")[0]
    assert str(refused.value).startswith(key)
    assert "cannot be changed in a search that has begun" in str(refused.value)
    assert all(name in str(refused.value) for name in CHANGEABLE)


def test_what_searches_may_change_and_what_it_searches(tmp_path):
    recorded = Recorded(tmp_path / "run-1")
    for _ in range(4):
        recorded.trial(0.5)
    path = recorded.finish().run_dir.path
    ranges = {"width": Int(8, 9, default=8), "activation": "relu"}
    search = Search.resume(
        path, space=ranges, searcher={"name": "grid", "resolution": 3}, scheduler="none"
    )
    assert search.experiment.space["width"][0].domain == Int(8, 9, default=8)
    assert search.experiment.searcher.name == "grid"
    kept = {key.split(".")[0] for key in search._drive.changed}
    assert kept == {"searcher", "scheduler", "space"}
    assert Results.open(path).state.settings == recorded.engine.state.settings  # not begun yet


def test_trials_outside_are_told_of_before_anything_starts(tmp_path):
    recorded = Recorded(tmp_path / "run-1")
    recorded.trial(0.5)
    path = recorded.finish().run_dir.path
    overrides = ["space.width.int=[10, 16]", "space.width.default=12", "resources.cpus=999"]
    stages: list[str] = []
    with pytest.raises(ConfigurationError, match=r"resources\.cpus is 999"):
        Search.resume(path, overrides=overrides).run(stage=stages.append, listeners=[])
    assert stages == [
        "1 of 1 trials lies outside the new space (0000): it is kept and may still win, and the "
        "searcher is not told of it",
        "starting Ray",
    ]
    assert len(list(Results.open(path).run_dir.events())) == len(list(recorded.run_dir.events()))


def test_a_change_is_more_to_do_only_while_the_budget_is_not_used_up(tmp_path):
    recorded = Recorded(tmp_path / "run-1", budget={"trials": 1})
    recorded.trial(0.5)
    path = recorded.finish().run_dir.path
    results = Results.open(path)
    results.refit(executor=Bytes())
    results.test(executor=Bytes())
    assert is_all_done(Search.resume(path, overrides=["searcher=grid"])._drive)
    more = ["searcher=grid", "budget.trials=2"]
    assert not is_all_done(Search.resume(path, overrides=more)._drive)


def test_a_wrong_override_of_a_resume_is_named(ended):
    with pytest.raises(ConfigurationError, match=r"budget\.trails"):
        Search.resume(ended, overrides=["budget.trails=50"])


def test_there_is_nothing_to_resume_in_an_empty_folder(tmp_path):
    with pytest.raises(RunDirectoryError, match="there is no journal"):
        Search.resume(tmp_path)


def test_a_search_that_runs_elsewhere_is_refused_before_ray_starts(ended):
    search = Search.resume(ended, overrides=["budget.trials=50"])
    lease = search.run_dir.lease()
    lease.acquire()
    stages: list[str] = []
    try:
        with pytest.raises(RunDirectoryError, match="in use by process"):
            search.run(stage=stages.append)
    finally:
        lease.release()
    assert stages == []


def test_what_the_machine_lacks_is_refused_without_a_trace(file, tmp_path):
    run_dir = tmp_path / "run"
    search = Search.from_file(file, overrides=["resources.cpus=999"], run_dir=run_dir)
    with pytest.raises(ConfigurationError, match=r"resources\.cpus is 999.*Nothing was started"):
        search.run()
    assert not Path(run_dir).exists()


def test_a_budget_below_what_was_used_is_refused(tmp_path):
    recorded = Recorded(tmp_path / "run-1")
    for _ in range(3):
        recorded.trial(0.5)
    path = recorded.finish().run_dir.path
    with pytest.raises(ConfigurationError, match=r"budget\.trials is 2, .* has used 3 already"):
        Search.resume(path, overrides=["budget.trials=2"])
    assert Search.resume(path, overrides=["budget.trials=3"]).experiment.budget.trials == 3


def test_a_search_with_nothing_left_to_do_starts_nothing(tmp_path):
    recorded = Recorded(tmp_path / "run-1")
    recorded.trial(0.5)
    path = recorded.finish().run_dir.path
    results = Results.open(path)
    results.refit(executor=Bytes())
    results.test(executor=Bytes())
    stages: list[str] = []
    search = Search.resume(path, overrides=["budget.trials=1"])
    again = search.run_to_end(stage=stages.append)
    assert stages == ["nothing is left to do; a larger budget goes on with the search"]
    assert again.state == Results.open(path).state


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_cannot_be_a_folder_is_wrong_use(file, tmp_path, place):
    (tmp_path / "file").write_text("x")
    search = Search.from_file(file, run_dir=tmp_path / place)
    with pytest.raises(ConfigurationError, match=r"file is not a folder.*Nothing was started"):
        search.run()


def test_two_searches_made_at_once_take_two_folders(file, tmp_path, monkeypatch):
    monkeypatch.setattr("time.strftime", lambda form: "20261123-170912")
    first, second = (Search.from_file(file, storage=tmp_path / "runs") for _ in range(2))
    assert first.run_dir.path == second.run_dir.path
    with first.reserved() as one, second.reserved() as other:
        names = [drive.run_dir.path.name for drive in (one, other)]
        (other.run_dir.path / "kept").write_text("")
    assert names == ["tiny-20261123-170912", "tiny-20261123-170912-2"]
    assert second.run_dir.path.name == names[1]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == names[
        1:
    ]  # the empty one is gone

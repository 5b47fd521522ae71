"""`run` and `resume` up to the search, and after it; the search itself is an integration test."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sys

import pytest

from raysearch.cli import run
from raysearch.cli.command import AtOnce
from raysearch.cli.summary import next_facts
from raysearch.engine import Plan
from raysearch.errors import SearchAborted
from raysearch.experiment import to_yaml
from raysearch.notices import Stopped
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.trial import SearchStatus
from tests.recorded import SETTINGS, Bytes, Recorded


class Rehearsed:
    """Stands where a Search would: its run directory is written by the engine, without Ray."""

    def __init__(self, folder, *, values=(0.7, 0.9), ends=SearchStatus.FINISHED, raises=None):
        self.run_dir = RunDir(folder / "runs" / "small-1")
        self._values, self._ends, self._raises = values, ends, raises
        self.recorded = Recorded(self.run_dir.path)
        self.experiment = self.recorded.experiment
        self.plan = Plan(objective=self.experiment.objective, max_epochs=4, max_trials=2)

    def reserved(self):
        return contextlib.nullcontext()

    def run_to_end(self, *, listeners, stage):
        self.recorded.engine._ledger._listeners = list(listeners)
        stage("starting Ray")
        sys.stdout.write("said by a library\n")
        if self._values is None:
            self.recorded.fail(error="ValueError: width is 0")
            self.recorded.fail(error="ValueError: width is 0")
        else:
            self.recorded.trial(0.5, 0.6)
            self.recorded.trial(*self._values)
        self.recorded.engine.end(self._ends, reason="")
        if self._raises is not None:
            raise self._raises
        results = Results.open(self.run_dir.path)
        if self._ends is SearchStatus.FINISHED and results.winner is not None:
            results.refit(executor=Bytes())
            results.test(executor=Bytes())
        return results


@pytest.fixture
def rehearse(folder, capsys):
    """Run a rehearsed search as the commands do; return status, output and errors."""

    def rehearsed(*, as_json=False, **behaviour):
        search = Rehearsed(folder.relative_to(folder), **behaviour)
        status = run._to_end(search, as_json=as_json)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return rehearsed


def test_the_last_screen_says_who_won_and_what_to_do_next(rehearse):
    status, out, err = rehearse()
    assert (status, err) == (0, "")
    screen = out[out.index("runs/small-1: finished") :]
    assert "trial 0001, epoch 2 of 2" in screen
    assert "0.9, 0.3 better than the default configuration (0.6)" in screen
    assert screen.index("changed ") < screen.index("as default ")
    assert "test/accuracy 0.75" in screen
    assert "runs/small-1/winner/model.ckpt (13 B)" in screen
    assert 'MLP.load_from_checkpoint("runs/small-1/winner/model.ckpt")' in screen
    assert "tensorboard --logdir runs/small-1/tensorboard" in screen
    assert "python -m raysearch results runs/small-1" in screen
    assert "python -m raysearch resume runs/small-1 budget.trials=16" in screen


def test_json_is_all_that_is_on_standard_output(rehearse):
    status, out, err = rehearse(as_json=True)
    assert status == 0
    assert json.loads(out)["winner"]["trial"] == "0001"
    assert "said by a library" in err
    assert "starting Ray" in err


@pytest.mark.parametrize("as_json", [True, False])
def test_an_interrupted_search_says_how_to_go_on(rehearse, as_json):
    status, out, err = rehearse(as_json=as_json, ends=SearchStatus.INTERRUPTED)
    assert status == 130
    assert err.endswith(
        "Interrupted. All that was measured is kept; to go on: "
        "python -m raysearch resume runs/small-1\n"
    )
    assert "interrupted" in out


@pytest.mark.parametrize("values", [(0.7, 0.9), None])
def test_a_search_that_was_stopped_is_done_as_asked(rehearse, values):
    status, out, _ = rehearse(ends=SearchStatus.STOPPED, values=values)
    assert status == 0
    assert "runs/small-1: stopped" in out
    assert re.search(r"^go on +python -m raysearch resume runs/small-1$", out, flags=re.MULTILINE)
    if values:
        assert re.search(r"^best so far +trial 0001", out, flags=re.MULTILINE)
        assert "hand over  python -m raysearch refit runs/small-1" in out
        assert "not tested yet" not in out


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(signal.SIGTERM)])
def test_what_ends_the_process_at_once_says_so_too(rehearse, end):
    status, _, err = rehearse(ends=SearchStatus.INTERRUPTED, raises=end)
    assert status == 130
    assert "to go on: python -m raysearch resume runs/small-1" in err


@pytest.mark.parametrize(
    ("end", "status", "word"), [(KeyboardInterrupt, 130, "Interrupted"), (Stopped, 0, "Stopped")]
)
def test_an_end_before_the_start_says_that_there_is_nothing(folder, capsys, end, status, word):
    class Early(Rehearsed):
        def __init__(self, folder):
            super().__init__(folder)
            self.run_dir = RunDir(folder / "runs" / "small-2")

        def run_to_end(self, *, listeners, stage):
            raise end

    assert run._to_end(Early(folder), as_json=False) == status
    assert capsys.readouterr().err.endswith(f"{word} before anything was started.\n")


def test_a_search_that_is_stopped_as_it_goes_on_keeps_what_it_has(rehearse):
    status, _, err = rehearse(ends=SearchStatus.INTERRUPTED, raises=Stopped())
    assert status == 0
    assert isinstance(status, AtOnce)  # threads may be in the middle of an import
    assert "Stopped. All that was measured is kept; to go on: python -m raysearch resume" in err


def test_an_exit_for_another_reason_passes_through(rehearse):
    with pytest.raises(SystemExit, match="3"):
        rehearse(ends=SearchStatus.FAILED, raises=SystemExit(3))


def test_an_abort_passes_through(rehearse):
    with pytest.raises(SearchAborted, match="all failed"):
        rehearse(ends=SearchStatus.FAILED, raises=SearchAborted("the first 5 trials all failed"))


def test_a_search_without_a_winner_has_failed(rehearse):
    status, out, err = rehearse(values=None)
    assert status == 1
    assert re.search(r"^winner +none$", out, flags=re.MULTILINE)
    assert "None of the 2 trials in runs/small-1 has a finite val/accuracy; 2 of them failed" in err


def test_curves_are_written_for_tensorboard(rehearse, folder):
    rehearse()
    names = {path.name for path in (folder / "runs/small-1/tensorboard").iterdir()}
    assert {"0000", "0001"} <= names


@pytest.mark.parametrize("line", ["run wrong.yaml", "run wrong.yaml --json", "run nothing.yaml"])
def test_a_wrong_file_starts_and_writes_nothing(cli, folder, line):
    (folder / "wrong.yaml").write_text("data: digts\nmodel: mlp\n")
    outcome = cli(line)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("ConfigurationError: ")
    assert {path.name for path in folder.iterdir()} == {"wrong.yaml"}


def test_a_run_directory_that_is_taken_is_refused(cli, search, experiment):
    outcome = cli("run small.yaml --run-dir runs/small-1")
    assert (outcome.status, outcome.out) == (2, "")
    assert "runs/small-1 holds a search already" in outcome.err
    assert "python -m raysearch resume runs/small-1" in outcome.err


def written(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_changes_that_are_not_possible_are_refused_together(cli, search, folder):
    before = written(folder)
    outcome = cli("resume small-1 seed=2 searcher=random fidelity.max_epochs=9 budget.trials=2")
    assert (outcome.status, outcome.out) == (2, "")
    seed, fidelity = "seed cannot be changed", "fidelity.max_epochs cannot be changed"
    budget = "budget.trials is 2, and the search has used 4 already"
    for text in (seed, fidelity, budget, "it was 0, and would be 2", "Nothing was changed."):
        assert text in outcome.err
    assert "searcher cannot" not in outcome.err
    assert written(folder) == before


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("scheduler.min_epochs=9", "scheduler.min_epochs is 9. It must be an integer from 1 to 4."),
        ("searcher.name=gird", "Did you mean grid?"),
        ("space.width.int=[9,99]", "space.width: default: 8 lies outside 9 to 99."),
        ("space.widht.int=[9,99]", "Did you mean width?"),
        (
            "space.dropout={float:[0.0,0.5],when:{activation:[gelu]}}",
            "space.dropout has another condition, and ",
        ),
        ("--file none.yaml", "none.yaml does not exist"),
        ("x.yaml", "override x.yaml: it must be KEY=VALUE"),
        ("--file", "--file: expected one argument"),
    ],
)
def test_a_change_that_is_wrong_names_its_key(cli, search, folder, line, message):
    before = written(folder)
    outcome = cli(f"resume small-1 {line}")
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err
    assert written(folder) == before


def test_a_file_that_is_given_as_to_run_is_told_its_place(cli, search, experiment):
    outcome = cli("resume small-1 small.yaml")
    assert outcome.status == 2
    assert "small.yaml is a file" in outcome.err
    assert "give --file small.yaml." in outcome.err


def test_a_changed_file_is_compared_with_the_search(cli, search, folder):
    changed = {**SETTINGS, "seed": 4, "space": {"width": {"int": [8, 64], "default": 8}}}
    (folder / "changed.yaml").write_text(to_yaml(changed))
    outcome = cli("resume small-1 --file changed.yaml budget.trials=90")
    assert outcome.status == 2
    assert "seed cannot be changed" in outcome.err
    for key in ("space", "budget", "name", "searcher"):
        assert f"{key} cannot" not in outcome.err


@pytest.mark.parametrize(
    ("budget", "trials", "more"),
    [
        ({"trials": 8}, 1, " budget.trials=16"),
        ({"trials": 2}, 3, " budget.trials=6"),
        ({"minutes": 20.0}, 1, " budget.minutes=40"),
        ({"minutes": 0.25}, 1, " budget.minutes=0.5"),
        ({"epochs": 1, "patience": 3}, 2, " budget.epochs=4 budget.patience=6"),
        ({"trials": 8, "target": 0.5}, 1, " budget.trials=16 budget.target=null"),
    ],
)
def test_more_budget_is_more_than_was_given_and_used(folder, budget, trials, more):
    search = Recorded(folder / "a b" / "small-1", budget=budget)
    for _ in range(trials):
        search.trial(0.5)
    search.finish()
    facts = dict(next_facts(Results.open(search.run_dir.path.relative_to(folder))))
    assert facts["ranking"] == "python -m raysearch results 'a b/small-1'"
    assert facts["go on"] == f"python -m raysearch resume 'a b/small-1'{more}"

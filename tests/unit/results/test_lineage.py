"""Is a winner that inherited trained again with all of its line, and is that said?"""

from __future__ import annotations

import pytest

from raysearch.cli.lineage import inheritance_facts, line_text
from raysearch.errors import TrialFailed
from raysearch.init_from import Inheritance
from raysearch.results import Results
from raysearch.results.leaders import Leader
from raysearch.results.telling_apart import _line, _Missing
from raysearch.run_dir import events as ev
from raysearch.trial import Suggestion
from tests.recorded import Anything, Bytes, Recorded


class Chain(Anything):
    """Suggests children, each of the trial before it."""

    def suggest(self, *, number, pending):
        found = super().suggest(number=number, pending=pending)
        inherited = Inheritance(trial=f"{number - 1:04d}").to_json()
        origin = {"kind": "evolution", "parents": [inherited["trial"]], "inherits": inherited}
        return Suggestion(configuration=found.configuration, origin=origin)


class Lineage(Recorded):
    def _engine(self):
        engine = super()._engine()
        engine._suggestions._searcher = Chain(self.experiment)
        return engine


class Remembers(Bytes):
    """Also remembers with which file each training began, and what was in it."""

    def __init__(self, fails_at=None):
        super().__init__()
        self.began = []
        self.fails_at = fails_at

    def refit(self, job, *, epochs, path):
        if job.trial == self.fails_at:
            raise TrialFailed("the refit of a trial raised ValueError")
        start = job.init_from and (job.init_from.parent, _read(job.init_from.checkpoint))
        self.began.append((job.trial, epochs, start))
        super().refit(job, epochs=epochs, path=path)


def _read(path):
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


@pytest.fixture
def line(tmp_path):
    """0000 was best in its epoch 2, 0001 in its epoch 1, and 0002 won in its epoch 3."""
    search = Lineage(tmp_path / "run")
    search.trial(0.4, 0.5)
    search.trial(0.6, 0.5)
    search.trial(0.1, 0.7, 0.9)
    return search.finish()


def test_the_refit_replays_the_line(line):
    executor, results = Remembers(), Results.open(line.run_dir.path)
    model = results.refit(executor=executor)
    assert executor.began == [
        ("0000", 2, None),
        ("0001", 1, ("0000", b"model of 0000")),
        ("0002", 3, ("0001", b"model of 0001")),
    ]
    assert (model.trial, model.epochs) == ("0002", 3)
    assert model.line == ({"trial": "0000", "epochs": 2}, {"trial": "0001", "epochs": 1})
    winner = results.run_dir.path / "winner"
    assert (winner / "model.ckpt").read_bytes() == b"model of 0002"
    assert not list(winner.glob("line-*"))


def test_each_seed_replays_it_anew(line):
    executor = Remembers()
    Results.open(line.run_dir.path).refit(executor=executor, seeds=2)
    assert executor.repeats == [0, 0, 0, 1, 1, 1]
    assert executor.began[-1] == ("0002", 3, ("0001", b"model of 0001+"))


def test_one_of_the_line_that_cannot_be_trained_leaves_the_best_checkpoint(line):
    results = Results.open(line.run_dir.path)
    model = results.refit(executor=Remembers(fails_at="0001"))
    assert model.is_refused
    assert model.line == ()
    assert not list((results.run_dir.path / "winner").glob("line-*"))


def test_results_say_what_a_trial_inherited_and_count_its_own_epochs(line):
    results = Results.open(line.run_dir.path)
    results.refit(executor=Remembers())
    document = results.to_json()
    first, _, last = document["trials"]
    assert "inherited" not in first
    assert last["epochs"] == 3
    assert last["inherited"] == {"trial": "0001", "epoch": 1, "epochs_before": 3}
    assert document["totals"]["epochs"] == 7
    assert document["winner"]["refit"] == {
        "epochs": 3,
        "seeds": 1,
        "line": [{"trial": "0000", "epochs": 2}, {"trial": "0001", "epochs": 1}],
    }


def test_a_person_reads_whose_weights_they_were(line):
    results = Results.open(line.run_dir.path)
    model = results.refit(executor=Remembers())
    (fact,) = inheritance_facts(results, results.trial("2"))
    assert fact == (
        "began",
        "with the weights of trial 0001 after its epoch 1; 3 epochs of its line before its own",
    )
    assert inheritance_facts(results, results.trial("0")) == []
    assert line_text(model) == ", after 3 epochs of the trials whose weights it has: 0000 0001"


def test_what_became_of_the_layers_is_said_once_it_is_known(line):
    results = Results.open(line.run_dir.path)
    told = {"trial": "0001", "is_preserved": False, "preserved": 3, "overlapped": 1, "new": 2,
            "changes": "4 of 8 channels are left", "moments": True}  # fmt: skip
    state = results.state
    state.apply(
        ev.TrialCreated(
            at=1.0, trial="0003", number=3, configuration={},
            origin={"inherits": Inheritance(trial="0001", epoch=1, checkpoint="x").to_json()},
        )
    )  # fmt: skip
    state.apply(
        ev.Measured(at=2.0, trial="0003", attempt=1, epoch=1, step=1, seconds=1.0,
                    values={"val/accuracy": 0.5}, inherited=told)
    )  # fmt: skip
    _, (_, layers) = inheritance_facts(results, results.trial("3"))
    assert layers == (
        "layers: 3 preserved, 1 in part, 2 new; not the same: 4 of 8 channels are left"
    )
    entry = results.to_json()["trials"][-1]["inherited"]
    assert (entry["overlapped"], entry["epochs_before"]) == (1, 3)


def test_a_child_that_began_anew_is_trained_alone(tmp_path):
    search = Lineage(tmp_path / "run")
    search.trial(0.4, keep=False)
    search.trial(0.6)
    results = Results.open(search.finish().run_dir.path)
    executor = Remembers()
    results.refit(executor=executor)
    assert executor.began == [("0001", 1, None)]
    (fact,) = inheritance_facts(results, results.trial("1"))
    assert "anew, not with the weights of trial 0000: the checkpoint" in fact[1]


def test_a_leader_is_trained_again_after_those_it_began_with(line):
    results = Results.open(line.run_dir.path)
    leader = Leader(
        trial=results.trial("2"), epochs=3, wanted=(1,), done={}
    )  # fmt: skip
    parts = _line(results, _Missing(leader=leader, repeat=1))
    assert [(part.job.trial, part.epochs, part.job.repeat) for part in parts] == [
        ("0000", 2, 1), ("0001", 1, 1), ("0002", 3, 1),
    ]  # fmt: skip
    assert [part.job.init_from and part.job.init_from.parent for part in parts] == [
        None, "0000", "0001",
    ]  # fmt: skip

"""What `results` says of which parameters mattered, of several searches, and to Optuna."""

from __future__ import annotations

import optuna
import pytest

from tests.many import many


@pytest.fixture
def runs(folder):
    """Write a search of 30 trials below `runs/`."""

    def write(name, n_trials=30, **settings):
        return many(folder / "runs" / name, n_trials, **settings)

    return write


def told(outcome, label):
    """Return the lines under a label."""
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    begins = next(n for n, line in enumerate(lines) if line.startswith(f"{label} "))
    ends = next(
        (n for n in range(begins + 1, len(lines)) if not lines[n].startswith(" ")), len(lines)
    )
    return [line.removeprefix(label).strip() for line in lines[begins:ends]]


def test_what_mattered_is_said_with_the_number_of_trials(cli, runs):
    runs("one", 80)
    first, *others = told(cli("results one"), "mattered")
    assert first.startswith("learning_rate")
    assert "% of 76 trials; best 0.0" in first
    assert others[-1] == "PED-ANOVA, the 8 best of 76 trials"


def test_few_trials_say_nothing_of_what_mattered(cli, runs):
    runs("one", 10)
    assert "mattered" not in cli("results one").out


def test_searches_are_compared_by_a_test(cli, runs):
    for seed in range(3):
        runs(f"a{seed}", 12, seed=seed)
        runs(f"b{seed}", 12, seed=10 + seed, gain=0.3, searcher="annealing")
    names = [f"{kind}{seed}" for kind in "ab" for seed in range(3)]
    outcome = cli(f"results {' '.join(names)} --top 1")
    first, *groups, duel = told(outcome, "compared")
    assert first.startswith("by the best value after ")
    assert [group.partition(":")[0] for group in groups] == [
        "searcher.name=annealing",
        "searcher.name=random",
    ]
    assert groups[0].endswith("of 3 runs")
    assert duel.startswith("searcher.name=annealing is 0.")
    assert duel.endswith(
        "better than searcher.name=random, which may be chance (p = 0.1, "
        "permutation test, 20 deals)"
    )
    document = cli(f"results {' '.join(names)} --json").document
    assert document["comparison"]["duels"][0]["p"] == pytest.approx(0.1)


def test_one_run_of_each_says_nothing_of_luck(cli, runs):
    runs("a", 12)
    runs("b", 12, searcher="annealing")
    assert told(cli("results a b"), "compared")[-1] == (
        "one run of a search says nothing of luck: run each with several seeds"
    )


def test_a_run_without_a_value_is_not_compared(cli, runs):
    runs("a", 12)
    runs("b", 0)
    outcome = cli("results a b")
    assert told(outcome, "compared") == ["not: a run has no trial with a value yet"]


def test_a_run_becomes_a_study_of_optuna(cli, runs, folder):
    runs("one", 12)
    outcome = cli("results one --optuna out/one.log")
    assert outcome.status == 0
    assert outcome.err.startswith("out/one.log: a study for optuna-dashboard out/one.log")
    backend = optuna.storages.journal.JournalFileBackend("out/one.log")
    storage = optuna.storages.JournalStorage(backend)
    assert len(optuna.load_study(study_name="one", storage=storage).trials) == 12
    again = cli("results one --optuna out/one.log")
    assert (again.status, again.out) == (2, "")
    assert "out/one.log exists" in again.err

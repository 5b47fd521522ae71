"""Is shown what only some methods have: fronts, distributions, takeovers?"""

from __future__ import annotations

from dataclasses import replace

from raysearch.report import distributions as module
from raysearch.report.distributions import distributions
from raysearch.report.facts import run_facts
from raysearch.report.front import front
from raysearch.report.lineage import lineage, parents_of
from raysearch.report.shown import shown
from raysearch.results import Results
from raysearch.results.distributions import Course, Snapshot
from raysearch.trial import Checkpoint, Takeover
from tests.many import many
from tests.recorded import Recorded

BOTH = [
    {"metric": "val/accuracy", "direction": "maximize"},
    {"metric": "val/loss", "direction": "minimize"},
]


def test_a_front_is_drawn_with_those_that_it_beats(tmp_path):
    (run,) = shown([Results.read(many(tmp_path / "run", 30, objectives=BOTH).path)])
    figure = front(run)
    plane = {s.name: s for s in figure.panels[0].series if s.name}
    members = run.results.front
    assert [owner for (owner,) in plane["on the front"].owners] == run.owners(
        sorted(members, key=lambda t: t.losses(run.results.objectives)[1])
    )
    for trial, loss, accuracy in zip(
        sorted(members, key=lambda t: t.losses(run.results.objectives)[1]),
        plane["on the front"].x,
        plane["on the front"].y,
        strict=True,
    ):
        best = trial.best(run.objective)
        assert (loss, accuracy) == (best.values["val/loss"], best.values["val/accuracy"])
    assert len(plane["beaten"].x) + len(members) == len(run.ranking)
    (growth,) = figure.panels[1].series
    assert list(growth.y) == sorted(growth.y)


def test_of_three_objectives_a_front_is_no_line_and_all_of_them_are_told(tmp_path):
    three = [*BOTH, {"metric": "val/f1", "direction": "maximize"}]
    results = Results.read(many(tmp_path / "run", 30, objectives=three).path)
    trials = results.state.trials
    for trial in list(trials.values()):
        measured = tuple(
            replace(m, values={**m.values, "val/f1": 1 / (1 + trial.number % 5)})
            for m in trial.measurements
        )
        trials[trial.id] = replace(trial, measurements=measured)
    (run,) = shown([results])
    assert len(run.results.front) > 1
    for panel in front(run).panels[:2]:
        (line,) = (series for series in panel.series if series.kind == "line")
        assert list(line.x) == []
    labels = [row[0] for row in run_facts(run)]
    assert labels.index("val/accuracy") + 1 == labels.index("val/loss")
    assert labels.index("val/loss") + 1 == labels.index("val/f1")


def test_a_single_objective_has_no_front(run):
    assert front(run) is None


def test_distributions_are_bands_of_numbers_and_chances_of_choices(run, monkeypatch):
    numbers = [
        Snapshot(trial=0, updates=0, centre=0.5, low=0.1, high=0.9),
        Snapshot(trial=20, updates=12, centre=0.3, low=0.2, high=0.4),
    ]
    choices = [
        Snapshot(trial=0, updates=0, chances=(("a", 0.5), ("b", 0.5))),
        Snapshot(trial=20, updates=12, chances=(("a", 0.75), ("b", 0.25))),
    ]
    courses = (
        Course(parameter="dropout", snapshots=tuple(numbers)),
        Course(parameter="block", snapshots=tuple(choices)),
    )
    monkeypatch.setattr(module, "courses_of", lambda trials, *, space: courses)
    band, centre = distributions(run).panels[0].series
    assert list(zip(band.x, band.y, strict=True)) == [(0, 0.1), (20, 0.2), (20, 0.4), (0, 0.9)]
    assert list(centre.y) == [0.5, 0.3]
    *lines, ends = distributions(run).panels[1].series
    assert [list(line.y) for line in lines] == [[50, 75], [50, 25]]
    assert (list(ends.texts), list(ends.y)) == (["a", "b"], [75, 25])


def test_other_searchers_have_no_distributions(run):
    assert distributions(run) is None


def test_who_took_a_trial_over_descends_from_it(run):
    checkpoint = Checkpoint(epoch=3, path="trials/0003/epoch-0003.ckpt", size_bytes=8)
    takeover = Takeover(source="0003", checkpoint=checkpoint, before={}, changes={})
    bred = next(t for t in run.trials if t.origin.get("parents"))
    assert parents_of(replace(bred, takeovers=(takeover,))) == [*bred.origin["parents"], "0003"]


def test_the_winner_comes_from_those_whose_weights_it_has(tmp_path):
    """Whom the source took over after it had given its weights away is not in it."""
    search = Recorded(tmp_path / "pbt-1")
    for _ in range(3):
        search.trial(0.1, 0.2)
    search.trial(0.5, 0.6)
    search.finish()
    (run,) = shown([Results.read(search.run_dir.path)])
    trials = run.results.state.trials

    def taken(source):
        checkpoint = Checkpoint(epoch=1, path=f"trials/{source}/epoch-0001.ckpt", size_bytes=8)
        return (Takeover(source=source, checkpoint=checkpoint, before={}, changes={}),)

    changed = {
        "0003": replace(trials["0003"], takeovers=taken("0001")),  # the winner
        "0001": replace(trials["0001"], takeovers=taken("0002")),  # after 0003 had its weights
    }
    with_takeovers = Results.read(search.run_dir.path)
    with_takeovers.state.trials.update(changed)
    (run,) = shown([with_takeovers])
    figure = lineage(run)
    others, line, _ = figure.panels[0].series
    assert list(line.x) == [1, 3, None]
    assert list(others.x) == [2, 1, None]
    assert (
        "2 of 4 trials with a value went on with the weights of others, 2 times" in figure.caption
    )
    assert "generation" not in figure.caption

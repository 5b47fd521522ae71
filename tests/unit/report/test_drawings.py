"""Does each drawing show what happened, and say which trials it is about?"""

from __future__ import annotations

import itertools

import pytest

from raysearch.report.curves import incumbents, learning_curves, thinned
from raysearch.report.figure import Parallel
from raysearch.report.lineage import lineage
from raysearch.report.pairs import pairs
from raysearch.report.parameters import NOT_THERE, Parameters, importance_figure, parallel, slices
from raysearch.report.shown import shown
from raysearch.report.workers import failures, rungs, timeline
from raysearch.results import Results
from raysearch.results.marginal import is_active
from raysearch.trial import Measurement, Objective
from tests.many import N_WORKERS, RUNGS
from tests.recorded import Recorded

ACCURACY = Objective(metric="val/accuracy", direction="maximize")


@pytest.fixture(scope="module")
def known(run):
    return Parameters(run)


def series_of(figure):
    return {s.name: s for panel in figure.panels for s in panel.series if s.name}


def owners_of(*series):
    return {owner for s in series for owners in s.owners for owner in owners}


# ---- curves


def test_every_trial_has_its_curve_under_its_status(run):
    found = series_of(learning_curves(run))
    by_status = {}
    for trial in run.trials:
        by_status.setdefault(str(trial.status), set()).add(run.owner(trial.id))
    for status, owners in by_status.items():
        assert owners_of(found[status]) == owners
    assert owners_of(found["ended early"]) == by_status["stopped"] | by_status["failed"]
    assert owners_of(found[f"winner, {run.winner.id}"]) == {run.owner(run.winner.id)}


def test_curves_are_apart_and_hold_every_measurement(small):
    completed = series_of(learning_curves(small))["completed"]
    assert list(completed.x) == [1, 2, None, 1, 2, 3, None]
    assert list(completed.y) == [0.5, 0.6, None, 0.7, 0.9, 0.8, None]
    assert len(completed.owners) == len(completed.x)


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_its_best():
    values = [0.5] * 100
    values[37] = 0.9
    measured = [
        Measurement(epoch=n, step=n, values={"val/accuracy": v}, seconds=n)
        for n, v in enumerate(values, start=1)
    ]
    kept = [m.epoch for m in thinned(measured, objective=ACCURACY, most=10)]
    assert len(kept) <= 11
    assert {1, 38, 100} <= set(kept)
    assert thinned(measured[:10], objective=ACCURACY, most=10) == measured[:10]


def test_the_best_value_is_a_line_for_each_run(small, run):
    line, points = incumbents([small]).panels[1].series
    assert list(points.x) == [1, 2, 3, 4]
    assert list(points.y) == [0.5, 0.6, 0.7, 0.9]
    assert list(line.x) == [1, 2, 3, 4, small.results.state.epochs]
    assert owners_of(points) == {0, 1}


def test_runs_with_different_objectives_are_not_drawn_on_one_axis(tmp_path, forty):
    search = Recorded(tmp_path / "loss", objective="val/loss")
    search.trial(0.5)
    search.finish()
    both = shown([Results.read(forty.path), Results.read(search.run_dir.path)])
    panels = incumbents(both).panels
    assert [p.y.title for p in panels] == ["val/accuracy"] * 2 + ["val/loss"] * 2
    two = shown([Results.read(forty.path), Results.read(forty.path)])
    assert len(incumbents(two).panels) == 2


# ---- workers, rungs, failures


def test_each_worker_has_its_row_with_its_attempts(run):
    figure = timeline(run)
    (panel,) = figure.panels
    assert [name for _, name in panel.y.ticks] == [f"vm {n}" for n in range(1, N_WORKERS + 1)]
    spans = [s for s in panel.series if s.kind == "spans"]
    assert owners_of(*spans) == set(range(40))
    assert sum(len(s.x) for s in spans) == 40
    for row in range(N_WORKERS):
        times = sorted(
            (x, x + size)
            for s in spans
            for x, y, size in zip(s.x, s.y, s.sizes, strict=True)
            if y == row
        )
        assert all(a[1] <= b[0] + 1e-6 for a, b in itertools.pairwise(times))


def test_idle_time_is_said(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5, 0.6)
    search.finish()
    (run,) = shown([Results.read(search.run_dir.path)])
    attempt = run.chronicle.attempts[0]
    busy = (attempt.ended_s - attempt.started_s) / run.chronicle.seconds
    assert f"idle {100 * (1 - busy):.0f} % of that" in timeline(run).caption


def test_a_row_of_rungs_counts_who_got_there(run):
    figure = rungs(run)
    (panel,) = figure.panels
    assert [name for _, name in panel.y.ticks] == [f"epoch {level}" for level in RUNGS]
    for row, level in enumerate(RUNGS):
        owners = [owner for s in panel.series for owner in s.owners[row]]
        assert sorted(owners) == sorted(run.owners(t for t in run.trials if t.epochs >= level))
    went_on = next(s for s in panel.series if s.name == "went on")
    assert len(went_on.owners[-1]) == 0


def test_failures_are_counted_by_cause(run, small):
    (series,) = failures(run).panels[0].series
    assert [len(owners) for owners in series.owners] == [2]
    assert failures(small).panels[0].y.ticks == ((0, "ValueError"), (1, "not finite"))
    assert "width is 0" in failures(small).panels[0].series[0].texts[0]


def test_without_failures_there_is_nothing_to_draw(tmp_path):
    search = Recorded(tmp_path / "run")
    search.trial(0.5)
    search.finish()
    (run,) = shown([Results.read(search.run_dir.path)])
    assert failures(run) is None
    assert lineage(run) is None


# ---- parameters


def test_importance_says_of_how_many_trials_it_is(known):
    figure = importance_figure(known)
    assert "of 38 trials" in figure.caption
    bars = figure.panels[0].series
    assert sum(len(s.x) for s in bars) == len(figure.panels[0].y.ticks)
    assert figure.panels[0].y.ticks[0][1].startswith("learning_rate")
    assert series_of(figure)["beyond chance"].texts[0] == "38 trials"


def test_few_trials_have_no_importance_but_slices(small):
    known = Parameters(small)
    assert importance_figure(known) is None
    assert next(p.title.partition(" ")[0] for p in slices(known).panels) == "width"


def test_a_slice_has_every_trial_in_which_the_parameter_was_active(known, run):
    panel = slices(known).panels[0]
    assert panel.title.startswith("learning_rate")
    assert panel.x.is_log
    points = [s for s in panel.series if s.name in ("trained in full", "stopped early")]
    assert owners_of(*points) == set(run.owners(run.ranking))
    medians = next(s for s in panel.series if s.name == "median and quartiles")
    assert "median 0." in medians.texts[0]
    best = max(range(len(medians.y)), key=medians.y.__getitem__)
    assert 3e-3 < medians.x[best] < 3e-2


def test_parallel_coordinates_have_a_line_for_each_trial(known, run):
    figure = parallel(known)
    assert isinstance(figure, Parallel)
    assert sorted(figure.owners) == sorted(run.owners(run.ranking))
    for dimension in figure.dimensions:
        assert len(dimension.places) == len(figure.owners)
        assert all(p == NOT_THERE or 0 <= p <= 1 for p in dimension.places)
    values = figure.dimensions[-1]
    assert values.title == "val/accuracy"
    best = figure.owners.index(run.owner(run.ranking[0].id))
    assert values.places[best] == 1.0 and figure.shades[best] == 1.0


def test_the_most_important_parameters_are_drawn_against_each_other(known, run):
    panels = pairs(known).panels
    assert panels[0].x.title.startswith("learning_rate")
    (points,) = panels[0].series
    one, other = known.drawn[:2]
    both = [t for t in run.ranking if is_active(one, t) and is_active(other, t)]
    assert [owner for (owner,) in points.owners] == run.owners(reversed(both))  # best on top
    assert list(points.shades) == sorted(points.shades)


def test_few_trials_are_not_paired(small):
    assert pairs(Parameters(small)) is None


def test_lineage_links_children_to_their_parents(run):
    figure = lineage(run)
    found = series_of(figure)
    children = {
        run.owner(t.id)
        for t in run.ranking
        if any(p in {r.id for r in run.ranking} for p in t.origin.get("parents", []))
    }
    links = [s for s in (found.get("made from"), found.get("the winner's line")) if s]
    assert owners_of(*links) == children
    assert f"{len(children)} of {len(run.ranking)} trials" in figure.caption

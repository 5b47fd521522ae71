"""What is in a report, in which order?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from raysearch.report.curves import incumbents, learning_curves
from raysearch.report.distributions import distributions
from raysearch.report.facts import configurations, run_facts
from raysearch.report.figure import Drawing, Section
from raysearch.report.front import front
from raysearch.report.lineage import lineage
from raysearch.report.machines import machines
from raysearch.report.pairs import pairs
from raysearch.report.parameters import Parameters, importance_figure, parallel, slices
from raysearch.report.shown import Shown
from raysearch.report.why import curves as why_curves
from raysearch.report.why import sentences as why_sentences
from raysearch.report.why import table as why_table
from raysearch.report.why import told_of
from raysearch.report.winner import architecture, graphs, mistakes
from raysearch.report.workers import failures, rungs, timeline
from raysearch.results.inspection import inspect_winner


def sections(runs: Sequence[Shown], *, with_models: bool = True) -> list[Section]:
    """Return the sections of a report on one run, or on several side by side.

    Args:
        runs: At least one.
        with_models: Whether the winners' models are opened, which loads torch.
    """
    known = {run.place: Parameters(run) for run in runs}
    found = [
        Section(title="Result", table=_facts(runs)),
        Section(title="Best value so far", drawings=(incumbents(runs),)),
        *[_why(run, is_one=len(runs) == 1) for run in runs],
        _wide(_of_each("Pareto front", runs, front)),
        _of_each("Learning curves", runs, learning_curves),
        _importance(runs, known),
        _wide(_of_each("Parallel coordinates", runs, lambda run: parallel(known[run.place]))),
        _wide(_of_each("Pairs", runs, lambda run: pairs(known[run.place]))),
        _wide(_of_each("Slices", runs, lambda run: slices(known[run.place]))),
        _wide(_of_each("Distributions", runs, distributions)),
        _of_each("How far trials got", runs, rungs),
        _of_each("Workers", runs, timeline),
        _of_each("Machines", runs, machines),
        _failures(runs),
        _of_each("Lineage", runs, lineage),
        *(_winners(runs) if with_models else []),
        *[_configuration(run, is_one=len(runs) == 1) for run in runs],
    ]
    return [section for section in found if section is not None]


def _winners(runs: Sequence[Shown]) -> list[Section]:
    """Return what the winners look like, and what they get wrong."""
    is_one = len(runs) == 1
    drawn: list[Drawing] = []
    wrong: list[Drawing] = []
    missing: list[str] = []
    for run in runs:
        seen = (
            inspect_winner(run.results, run.winner) if run.winner is not None else "there is none"
        )
        prefix = "" if is_one else f"{run.name}: "
        drawn += [named(drawing, run, is_one=is_one) for drawing in graphs(run)]
        if isinstance(seen, str):
            missing.append(f"{prefix}the winner's model cannot be looked at: {seen}")
            continue
        layers = architecture(run, seen)
        drawn += [named(layers, run, is_one=is_one)] if layers is not None else []
        if seen.predictions is not None:
            wrong.append(named(mistakes(run, seen.predictions), run, is_one=is_one))
        else:
            missing.append(f"{prefix}no predictions are drawn: {seen.reason}")
    text = ". ".join(missing) + ("." if missing else "")
    found = [Section(title="The winner's architecture", drawings=tuple(drawn), text=text)]
    return [*found, *([Section(title="Mistakes", drawings=tuple(wrong))] if wrong else [])]


def _of_each(
    title: str, runs: Sequence[Shown], draw: Callable[[Shown], Drawing | None], text: str = ""
) -> Section | None:
    """Return a section with a drawing for each run that has one; None if none has."""
    drawings = []
    for run in runs:
        drawing = draw(run)
        if drawing is not None:
            drawings.append(named(drawing, run, is_one=len(runs) == 1))
    return Section(title=title, drawings=tuple(drawings), text=text) if drawings else None


def _wide(section: Section | None) -> Section | None:
    return section and replace(section, is_wide=True)


def named(drawing: Drawing, run: Shown, *, is_one: bool) -> Drawing:
    """Return the drawing under the name of its run, where there are several."""
    return drawing if is_one else replace(drawing, title=run.name)


def _facts(runs: Sequence[Shown]) -> tuple[tuple[str, ...], ...]:
    by_run = [{row[0]: row[1] for row in run_facts(run)} for run in runs]
    labels = dict.fromkeys(label for facts in by_run for label in facts)
    head = ("", *(run.name for run in runs)) if len(runs) > 1 else ("", "")
    return (head, *((label, *(facts.get(label, "-") for facts in by_run)) for label in labels))


def _why(run: Shown, *, is_one: bool) -> Section | None:
    """Return why a run's winner won, against the second and the default."""
    told = told_of(run)
    if told is None:
        return None
    given: dict[str, Any] = {"importance": run.importance}
    return Section(
        title="Why this trial won" if is_one else f"Why the winner of {run.name} won",
        text=" ".join(why_sentences(run.results, told, **given)),
        table=why_table(run.results, told, **given),
        drawings=(why_curves(run, told),),
    )


def _importance(runs: Sequence[Shown], known: Mapping[int, Parameters]) -> Section:
    found = _of_each("Importance", runs, lambda run: importance_figure(known[run.place]))
    silent = [(run, run.importance.reason) for run in runs]
    why = "; ".join(
        (f"{run.name}: " if len(runs) > 1 else "") + reason for run, reason in silent if reason
    )
    text = f"Nothing is said of which parameters mattered: {why}." if why else ""
    return Section(
        title="Importance", drawings=found.drawings if found is not None else (), text=text
    )


def _failures(runs: Sequence[Shown]) -> Section:
    found = _of_each("Failures", runs, failures)
    return found or Section(title="Failures", text="No trial failed.")


def _configuration(run: Shown, *, is_one: bool) -> Section | None:
    rows = configurations(run)
    title = "The winner's configuration" if is_one else f"The winner of {run.name}"
    return Section(title=title, table=rows) if rows else None

"""Can the searcher and the scheduler that are named take the space, the objectives, their settings?

Each is constructed for that: ranges of settings, and what a method cannot search, its class knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.errors import ConfigurationError, UnsuitableSpace, one_of
from raysearch.experiment.components import (
    ANY_EPOCHS,
    able_schedulers,
    able_searchers,
    construct,
    searcher_for,
)
from raysearch.experiment.families import Family
from raysearch.experiment.inheritance import check_heirs
from raysearch.experiment.mutables import fixed_parameters
from raysearch.experiment.report import Report
from raysearch.experiment.several import Aims
from raysearch.experiment.values import Budget, Component
from raysearch.space import Float, Space
from raysearch.trial import Objective

ANY_SPACE = Space({"learning_rate": Float(0.0, 1.0)})
ANY_OBJECTIVE = Objective(metric="val/loss", direction="minimize")
"""What searchers and schedulers are tried with where the section in question is at fault."""


def try_methods(
    checked: Mapping[str, Any],
    *,
    space: Space | None,
    families: Sequence[Family] | None,
    links: Mapping[str, str],
    aims: Aims | None,
    searcher: Component | None,
    scheduler: Component | None,
    report: Report,
) -> None:
    """Report what the classes refuse when they are constructed.

    Args:
        checked: The checked sections.
        space: The search space; this and the following are None where they are at fault.
        families: The models.
        links: Argument -> parameter whose value it takes.
        aims: The objectives.
        searcher: What suggests.
        scheduler: What decides.
        report: Where the faults go.
    """
    given: dict[str, Any] = {
        "objective": ANY_OBJECTIVE if aims is None else aims.objective,
        "objectives": () if aims is None else aims.objectives,
        "seed": checked.get("seed", 0),
    }
    if searcher is not None:
        made = _try_searcher(searcher, space=space, given=given, report=report)
        if made is not None and space is not None:
            check_heirs(made, families=families or (), space=space, report=report)
    if scheduler is not None:
        fidelity = checked.get("fidelity")
        given |= {"max_epochs": ANY_EPOCHS if fidelity is None else fidelity.epochs}
        given |= {"if_asked": _if_asked(checked.get("budget"))}
        if space is not None and families is not None:
            asked = scheduler.settings.get("parameters") or ()
            models = [family.choice for family in families]
            fixed = fixed_parameters(space, models=models, links=links, asked=asked)
            given["if_asked"] |= {"space": space, "fixed": fixed}
        _try_scheduler(scheduler, given=given, report=report)


def _if_asked(budget: Budget | None) -> dict[str, Any]:
    """Return what a scheduler is told of the budget if it asks for it."""
    if budget is None:
        return {}
    return {"max_trials": budget.trials, "max_total_epochs": budget.epochs}


def _try_searcher(
    searcher: Component, *, space: Space | None, given: Mapping[str, Any], report: Report
) -> object | None:
    """Return the searcher, or None with the faults reported."""
    several = " for several objectives" if given["objectives"] else ""
    try:
        if space is None:
            made: object = construct(searcher, ANY_SPACE, **given)
        else:
            made = searcher_for(space, component=searcher, **given)
        return made
    except UnsuitableSpace as error:
        others = one_of(able_searchers(space or ANY_SPACE, but=searcher.name, **given))
        able = f"Methods that can search this space{several}: {others}."
        for text in error.faults:
            report.add(("searcher",), f"searcher: {text} {able}")
    except ConfigurationError as error:
        report.from_error(("searcher",), error)
    return None


def _try_scheduler(scheduler: Component, *, given: Mapping[str, Any], report: Report) -> None:
    try:
        construct(scheduler, **given)
    except UnsuitableSpace as error:
        of_search = {key: given[key] for key in ("objective", "objectives", "seed")}
        able = f"Schedulers for several objectives: {one_of(able_schedulers(**of_search))}."
        for text in error.faults:
            report.add(("scheduler",), f"scheduler: {text} {able}")
    except ConfigurationError as error:
        report.from_error(("scheduler",), error)

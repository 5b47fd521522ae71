"""Can the searcher and the scheduler that are named take the space, the objectives, their settings?

Each is constructed for that: ranges of settings, and what a method cannot search, its class knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raysearch.errors import ConfigurationError, UnsuitableSpace, one_of
from raysearch.experiment.components import (
    ANY_EPOCHS,
    able_schedulers,
    able_searchers,
    construct,
    searcher_for,
)
from raysearch.experiment.report import Report
from raysearch.experiment.several import Aims
from raysearch.experiment.values import Component
from raysearch.space import Float, Space
from raysearch.trial import Objective

ANY_SPACE = Space({"learning_rate": Float(0.0, 1.0)})
ANY_OBJECTIVE = Objective(metric="val/loss", direction="minimize")
"""What searchers and schedulers are tried with where the section in question is at fault."""


def try_methods(
    checked: Mapping[str, Any],
    *,
    space: Space | None,
    aims: Aims | None,
    searcher: Component | None,
    scheduler: Component | None,
    report: Report,
) -> None:
    """Report what the classes refuse when they are constructed.

    Args:
        checked: The checked sections.
        space: The search space; this and the following are None where they are at fault.
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
        _try_searcher(searcher, space=space, given=given, report=report)
    if scheduler is not None:
        fidelity = checked.get("fidelity")
        max_epochs = ANY_EPOCHS if fidelity is None else fidelity.epochs
        _try_scheduler(scheduler, max_epochs=max_epochs, given=given, report=report)


def _try_searcher(
    searcher: Component, *, space: Space | None, given: Mapping[str, Any], report: Report
) -> None:
    several = " for several objectives" if given["objectives"] else ""
    try:
        if space is None:
            construct(searcher, ANY_SPACE, **given)
        else:
            searcher_for(space, component=searcher, **given)
    except UnsuitableSpace as error:
        others = one_of(able_searchers(space or ANY_SPACE, but=searcher.name, **given))
        able = f"Methods that can search this space{several}: {others}."
        for text in error.faults:
            report.add(("searcher",), f"searcher: {text} {able}")
    except ConfigurationError as error:
        report.from_error(("searcher",), error)


def _try_scheduler(
    scheduler: Component, *, max_epochs: int, given: Mapping[str, Any], report: Report
) -> None:
    try:
        construct(scheduler, max_epochs=max_epochs, **given)
    except UnsuitableSpace as error:
        able = f"Schedulers for several objectives: {one_of(able_schedulers(**given))}."
        for text in error.faults:
            report.add(("scheduler",), f"scheduler: {text} {able}")
    except ConfigurationError as error:
        report.from_error(("scheduler",), error)

"""What do the sections of a document stand for, and are the settings of components in range?

Their ranges are known to the classes alone, which are constructed to find out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raysearch.errors import ConfigurationError, UnsuitableSpace, one_of
from raysearch.experiment.components import able_searchers, construct, searcher_for
from raysearch.experiment.datasets import DataSet
from raysearch.experiment.families import Family
from raysearch.experiment.mutables import fixed_parameters
from raysearch.experiment.report import Report
from raysearch.experiment.values import Component
from raysearch.space import Float, Space
from raysearch.trial import Objective, Value

ANY_SPACE = Space({"learning_rate": Float(0.0, 1.0)})
ANY_OBJECTIVE = Objective(metric="val/loss", direction="minimize")
ANY_EPOCHS = 1_000_000
"""What searchers and schedulers are tried with where the section in question is at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the sections stand for; None where a section is at fault."""

    data: DataSet | None
    families: tuple[Family, ...] | None
    space: Space | None
    links: Mapping[str, str]
    points: tuple[dict[str, Value], ...]
    objective: Objective | None
    searcher: Component | None
    scheduler: Component | None


def try_ranges(checked: Mapping[str, Any], parts: Parts, *, report: Report) -> None:
    """Report settings out of range, which the classes refuse when they are constructed."""
    fidelity = checked.get("fidelity")
    max_epochs = ANY_EPOCHS if fidelity is None else fidelity.epochs
    given: dict[str, Any] = {
        "objective": parts.objective or ANY_OBJECTIVE,
        "seed": checked.get("seed", 0),
    }
    try:
        if parts.searcher is not None:
            if parts.space is None:
                construct(parts.searcher, ANY_SPACE, **given)
            else:
                searcher_for(parts.space, component=parts.searcher, **given)
    except UnsuitableSpace as error:
        name = parts.searcher.name if parts.searcher else ""
        others = one_of(able_searchers(parts.space or ANY_SPACE, but=name, **given))
        able = f"Methods that can search this space: {others}."
        for text in error.faults:
            report.add(("searcher",), f"searcher: {text} {able}")
    except ConfigurationError as error:
        report.from_error(("searcher",), error)
    try:
        if parts.scheduler is not None:
            asked = _for_scheduler(checked, parts, component=parts.scheduler)
            construct(parts.scheduler, max_epochs=max_epochs, if_asked=asked, **given)
    except ConfigurationError as error:
        report.from_error(("scheduler",), error)


def _for_scheduler(
    checked: Mapping[str, Any], parts: Parts, *, component: Component
) -> dict[str, Any]:
    """Return what a scheduler is given if it asks for it, as far as it is known."""
    budget = checked.get("budget")
    found: dict[str, Any] = {
        "max_trials": budget and budget.trials,
        "max_total_epochs": budget and budget.epochs,
    }
    if parts.space is None or parts.families is None:
        return found
    fixed = fixed_parameters(
        parts.space,
        models=[family.choice for family in parts.families],
        links=parts.links,
        asked=component.settings.get("parameters") or (),
    )
    return {**found, "space": parts.space, "fixed": fixed}

"""How does the section `select` read: true, false, or a mapping with leaders and seeds?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field

from raysearch.experiment.remedies import BOOLEAN, sentence
from raysearch.experiment.report import Report
from raysearch.experiment.values import FORM, MOST_SEEDS, Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """How the leaders of the search are told apart before one of them wins."""

    __pydantic_config__ = FORM

    top: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 5
    """Leaders of the search that are trained again, at most as many as there are trials."""
    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS, strict=True)] = 3
    """How often each is trained again, every time with a new seed; the winner has the best mean."""

    @property
    def n_trainings(self) -> int:
        """Trainings in all."""
        return self.top * self.seeds


def select_of(value: object) -> object:
    """Return the mapping that true stands for, and None for false: the search's ranking decides."""
    if isinstance(value, bool):
        return {} if value else None
    if value is not None and not isinstance(value, dict):
        right = [BOOLEAN, "a mapping such as {top: 5, seeds: 3}"]
        raise ValueError(sentence(right, value=value))
    return value


def select_settings(select: Select | None) -> bool | dict[str, Any]:
    """Return the section `select`: false, or a mapping.

    Example:
        >>> select_settings(None), select_settings(Select(top=2))
        (False, {'top': 2, 'seeds': 3})
    """
    return False if select is None else asdict(select)


def select_in(settings: Mapping[str, Any]) -> Select | None:
    """Return what resolved settings, of any version, say of leaders.

    Example:
        >>> select_in({"select": {"top": 2, "seeds": 3}}), select_in({})
        (Select(top=2, seeds=3), None)
    """
    section = settings.get("select")
    return Select(**section) if isinstance(section, Mapping) else None


def check_select(checked: Mapping[str, Any], *, report: Report) -> None:
    """Report that more leaders are wanted than there are trials."""
    select: Select | None = checked.get("select")
    budget: Budget | None = checked.get("budget")
    if select is None or budget is None or budget.trials is None or select.top <= budget.trials:
        return
    most = budget.trials
    right = "1" if most == 1 else f"an integer from 1 to {most}"
    path = report.document.nearest(("select", "top"))
    report.add(
        path,
        f"select.top is {select.top}, and budget.trials is {most}: there are no more leaders than "
        f"trials. Write {right}, or raise budget.trials.",
    )

"""Which metric is improved, and is it one that the models log?

An objective is measured on the validation split. A training metric is refused because the model has
learnt from those examples and would be praised for knowing them by heart; a test metric because the
test split is opened once, for the winner.
"""

from __future__ import annotations

from collections.abc import Iterable

from raysearch.data_spec import Task
from raysearch.experiment.report import Report
from raysearch.experiment.settings import ObjectiveSection
from raysearch.models.metrics import LOGGED
from raysearch.trial import Direction, Objective

PATH = ("objective", "metric")


def validation_metrics(tasks: Iterable[Task]) -> dict[str, Direction]:
    """Return the metrics that can be an objective, with the better direction of each.

    Example:
        >>> validation_metrics(["regression"])
        {'val/rmse': 'minimize', 'val/mae': 'minimize', 'val/r2': 'maximize',
         'val/loss': 'minimize'}
    """
    return {f"val/{name}": direction for task in tasks for name, direction in LOGGED[task].items()}


def resolve_objective(
    section: ObjectiveSection | None, *, task: Task | None, report: Report
) -> Objective | None:
    """Return the objective, or None with the faults reported.

    Args:
        section: The checked section; None if it was at fault.
        task: The data's task; None if the data were at fault, and then any metric passes.
        report: Where the faults go.
    """
    if section is None:
        return None
    metrics = validation_metrics(LOGGED if task is None else [task])
    if section.metric not in metrics:
        _report_metric(section.metric, metrics=metrics, task=task, report=report)
        return None
    known = metrics[section.metric]
    if section.direction not in (None, known):
        right = "larger" if known == "maximize" else "smaller"
        text = f"{section.metric} is better when {right}. Leave direction out, or write {known}."
        report.wrong(("objective", "direction"), text)
        return None
    return Objective(metric=section.metric, direction=known)


def _report_metric(
    metric: str, *, metrics: dict[str, Direction], task: Task | None, report: Report
) -> None:
    split, _, name = metric.partition("/")
    counterpart = f"val/{name}" if f"val/{name}" in metrics else "a val/ metric"
    if split == "test":
        text = "The test split is opened once, for the winner, and cannot guide the search."
        report.wrong(PATH, f"{text} Use {counterpart}.")
    elif split == "train":
        text = "A search for it finds the model that learns the training data by heart."
        report.wrong(PATH, f"{text} Use {counterpart}.")
    else:
        kind = "a metric that the built-in families log"
        kind = f"{kind} for {task}" if task else kind
        report.choose(PATH, metric, kind=kind, valid=metrics)

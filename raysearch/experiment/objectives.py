"""Which metric is improved, and is it one that the models log?

An objective is measured on the validation split. A training metric is refused because the model has
learnt from those examples and would be praised for knowing them by heart; a test metric because the
test split is opened once, for the winner.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from raysearch.data_spec import Task
from raysearch.experiment.aim_sections import ObjectiveSection
from raysearch.experiment.document import Path, dotted
from raysearch.experiment.report import Report
from raysearch.models import own_metrics
from raysearch.models.metrics import LOGGED
from raysearch.trial import Direction, Objective

_SMALLER = (
    "loss error err mae mse rmse mape smape msle nll bpc bpd perplexity ppl wer cer ter fid kl "
    "elbo_loss cross_entropy crossentropy ce bce hinge log_loss logloss brier_score"
)
_LARGER = (
    "acc accuracy top1 top5 balanced_accuracy f1 f1_score fbeta precision recall sensitivity "
    "specificity auc auroc roc_auc auprc average_precision ap map iou miou jaccard dice bleu "
    "rouge psnr ssim r2 r2_score kappa cohen_kappa mcc matthews_corrcoef ndcg hit_rate elbo "
    "log_likelihood"
)
_LESS: Direction = "minimize"
DIRECTIONS: dict[str, Direction] = {
    **dict.fromkeys(_SMALLER.split(), "minimize"),
    **dict.fromkeys(_LARGER.split(), "maximize"),
}
"""Metric without its split -> the better direction: what is assumed of models of one's own."""


def validation_metrics(tasks: Iterable[Task]) -> dict[str, Direction]:
    """Return the metrics that can be an objective, with the better direction of each.

    Example:
        >>> validation_metrics(["regression"])
        {'val/rmse': 'minimize', 'val/mae': 'minimize', 'val/r2': 'maximize',
         'val/loss': 'minimize'}
    """
    return {f"val/{name}": direction for task in tasks for name, direction in LOGGED[task].items()}


def _common(families: Iterable[str]) -> dict[str, Direction]:
    """Return the metrics that all of these families log beside those of their task."""
    each = [own_metrics(name) for name in families]
    return {
        f"val/{name}": direction
        for name, direction in (each[0] if each else {}).items()
        if all(name in metrics for metrics in each)
    }


def known_direction(metric: str) -> Direction | None:
    """Return the better direction of a metric by its name, None if it is not in the table.

    Example:
        >>> known_direction("val_acc"), known_direction("valid/loss/dataloader_idx_0")
        ('maximize', 'minimize')
        >>> known_direction("val/reward") is None
        True
    """
    name = re.sub(r"/dataloader_idx_\d+$", "", metric.lower())
    return DIRECTIONS.get(re.sub(r"^(val|valid|validation|train|training)[/_-]", "", name))


def resolve_objective(
    section: ObjectiveSection | None,
    *,
    task: Task | None,
    is_own: bool,
    families: Iterable[str] = (),
    path: Path = ("objective",),
    measures: Iterable[str] = (),
    report: Report,
) -> Objective | None:
    """Return the objective, or None with the faults reported.

    Args:
        section: The checked section; None if it was at fault.
        task: The data's task; None if it is not known, and then the metrics of any task pass.
        is_own: Whether a model of the user's own may log whatever he likes.
        families: The built-in families of the experiment, which may log more than their task asks.
        path: Where the section stands.
        measures: What else can be an objective there; named in the message if this is none.
        report: Where the faults go.
    """
    if section is None:
        return None
    metrics = validation_metrics(LOGGED if task is None else [task]) | _common(families)
    if is_own:
        return _own(section, path=path, report=report)
    if section.metric not in metrics:
        beside = dict.fromkeys(measures, _LESS)
        _report_metric(
            section.metric, metrics=metrics | beside, task=task, path=path, report=report
        )
        return None
    known = metrics[section.metric]
    if section.direction not in (None, known):
        right = "larger" if known == "maximize" else "smaller"
        text = f"{section.metric} is better when {right}. Leave direction out, or write {known}."
        report.wrong((*path, "direction"), text)
        return None
    return Objective(metric=section.metric, direction=known)


def _own(section: ObjectiveSection, *, path: Path, report: Report) -> Objective | None:
    """Return the objective of a model of the user's own, whose names are his."""
    if re.match(r"test[/_-]", section.metric):
        text = "The test split is opened once, for the winner. Name another metric."
        report.wrong((*path, "metric"), text)
        return None
    direction = section.direction or known_direction(section.metric)
    if direction is None:
        report.add(
            report.document.nearest((*path, "metric")),
            f"{dotted(path)}: whether more or less of {section.metric} is better cannot be told by "
            f"its name. Write `{{metric: {section.metric}, direction: minimize}}`, or maximize.",
        )
        return None
    return Objective(metric=section.metric, direction=direction)


def _report_metric(
    metric: str, *, metrics: dict[str, Direction], task: Task | None, path: Path, report: Report
) -> None:
    path = (*path, "metric")
    split, _, name = metric.partition("/")
    counterpart = f"val/{name}" if f"val/{name}" in metrics else "a val/ metric"
    if split == "test":
        text = "The test split is opened once, for the winner, and cannot guide the search."
        report.wrong(path, f"{text} Use {counterpart}.")
    elif split == "train":
        text = "A search for it finds the model that learns the training data by heart."
        report.wrong(path, f"{text} Use {counterpart}.")
    else:
        kind = "a metric that the built-in families log"
        kind = f"{kind} for {task}" if task else kind
        report.choose(path, metric, kind=kind, valid=metrics, hint=_hint(metric))


def _hint(metric: str) -> str:
    """Return which task a metric is for, if it is none of those known to be right."""
    tasks = [task for task in LOGGED if metric in validation_metrics([task])]
    return f"{metric} is for {' and '.join(tasks)}." if tasks else ""

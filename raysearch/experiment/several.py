"""Which objectives are improved together, what may a model cost, and who wins in the end?

The sections `objectives`, `constraints`, `measure` and `choose`. What a model costs (`measure`) can
be an objective or a constraint beside what training reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from raysearch.data_spec import Task
from raysearch.errors import one_of
from raysearch.experiment.aim_sections import ObjectiveSection
from raysearch.experiment.document import Path, dotted
from raysearch.experiment.objectives import resolve_objective
from raysearch.experiment.report import Report
from raysearch.experiment.values import Budget, Choose, Measuring
from raysearch.measure import MEASURES, SECONDS, Constraint, parse_constraint
from raysearch.trial import Objective

A_MEASURE = "a measure of a model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """What a search is after."""

    objective: Objective
    """The only one, or the first of several."""
    objectives: tuple[Objective, ...] = ()
    """All of them where there are several, else empty."""
    constraints: tuple[Constraint, ...] = ()
    measuring: Measuring = Measuring()  # noqa: RUF009  frozen
    choose: Choose = Choose()  # noqa: RUF009  frozen

    @property
    def measures(self) -> tuple[str, ...]:
        """What is measured of each model before it is trained, in alphabetical order."""
        metrics = [objective.metric for objective in self.objectives]
        limits = [constraint.measure for constraint in self.constraints]
        names = {*metrics, *limits, *self.measuring.names}
        return tuple(name for name in MEASURES if name in names)

    def settings(self) -> dict[str, Any]:
        """Return the sections that say so, plain values; none that say nothing."""
        found: dict[str, Any] = {
            "objective": asdict(self.objective),
            "objectives": [asdict(objective) for objective in self.objectives],
            "constraints": {each.measure: each.condition for each in self.constraints},
        }
        if self.measures:
            found["measure"] = {**asdict(self.measuring), "names": list(self.measuring.names)}
        if self.objectives:
            found["choose"] = self.choose.settings()
        return {key: value for key, value in found.items() if value}


def resolve_aims(
    checked: Mapping[str, Any],
    *,
    task: Task | None,
    is_own: bool,
    families: Iterable[str],
    has_functions: bool,
    report: Report,
) -> Aims | None:
    """Return what a search is after, or None with the faults reported.

    Args:
        checked: The checked sections; those at fault are missing.
        task: The data's task; None if it is not known.
        is_own: Whether a model of the user's own may log whatever he likes.
        families: The built-in families of the experiment.
        has_functions: Whether a function trains by itself, of whose model nothing is known.
        report: Where the faults go.
    """
    given: dict[str, Any] = {
        "task": task,
        "is_own": is_own,
        "families": list(families),
        "report": report,
    }
    constraints = resolve_constraints(checked.get("constraints", {}), report=report)
    measuring, choose = checked.get("measure", Measuring()), checked.get("choose", Choose())
    for number, name in enumerate(measuring.names):
        report.choose(("measure", "names", number), name, kind=A_MEASURE, valid=MEASURES)
    objectives = _objectives(checked, **given)
    if objectives is None:
        return None
    aims = Aims(
        objective=objectives[0],
        objectives=objectives if len(objectives) > 1 else (),
        constraints=constraints,
        measuring=measuring,
        choose=choose,
    )
    if has_functions and aims.measures:
        place = next((key for key in _SECTIONS if report.document.has((key,))), "objective")
        report.add(
            (place,),
            f"{place}: {one_of(aims.measures)} cannot be measured, since the model is a function "
            "that builds its network itself. Report it as a metric, or search a LightningModule.",
        )
    _check_choose(aims, report=report)
    _check_budget(checked.get("budget"), aims=aims, report=report)
    return aims


_SECTIONS = ("constraints", "objectives", "measure")


def resolve_constraints(section: Mapping[str, Any], *, report: Report) -> tuple[Constraint, ...]:
    """Return the constraints that are sound, and report the others."""
    found = []
    for name, text in section.items():
        path = ("constraints", name)
        if name == SECONDS:
            report.wrong(
                path,
                "How long a trial trains is not known before it has. Make seconds an objective, or "
                "set a budget.",
            )
        elif name not in MEASURES:
            hint = "A metric of training is no constraint; make it an objective."
            is_metric = "/" in name
            report.unknown_key(path, kind=A_MEASURE, valid=MEASURES, hint=hint if is_metric else "")
        else:
            try:
                found.append(parse_constraint(name, text))
            except ValueError as error:
                report.wrong(path, str(error))
    return tuple(found)


def _objectives(
    checked: Mapping[str, Any], *, report: Report, **given: Any
) -> tuple[Objective, ...] | None:
    """Return the objectives, the only one or several; None with the faults reported."""
    sections: Sequence[ObjectiveSection] = checked.get("objectives", ())
    first: ObjectiveSection | None = checked.get("objective")
    if not sections:
        if first is not None and _is_measure(first.metric):
            _report_alone(("objective",), first.metric, report=report)
            return None
        found = resolve_objective(first, report=report, **given)
        return None if found is None else (found,)
    several = [
        _measured(section, path=("objectives", number), report=report)
        if _is_measure(section.metric)
        else resolve_objective(
            section,
            path=("objectives", number),
            measures=[*MEASURES, SECONDS] if number else (),
            report=report,
            **given,
        )
        for number, section in enumerate(sections)
    ]
    if any(objective is None for objective in several):
        return None
    sound = tuple(objective for objective in several if objective is not None)
    metrics = [objective.metric for objective in sound]
    for number, metric in enumerate(metrics):
        if metric in metrics[:number]:
            report.add(("objectives", number), f"objectives has {metric} twice. Name it once.")
            return None
    if _is_measure(metrics[0]):
        _report_alone(("objectives", 0), metrics[0], report=report)
        return None
    if first is not None and first.metric != metrics[0]:
        report.add(
            ("objective",),
            f"objective is {first.metric}, and the first of objectives {metrics[0]}. Leave "
            "objective out: with objectives it is the first of them.",
        )
        return None
    return sound


def _is_measure(metric: str) -> bool:
    return metric in MEASURES or metric == SECONDS


def _measured(section: ObjectiveSection, *, path: Path, report: Report) -> Objective | None:
    """Return the objective of a measure, of which less is better."""
    if section.direction == "maximize":
        text = f"Less of {section.metric} is better. Leave direction out, or write minimize."
        report.wrong((*path, "direction"), text)
        return None
    return Objective(metric=section.metric, direction="minimize")


def _report_alone(path: Path, metric: str, *, report: Report) -> None:
    """Report that nothing that training reports comes first."""
    report.add(
        path,
        f"{dotted(path)}: {metric} says what a model costs, not what it has learnt. Put a metric "
        f"that the models log first, as in `objectives: [val/loss, {metric}]`: it decides which "
        "epoch of a trial counts.",
    )


def _check_choose(aims: Aims, *, report: Report) -> None:
    """Report what `choose` names that is no objective, and what does not go with its `by`."""
    metrics, choose = [objective.metric for objective in aims.objectives], aims.choose
    if not aims.objectives:
        if report.document.has(("choose",)):
            text = "choose: there is one objective, and its best value wins. Leave choose out."
            report.add(("choose",), text)
        return
    goes_with = {"weights": "weighted", "order": "lexicographic", "tolerances": "lexicographic"}
    for key, by in goes_with.items():
        if getattr(choose, key) and choose.by != by:
            text = f"choose.{key} goes with by: {by}, and by is {choose.by}. Change one of them."
            report.add(("choose", key), text)
    named = (("weights", choose.weights), ("tolerances", choose.tolerances))
    for key, values in named:
        for name in values:
            report.choose(("choose", key, name), name, kind="one of the objectives", valid=metrics)
    for number, name in enumerate(choose.order):
        path = ("choose", "order", number)
        report.choose(path, name, kind="one of the objectives", valid=metrics)
    if choose.weights and not any(choose.weights.get(metric, 1.0) for metric in metrics):
        report.wrong(("choose", "weights"), "Give at least one objective a weight above 0.")


def _check_budget(budget: Budget | None, *, aims: Aims, report: Report) -> None:
    if aims.objectives and budget is not None and budget.patience is not None:
        report.add(
            ("budget", "patience"),
            f"budget.patience is {budget.patience}. It counts trials without a better value, and "
            f"of {len(aims.objectives)} objectives there is no single one. Leave it out, and give "
            "trials, epochs or minutes.",
        )

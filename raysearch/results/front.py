"""Which trials does no other one beat in every objective, and how did that front grow?

A trial is a point: its values at the best epoch of the first objective (`Trial.losses`). Rejected
trials, and those without a finite value of every objective, have no place on the front.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from raysearch import pareto
from raysearch.trial import Objective, Trial, TrialStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How much the front covered once a trial had ended."""

    trial: str
    """Its id."""
    at: float
    """Unix time in seconds."""
    share: float
    """Hypervolume from 0 to 1: of the box from the best to the worst value of each objective that
    any trial reached."""


def placed(trials: Iterable[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """Return the trials that may be on a front, in the order given.

    Where trials are trained on several folds, those with most of them: the mean of a few may be
    good because these are easy.
    """
    return next(iter(_by_folds(trials, objectives)), [])


def _by_folds(trials: Iterable[Trial], objectives: Sequence[Objective]) -> list[list[Trial]]:
    """Return trials with values of all objectives, apart by the folds that are done, most first."""
    known = [
        trial
        for trial in trials
        if trial.status is not TrialStatus.REJECTED
        and all(loss < float("inf") for loss in trial.losses(objectives))
    ]
    n_folds = sorted({trial.fold for trial in known}, reverse=True)
    return [[trial for trial in known if trial.fold == n] for n in n_folds]


def pareto_front(trials: Iterable[Trial], objectives: Sequence[Objective]) -> list[Trial]:
    """Return the trials on the front, the best of the first objective first.

    Example:
        >>> from raysearch.trial import Measurement
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> params = Objective(metric="params", direction="minimize")
        >>> def trial(number, accuracy, params):
        ...     values = {"val/accuracy": accuracy, "params": params}
        ...     measured = Measurement(epoch=1, step=1, values=values, seconds=1.0)
        ...     return Trial(
        ...         id=str(number), number=number, configuration={}, measurements=(measured,)
        ...     )
        >>> trials = [trial(0, 0.9, 100), trial(1, 0.8, 200), trial(2, 0.95, 300)]
        >>> [trial.id for trial in pareto_front(trials, [accuracy, params])]
        ['2', '0']
    """
    known = placed(trials, objectives)
    points = [trial.losses(objectives) for trial in known]
    members = [known[place] for place in pareto.front(points)]
    return sorted(members, key=lambda trial: (trial.losses(objectives), trial.number))


def hypervolume_curve(trials: Iterable[Trial], objectives: Sequence[Objective]) -> list[Covered]:
    """Return how the front grew: its share of the reached box after each trial that ended on it.

    In order of the ends. The reference point is the worst value of each objective, a tenth of the
    box beyond it, so that the ends of the front count as well.
    """
    known = sorted(
        (trial for trial in placed(trials, objectives) if trial.ended_at is not None),
        key=lambda trial: (trial.ended_at or 0.0, trial.number),
    )
    unit = pareto.scaled([trial.losses(objectives) for trial in known])
    reference = (1.0 + BEYOND,) * len(objectives)
    whole = (1.0 + BEYOND) ** len(objectives)
    curve: list[Covered] = []
    members: list[tuple[float, ...]] = []
    for place, trial in enumerate(known):
        if any(pareto.dominates(member, unit[place]) for member in members):
            continue
        members = [m for m in members if not pareto.dominates(unit[place], m)] + [unit[place]]
        share = pareto.hypervolume(members, reference=reference) / whole
        curve.append(Covered(trial=trial.id, at=trial.ended_at or 0.0, share=share))
    return curve


def by_choice(
    trials: Iterable[Trial], objectives: Sequence[Objective], *, choose: Mapping[str, Any]
) -> Iterator[Trial]:
    """Yield trials in the order in which they would be the winner.

    The first is what is chosen of the front; the next is what would be if that one were not there.
    Of the front those are chosen from that were trained in full, if there are any: what was stopped
    early may be there because it is small, and nobody knows what it would have learnt. Trials of
    fewer folds than others come behind all that have more.

    Args:
        trials: Of a search.
        objectives: Several.
        choose: The section `choose` of resolved settings.
    """
    for alike in _by_folds(trials, objectives):
        left = {trial.number: trial for trial in alike}
        points = {number: trial.losses(objectives) for number, trial in left.items()}
        yield from chosen_in_turn(left, points, objectives, choose=choose)


def chosen_in_turn(
    trials: Mapping[int, Trial],
    points: Mapping[int, pareto.Point],
    objectives: Sequence[Objective],
    *,
    choose: Mapping[str, Any],
) -> Iterator[Trial]:
    """Yield trials in the order in which they would be the winner, given what each is worth.

    Args:
        trials: By number.
        points: Number -> losses, one for each objective; what is not finite is not yielded.
        objectives: Several.
        choose: The section `choose` of resolved settings.
    """
    left = dict(points)
    while left:
        front = pareto.front(left)
        whole = [number for number in front if is_whole(trials[number])]
        offered = {number: left[number] for number in whole or front}
        chosen = chosen_of(offered, objectives, choose=choose)
        if chosen is None:
            return
        del left[chosen]
        yield trials[chosen]


def is_whole(trial: Trial) -> bool:
    """Return whether a trial was trained in full."""
    return trial.status is TrialStatus.COMPLETED


def chosen_of(
    points: Mapping[int, pareto.Point],
    objectives: Sequence[Objective],
    *,
    choose: Mapping[str, Any],
) -> int | None:
    """Return which of some points is chosen; see `by_choice`.

    Example:
        >>> accuracy = Objective(metric="val/accuracy", direction="maximize")
        >>> params = Objective(metric="params", direction="minimize")
        >>> points = {0: (-0.99, 900), 1: (-0.98, 200), 2: (-0.5, 100)}
        >>> rules = [
        ...     {"by": "knee"},
        ...     {"by": "weighted", "weights": {"params": 9}},
        ...     {"by": "lexicographic", "tolerances": {"val/accuracy": 0.005}},
        ...     {"by": "lexicographic", "order": ["params"]},
        ... ]
        >>> [chosen_of(points, [accuracy, params], choose=rule) for rule in rules]
        [1, 2, 0, 2]
    """
    metrics = [objective.metric for objective in objectives]
    by = choose.get("by", "knee")
    if by == "weighted":
        weights = choose.get("weights", {})
        return pareto.weighted(points, [weights.get(metric, 1.0) for metric in metrics])
    if by == "lexicographic":
        order = [*choose.get("order", ()), *metrics]
        axes = [metrics.index(metric) for metric in dict.fromkeys(order)]
        known = choose.get("tolerances", {})
        turned = {number: tuple(point[axis] for axis in axes) for number, point in points.items()}
        return pareto.lexicographic(turned, [known.get(metrics[axis], 0.0) for axis in axes])
    return pareto.knee(points)


def why_chosen(choose: Mapping[str, Any], *, front: Sequence[Trial]) -> str:
    """Return why the winner is the winner, a phrase for a person.

    Args:
        choose: The section of the settings.
        front: The Pareto front.

    Example:
        >>> why_chosen({"by": "weighted", "weights": {"params": 2}}, front=[])
        'least weighted sum (params 2) of the front'
    """
    by, n_whole = choose.get("by", "knee"), sum(map(is_whole, front))
    of = f"of a front of {len(front)} trial{'' if len(front) == 1 else 's'}"
    if not front:
        of = "of the front"
    elif 0 < n_whole < len(front):
        of += f", from the {n_whole} that were trained in full"
    if by == "weighted":
        named = ", ".join(f"{name} {value:g}" for name, value in choose.get("weights", {}).items())
        return f"least weighted sum ({named or 'equal weights'}) {of}"
    if by == "lexicographic":
        named = ", ".join(
            f"{name} within {value:g}" for name, value in choose.get("tolerances", {}).items()
        )
        order = ", then ".join(choose.get("order", ())) or "the objectives in their order"
        return f"best by {order}{f' ({named})' if named else ''} {of}"
    return f"knee {of}"


BEYOND = 0.1
"""How far the reference point of the hypervolume lies beyond the worst values, of their range."""

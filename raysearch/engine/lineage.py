"""Who took over whose weights, and with which hyperparameters was a model trained from its start?

Read from the trials of a search: each has the weights that it took over (`Trial.takeovers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from raysearch.trial import Configuration, Takeover, Trial, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Epochs of a model's history that were trained with one configuration."""

    trial: str
    """Id of the trial that trained them."""
    first: int
    """The first of these epochs, from 1."""
    last: int
    """The last one."""
    configuration: Configuration

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "trial": self.trial,
            "from_epoch": self.first,
            "to_epoch": self.last,
            "configuration": dict(self.configuration),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A trial took over the weights of another one."""

    trial: str
    source: str
    epoch: int
    """Epochs that the weights were trained."""
    changes: Mapping[str, tuple[Value | None, Value | None]]
    """Parameter -> its value in the source and from there on."""


def schedule_of(
    trials: Mapping[str, Trial], trial: str, *, epoch: int | None = None
) -> tuple[Stretch, ...]:
    """Return with which configurations the weights of a trial were trained, from the first epoch.

    Args:
        trials: All trials of the search, by id.
        trial: Id of the trial.
        epoch: After how many epochs of it; None for all that it has.

    Returns:
        Stretches that follow one another without a gap, from epoch 1 to `epoch`.
    """
    known = trials[trial]
    last = known.epochs if epoch is None else epoch
    found: list[Stretch] = []
    while last > 0:
        taken = _before(known, last)
        first = 1 if taken is None else taken.epoch + 1
        if first <= last:
            configuration = known.configuration_at(last)
            found.append(
                Stretch(trial=known.id, first=first, last=last, configuration=configuration)
            )
        if taken is None:
            break
        known, last = trials[taken.source], taken.epoch
    return tuple(reversed(found))


def _before(trial: Trial, epoch: int) -> Takeover | None:
    """Return the last takeover before an epoch of the trial's own, or None."""
    earlier = [taken for taken in trial.takeovers if taken.epoch < epoch]
    return earlier[-1] if earlier else None


def lineage(trials: Mapping[str, Trial]) -> tuple[Copied, ...]:
    """Return who took over whom, in order of epochs and then of trials."""
    found = [
        Copied(trial=trial.id, source=taken.source, epoch=taken.epoch, changes=taken.changes)
        for trial in trials.values()
        for taken in trial.takeovers
    ]
    return tuple(sorted(found, key=lambda copied: (copied.epoch, copied.trial)))


def tree(trials: Mapping[str, Trial]) -> tuple[str, ...]:
    """Return the descent of all trials as lines of text; empty where nothing was taken over.

    A line for each trial's beginning and for each time that it took over weights, below the one
    whose weights these are:

        0003 from its start
        ├─ 0007 from epoch 5: learning_rate 0.01 -> 0.013
        │  └─ 0001 from epoch 10
        └─ 0004 from epoch 5
    """
    copied = lineage(trials)
    if not copied:
        return ()
    involved = {each.trial for each in copied} | {each.source for each in copied}
    children: dict[tuple[str, int], list[Copied]] = {}
    for each in copied:
        children.setdefault((each.source, _root(trials[each.source], each.epoch)), []).append(each)
    lines: list[str] = []
    for trial in trials:
        if trial in involved:
            lines += [f"{trial} from its start", *_below((trial, 0), children)]
    return tuple(lines)


def _root(trial: Trial, epoch: int) -> int:
    """Return the epoch at which the weights came to a trial that it had at another epoch."""
    taken = _before(trial, epoch)
    return 0 if taken is None else taken.epoch


def _below(
    root: tuple[str, int], children: Mapping[tuple[str, int], list[Copied]]
) -> Iterator[str]:
    found = children.get(root, [])
    for position, each in enumerate(found):
        is_last = position == len(found) - 1
        yield f"{'└─' if is_last else '├─'} {each.trial} from epoch {each.epoch}{_changed(each)}"
        for line in _below((each.trial, each.epoch), children):
            yield f"{'  ' if is_last else '│ '} {line}"


def _changed(copied: Copied) -> str:
    parts = [f"{key} {_text(old)} -> {_text(new)}" for key, (old, new) in copied.changes.items()]
    return f": {', '.join(parts)}" if parts else ""


def _text(value: Value | None) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

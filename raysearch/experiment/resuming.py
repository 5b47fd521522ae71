"""What does a search become when it is resumed with other settings?

The settings are those of its journal with what was asked for in place, or those of a changed
experiment file. All that is refused is refused here, together, before anything is written.

The journal rules: as long as nobody asks for another space, it is the journal's, also if a newer
version of raysearch recommends other ranges. A user's own code, which may describe ranges as well,
is asked anew. Once a space has changed, points that were tried drop out of the settings, since they
may lie outside, and nobody will try them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment.changes import (
    CHANGEABLE,
    budget_faults,
    changed_keys,
    is_same,
    setting_faults,
)
from raysearch.experiment.document import Document
from raysearch.experiment.environment import expand
from raysearch.experiment.experiment import Experiment
from raysearch.experiment.overrides import apply_overrides
from raysearch.experiment.plain import plain_document
from raysearch.experiment.reading import read
from raysearch.experiment.resolve import from_settings, resolve
from raysearch.experiment.space_changes import outside_note, space_faults
from raysearch.searchers.tried import key
from raysearch.space import Space
from raysearch.trial import Trial

MEANS_ANOTHER_SPACE = ("data", "model", "link")
"""Sections that parameters come from: where they change, the space says nothing by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A search as its journal has it."""

    settings: Mapping[str, Any]
    """As of its last session."""
    first_points: Sequence[Any]
    """The section `points` as it was when the search was started."""
    space: Mapping[str, Any]
    """As of its last session, as `Space.to_json` has it."""
    trials: Sequence[Trial]
    used: Mapping[str, float]
    """Key of the budget -> what has been used of it."""
    source: str
    """What the settings are called in messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for at a resume."""

    file: Path | None = None
    """An experiment file that stands in for all settings so far."""
    sections: Mapping[str, Any] = field(default_factory=dict)
    """Sections in Python's words, in place of those so far; ranges in `space` one by one."""
    overrides: Sequence[str] = ()
    """KEY=VALUE each, on top of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """What to go on with."""

    experiment: Experiment
    changed: tuple[str, ...]
    """Dotted keys of the settings that differ from before."""
    notes: tuple[str, ...] = ()
    """What a person should know before it goes on."""


def resumed(former: Former, wish: Wish) -> Resumed:
    """Return the experiment to go on with.

    Raises:
        ConfigurationError: With all that is wrong with what is asked for; or, where that is sound
            in itself, with all under which the evidence so far would not be valid.
    """
    before = from_settings(former.settings, source=former.source)  # this version's defaults
    space = Space.from_json(former.space)
    points = _points_left(before, trials=former.trials)
    after = resolve(_document(former, wish, before=before, points=points), default_name=before.name)
    changed, after = _compared(after, before=before, space=space, points=points)
    is_other = after.space != space
    faults = setting_faults(changed, before=before.settings, after=after.settings)
    if is_other and not {key.partition(".")[0] for key in changed} & set(MEANS_ANOTHER_SPACE):
        faults += space_faults(after.space, old=space, trials=former.trials)
    faults += budget_faults(after.budget, changed=changed, used=former.used)
    if faults:
        can = f"What can be changed: {', '.join(CHANGEABLE)}. Nothing was changed."
        raise ConfigurationError([*faults, can])
    note = outside_note(after.space, trials=former.trials) if is_other else ""
    return Resumed(experiment=after, changed=changed, notes=(note,) if note else ())


def _points_left(before: Experiment, *, trials: Iterable[Trial]) -> list[Any]:
    """Return the points, as they are written, that no trial has tried."""
    written = before.settings["points"]
    tried = {key(trial.configuration) for trial in trials} if written else set()
    pairs = zip(written, before.points, strict=True)
    return [point for point, whole in pairs if key(whole) not in tried]


def _document(former: Former, wish: Wish, *, before: Experiment, points: Sequence[Any]) -> Document:
    """Return what is asked for as a document, with the points that are left."""
    if wish.file is None:
        base = dict(former.settings)
        document = plain_document(_with_sections(base, wish.sections), source=former.source)
    else:
        document = _added(read(wish.file), wish.sections)
    written = document.values.get("points") or []
    known = (before.settings["points"], former.first_points)
    if any(is_same(written, points_so_far) for points_so_far in known):
        document.values["points"] = list(points)
    document = apply_overrides(document, wish.overrides)
    return document if wish.file is None else expand(document)


def _added(document: Document, sections: Mapping[str, Any]) -> Document:
    """Return what a file says, with sections that were given in Python in place of its own."""
    given = plain_document(
        _with_sections(document.values, sections), source=f"{document.source}, changed in Python"
    )
    values = {key: given.values[key] for key in sections}
    return replace(
        document,
        values={**document.values, **values},
        marks={p: mark for p, mark in document.marks.items() if p[0] not in sections},
        faults=(*document.faults, *given.faults),
    )


def _with_sections(settings: Mapping[str, Any], sections: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**settings, **sections}
    ranges = settings.get("space")
    if "space" in sections and isinstance(ranges, Mapping):
        merged["space"] = {**ranges, **sections["space"]}
    return merged


def _compared(
    after: Experiment, *, before: Experiment, space: Space, points: Sequence[Any]
) -> tuple[tuple[str, ...], Experiment]:
    """Return what differs, and the experiment with the space and the points that it goes on with.

    Points that were tried are no difference.
    """
    keeps_points = is_same(after.settings["points"], points)
    unreduced = {**after.settings, "points": before.settings["points"]}
    changed = changed_keys(before.settings, unreduced if keeps_points else after.settings)
    if not _is_own(after) and not any(name.startswith(("space", "model")) for name in changed):
        after = replace(after, space=space)
    if after.space == space and keeps_points:
        return changed, replace(after, points=before.points, settings=unreduced)
    if after.space != space and not any(name.startswith("space") for name in changed):
        changed = (*changed, "space")  # the code that describes it is another one
    return changed, after


def _is_own(experiment: Experiment) -> bool:
    """Return whether code of the user's own may say what is searched."""
    is_own_data = experiment.data is not None and experiment.data.is_own
    return is_own_data or any(choice.is_own for choice in experiment.models)

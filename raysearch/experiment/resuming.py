"""What does a search become when it is resumed with other settings?

The settings are those of its journal with what was asked for in place, or those of a changed
experiment file. All that is refused is refused here, together, before anything is written.

The journal rules: as long as nobody asks for another space, it is the journal's, also if a newer
version of raysearch recommends other ranges. A user's own code, which may describe ranges as well,
is asked anew. Once a space has changed, points that were tried drop out of the settings, since they
may lie outside, and nobody will try them again. Points that nobody has tried can be left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from raysearch.experiment.overrides import (
    COMPONENTS,
    SHORT_FORMS,
    apply_overrides,
    component_named,
)
from raysearch.experiment.plain import plain_document
from raysearch.experiment.point_changes import done, is_part, points_left, with_way_out
from raysearch.experiment.reading import read
from raysearch.experiment.resolve import from_settings, resolve
from raysearch.experiment.settings import Settings
from raysearch.experiment.space_changes import outside_note, space_faults
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
    points = points_left(before.settings["points"], whole=before.points, trials=former.trials)
    after = _resolved(_document(former, wish), former, before=before, points=points)
    changed, after = _compared(after, before=before, space=space, points=points)
    is_other = after.space != space
    faults = setting_faults(
        _judged(changed, after, points=points), before=before.settings, after=after.settings
    )
    if is_other and not {key.partition(".")[0] for key in changed} & set(MEANS_ANOTHER_SPACE):
        faults += space_faults(after.space, old=space, trials=former.trials)
    faults += budget_faults(after.budget, changed=changed, used=former.used)
    if faults:
        can = f"What can be changed: {', '.join(CHANGEABLE)}. Nothing was changed."
        raise ConfigurationError([*faults, can])
    note = outside_note(after.space, trials=former.trials) if is_other else ""
    return Resumed(experiment=after, changed=changed, notes=(note,) if note else ())


def _document(former: Former, wish: Wish) -> Document:
    """Return what is asked for as a document."""
    if wish.file is None:
        settings = _with_sections(former.settings, wish.sections)
        document = plain_document(settings, source=former.source)
        return apply_overrides(document, wish.overrides)
    document = _added(read(wish.file), wish.sections)
    return expand(apply_overrides(document, wish.overrides))


def _resolved(
    document: Document, former: Former, *, before: Experiment, points: Sequence[Any]
) -> Experiment:
    """Return the experiment of a document without the points that are not tried any more.

    Raises:
        ConfigurationError: With every fault of the document, and how to leave a point out.
    """
    written = document.values.get("points")
    written = list(written) if isinstance(written, list) else []
    known = [*before.settings["points"], *former.first_points]
    gone = done(written, left=points, known=known)
    # the default in their places lies in every space, and the others keep their numbers
    shown = [{} if n in gone else point for n, point in enumerate(written)]
    values = {**document.values, **({"points": shown} if written else {})}
    try:
        after = resolve(replace(document, values=values), default_name=before.name)
    except ConfigurationError as error:
        faults = with_way_out(error.faults, written=written, left=points)
        raise ConfigurationError(faults) from None
    left = [n for n in range(len(after.points)) if n not in gone]
    settings = {**after.settings, "points": [after.settings["points"][n] for n in left]}
    return replace(after, points=tuple(after.points[n] for n in left), settings=settings)


def _judged(changed: Sequence[str], after: Experiment, *, points: Sequence[Any]) -> list[str]:
    """Return the keys to be judged; points are not where some were only left out."""
    is_less = is_part(after.settings["points"], of=points)
    return [name for name in changed if name != "points" or not is_less]


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
    for role in (role for role in COMPONENTS if role in sections):
        merged[role] = _component(role, settings.get(role), asked=sections[role])
    return merged


def _component(role: str, former: Any, *, asked: Any) -> Any:
    """Return a searcher or scheduler: other settings of the former one, or another one.

    Example:
        >>> _component("scheduler", "none", asked={"reduction_factor": 4})
        {'name': 'none', 'reduction_factor': 4}
        >>> _component("scheduler", {"min_epochs": 3}, asked={"name": "none"})
        {'name': 'none'}
    """
    so_far = {SHORT_FORMS[role]: former} if isinstance(former, str) else former or {}
    if not isinstance(asked, Mapping) or not isinstance(so_far, Mapping):
        return asked
    default = Settings.model_fields[role].default.name
    name = component_named(so_far) or default
    return {**so_far, **asked} if component_named(asked) in (None, name) else asked


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

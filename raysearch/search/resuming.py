"""What is driven when a search goes on where its run directory ends, perhaps with changes?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from raysearch.driving import Drive, set_damage_aside
from raysearch.experiment.fingerprints import fingerprinted
from raysearch.experiment.objects import plain_settings, provide_again
from raysearch.experiment.resuming import Former, Wish, resumed
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir.events import SearchStarted


def resumed_drive(
    run_dir: str | Path,
    *,
    file: str | Path | None,
    overrides: Sequence[str],
    asked: Mapping[str, Any],
    again: Mapping[str, Any],
    address: str | None,
    from_intact: bool,
) -> Drive:
    """Return what `Search.resume` drives; see there.

    Args:
        run_dir: A run directory.
        file: A changed experiment file, in place of the settings so far.
        overrides: Settings to change, as "budget.trials=200".
        asked: Sections that are given anew, as `Search` takes them; None where one is not.
        again: Objects without an import path, given again.
        address: Of a running Ray cluster; None starts a private Ray.
        from_intact: Whether to go on from before a damage of the journal.
    """
    results = Results.read(run_dir)
    if results.damage is not None and not from_intact:
        raise results.damage
    state = results.state
    objects = provide_again(state.settings, given=again)
    former = Former(
        settings=state.settings,
        first_points=_first_points(results.run_dir),
        space=state.space,
        trials=list(state.trials.values()),
        used=state.used,
        source=str(results.run_dir.experiment_file),
    )
    wish = Wish(
        file=None if file is None else Path(file),
        sections=plain_settings(dict(asked))[0],
        overrides=tuple(overrides),
    )
    found = resumed(former, wish)
    aside = (set_damage_aside(results.run_dir),) if from_intact else ()
    return Drive(
        experiment=fingerprinted(found.experiment, known=state.fingerprints),
        run_dir=RunDir(run_dir),
        address=address,
        objects=objects,
        resumes=True,
        changed=found.changed,
        notes=(*aside, *found.notes),
    )


def _first_points(run_dir: RunDir) -> Sequence[Any]:
    """Return the points that a search was started with, also if they have been tried since."""
    started = next((e for e in run_dir.events() if isinstance(e, SearchStarted)), None)
    points: Sequence[Any] = [] if started is None else started.settings.get("points", [])
    return points

"""How does the winner of a search become smaller? Search for a recipe, apply it, and record it.

The recipe is searched on the winner as it was before the refit, by validation data, and then
applied to the model that was handed over. The test split stays closed: `test` opens it for both
models at once, or, where it was opened already, `test --force`, which is recorded.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from raysearch.compression.applying import apply_recipe
from raysearch.compression.bound import COST, DROP_ERROR, LATENCY, LATENCY_1, SIZE
from raysearch.compression.confirming import Judged
from raysearch.compression.latency import latencies_ms
from raysearch.compression.needs import refuse_without
from raysearch.compression.recipe import Recipe
from raysearch.compression.searching import Chosen, search_recipes
from raysearch.compression.subject import Subject, best_of, handed_over
from raysearch.compression.wish import Wish
from raysearch.errors import ConfigurationError
from raysearch.results.found import Found
from raysearch.results.messages import refuse_without_winner
from raysearch.results.refit_seeds import Record
from raysearch.results.winner_folder import COMPRESSED, FOLDER
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.training.checkpoints import write_whole
from raysearch.trial import Trial

FINAL_RUNS = 500
"""How often the latencies that are recorded are measured."""
SEARCHES = "compression"
"""Folder of the searches for recipes, each a run directory of its own."""
ABOUT = "about.json"
"""File of such a run directory that says of which model it is, and what was wished for."""
RECIPE = f"{FOLDER}/compressed/recipe.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a compression came to."""

    chosen: Chosen
    made: ev.Compressed | None = None
    """What was written and journalled; None if nothing was."""
    why_not: str = ""
    """Why nothing was, for a person; empty if something was."""


def compress_winner(
    found: Found, *, wish: Wish, record: Record, say: Callable[[str], None]
) -> Outcome:
    """Search for a recipe for the winner, and apply the best to the model that was handed over.

    Args:
        found: The search; its state includes what `record` journals.
        wish: What is searched for.
        record: Journals what was made.
        say: Told what is begun, and of each recipe that was tried.

    Raises:
        RunDirectoryError: There is no winner, or its checkpoint cannot be read.
        ConfigurationError: Packages or classes are not installed here.
        Unsupported: The model cannot be written as ONNX, so nothing of it can be compressed.

    Side effects:
        Writes a run directory below compression/ and goes on with one that was interrupted; writes
        winner/compressed/, then journals it.
    """
    refuse_without(what="compress")
    trial = refuse_without_winner(found)
    subject = best_of(found, trial)
    run_dir = search_folder(found, trial, wish=wish)
    chosen = search_recipes(subject, wish=wish, run_dir=run_dir, say=say)
    if chosen.best is None:
        drop = chosen.bound.max_drop
        return Outcome(
            chosen=chosen,
            why_not=f"no recipe makes it smaller and faster with {found.objective.metric} worse by "
            f"{drop:.3g} at most; nothing was written to {FOLDER}/",
        )
    try:
        final = handed_over(found)
    except ConfigurationError as error:
        return Outcome(chosen=chosen, why_not=str(error))
    made = _make(found, final, chosen=chosen, best=chosen.best)
    record(made)
    return Outcome(chosen=chosen, made=made)


def search_folder(found: Found, trial: Trial, *, wish: Wish) -> RunDir:
    """Return where recipes are searched: the latest place of the same search, or a new one.

    Side effects:
        Makes the folder and its `about.json`.
    """
    best = trial.best(found.objective)
    about = {
        "trial": trial.id,
        "epoch": None if best is None else best.epoch,
        "wish": wish.to_json(),
    }
    parent = found.run_dir.path / SEARCHES
    numbers = sorted(int(p.name) for p in parent.glob("[0-9]*") if p.name.isdecimal())
    for number in reversed(numbers):
        with suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads((parent / f"{number:04d}" / ABOUT).read_text())
            known["wish"] = {**Wish().to_json(), **known["wish"]}  # of an older version
            if known == about:
                return RunDir(parent / f"{number:04d}")
    number = numbers[-1] + 1 if numbers else 1
    key = f"{SEARCHES}/{number:04d}"
    found.run_dir.storage.put(f"{key}/{ABOUT}", (json.dumps(about, indent=2) + "\n").encode())
    return RunDir(found.run_dir.path / key)


def _make(found: Found, final: Subject, *, chosen: Chosen, best: Judged) -> ev.Compressed:
    """Apply the chosen recipe to the model that was handed over."""
    recipe, trial = best.recipe, best.trial
    path = found.run_dir.path.absolute() / COMPRESSED
    original = path.with_name("original.onnx")
    plain = apply_recipe(final, Recipe(), to=original, all_data=False)
    is_refit = final.model is not None and final.model.refit
    if is_refit:
        applied = apply_recipe(final, recipe, to=path, all_data=True)
        seconds, left, size_bytes = applied.seconds, applied.left, applied.size_bytes
    else:  # it is the very model that was searched on
        source = chosen.run_dir.path / f"trials/{trial.id}/model.onnx"
        write_whole(partial(_copy, source), path=path)
        seconds, left, size_bytes = trial.seconds, "", path.stat().st_size
    original_values = chosen.trials[0].last.values if chosen.trials[0].last else {}
    values, of_original = _values(best.values), _values(original_values)
    for name, batch_size in ((LATENCY, batch_size_of(chosen)), (LATENCY_1, 1)):
        times = latencies_ms(
            {"original": original, "compressed": path},
            call=plain.example,
            batch_size=batch_size,
            runs=FINAL_RUNS,
        )
        values[name], of_original[name] = times["compressed"], times["original"]
    values[SIZE], of_original[SIZE] = float(size_bytes), float(plain.size_bytes)
    made = ev.Compressed(
        at=time.time(),
        trial=final.trial.id,
        path=COMPRESSED,
        size_bytes=size_bytes,
        original_bytes=plain.size_bytes,
        recipe=recipe.to_json(),
        values=values,
        original=of_original,
        seconds=seconds,
        search=chosen.run_dir.path.relative_to(found.run_dir.path).as_posix(),
        left=left,
    )
    found.run_dir.storage.put(RECIPE, _recipe_file(made))
    return made


def _copy(source: Path, to: Path) -> None:
    shutil.copyfile(source, to)


def batch_size_of(chosen: Chosen) -> int:
    """Return the examples in the batch whose latency counts."""
    about = json.loads((chosen.run_dir.path / ABOUT).read_text())
    return int(about["wish"]["batch_size"])


def _values(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return what was measured of a recipe, without what is only the search's."""
    return {
        name: value
        for name, value in values.items()
        if name not in (COST, DROP_ERROR) and not name.startswith("original_")
    }


def _recipe_file(made: ev.Compressed) -> bytes:
    document = {
        "schema_version": 1,
        "trial": made.trial,
        "recipe": dict(made.recipe),
        "left": made.left,
        "size_bytes": made.size_bytes,
        "original_bytes": made.original_bytes,
        "validation": dict(made.values),
        "original": dict(made.original),
        "search": made.search,
    }
    return (json.dumps(document, indent=2) + "\n").encode()

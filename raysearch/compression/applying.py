"""What becomes of a model by a recipe? An ONNX file, and what was left as it was."""

from __future__ import annotations

import time
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch

from raysearch.compression.aware import Rounding
from raysearch.compression.change import Changed, Given
from raysearch.compression.fine_tuning import fine_tune
from raysearch.compression.lesson import lesson_for
from raysearch.compression.onnx_file import compare, write_onnx
from raysearch.compression.quantising import quantise
from raysearch.compression.recipe import METHODS, Recipe
from raysearch.compression.sparse import write_sparse
from raysearch.compression.stored import store_in_eight_bits
from raysearch.compression.subject import Subject
from raysearch.compression.tracing import Traced, trace
from raysearch.errors import Unsupported
from raysearch.imports import load_object
from raysearch.scratch import scratch_folder
from raysearch.training.checkpoints import write_whole
from raysearch.training.isolation import isolated
from raysearch.training.trained import Call, open_trained, recorded_calls

N_BATCHES = 2
"""Batches of validation data from which shapes are learnt."""
N_CALIBRATION = 8
"""Batches of training data from which ranges of activations are learnt."""
AWARE_RATE = 0.1
"""Share of the trial's learning rate with which a model learns to be computed in eight bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a recipe came to."""

    path: Path
    """The ONNX file."""
    size_bytes: int
    seconds: float
    left: str
    """What was left as it was, as a phrase; empty if nothing was."""
    example: Call
    """What the model was given once."""


def apply_recipe(
    subject: Subject, recipe: Recipe, *, to: Path, all_data: bool, repeat: int = 0
) -> Applied:
    """Make a model smaller and write it as an ONNX file.

    Args:
        subject: The model, whose files stay as they are.
        recipe: How.
        to: Where the file shall be; one that is there is replaced.
        all_data: Whether it is trained on validation data, too, as a model that was refitted.
        repeat: How often it was applied before; see `fine_tune`.

    Raises:
        Unsupported: The model cannot be changed or computed in that way; nothing is written.
        ConfigurationError: A package or class is not installed here.
        TrialFailed: Its training failed. What model and data raise passes through.

    Side effects:
        Writes the file, atomically.
    """
    begun_s = time.monotonic()
    with isolated(threads=subject.job.threads), scratch_folder("compress") as folder:
        # what a fit leaves behind, such as logs of the user's, goes to a place of its own
        subject = replace(subject, job=replace(subject.job, directory=str(folder)))
        parts = open_trained(subject.job, subject.checkpoint)
        calls = recorded_calls(parts, job=subject.job, source="validation", n_batches=N_BATCHES)
        of_training: list[Call] = []
        if recipe.int8 in ("static", "aware"):
            of_training = recorded_calls(
                parts, job=subject.job, source="train", n_batches=N_CALIBRATION
            )
        changed = _changed(
            subject, parts.model, recipe=recipe, calls=calls, all_data=all_data, repeat=repeat
        )
        model = changed.model
        seen = computed(model, calls)
        traced = trace(model, seen)
        plain = folder / "plain.onnx"
        write_onnx(traced, outputs=seen[0].outputs, path=plain)
        parity = compare(seen, path=plain)
        if not parity.is_rounding:
            raise Unsupported(
                f"what onnxruntime computes differs by {parity.largest_difference:.2g} from the "
                "model: more than rounding"
            )
        left = [changed.left]
        left.append(_finished(recipe, plain, to=to, traced=traced, calls=of_training))
    return Applied(
        path=to,
        size_bytes=to.stat().st_size,
        seconds=time.monotonic() - begun_s,
        left="; ".join(text for text in left if text),
        example=calls[0],
    )


def _changed(
    subject: Subject,
    model: Any,
    *,
    recipe: Recipe,
    calls: list[Call],
    all_data: bool,
    repeat: int,
) -> Changed:
    """Return the model with the first half of the recipe, and trained for the second."""
    changed = _structured(subject, model, recipe=recipe, calls=calls)
    train = partial(
        fine_tune,
        changed.model,
        job=subject.job,
        all_data=all_data,
        repeat=repeat,
        after_step=changed.after_step,
    )
    with ExitStack() as stack:
        if recipe.trains:
            lesson = lesson_for(subject, changed.model, is_needed=changed.lesson)
            stack.enter_context(lesson or nullcontext())
        if recipe.method != "none":
            try:
                train(epochs=recipe.epochs, rate=changed.rate)
            finally:
                if changed.finish is not None:
                    changed.finish()
        if recipe.int8 == "aware":
            with Rounding(changed.model):
                train(epochs=recipe.aware_epochs, rate=AWARE_RATE)
    changed.model.eval()
    return changed


def _structured(subject: Subject, model: Any, *, recipe: Recipe, calls: list[Call]) -> Changed:
    """Return the model as the recipe's method changes it, before it is trained."""
    if recipe.method == "none":
        return Changed(model=model)
    given = Given(
        subject=subject,
        model=model,
        calls=calls,
        keep=recipe.keep,
        student=recipe.student,
        blocks=recipe.blocks,
    )
    return cast(Changed, load_object(METHODS[recipe.method])(given))


def _finished(recipe: Recipe, plain: Path, *, to: Path, traced: Traced, calls: list[Call]) -> str:
    """Write the file that the recipe asks for; return what was left as it was."""
    if recipe.int8 == "weights":
        return store_in_eight_bits(plain, to=to)
    if recipe.int8 != "none":
        way = "dynamic" if recipe.int8 == "dynamic" else "static"
        return quantise(plain, to=to, way=way, names=traced.input_names, calls=calls)
    if recipe.method == "magnitude":
        return write_sparse(plain, to=to)
    data = plain.read_bytes()

    def save(path: Path) -> None:
        path.write_bytes(data)

    write_whole(save, path=to)
    return ""


def computed(model: Any, calls: list[Call]) -> list[Call]:
    """Return the calls with what a changed model returns."""
    with torch.no_grad():
        return [replace(call, outputs=model(*call.inputs)) for call in calls]

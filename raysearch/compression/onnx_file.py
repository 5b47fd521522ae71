"""How does a traced model become an ONNX file, and does that compute the same?

The file is plain ONNX: normalisations are folded into the convolutions before them, which changes
nothing but rounding, and whatever names files of this machine is taken out. Then onnxruntime
computes what the model was seen to compute, and the largest difference is stated.

References:
    ONNX, "Open Neural Network Exchange", onnx.ai (the format).
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from raysearch.compression.tracing import Traced
from raysearch.errors import TrialFailed, Unsupported
from raysearch.results.messages import phrase
from raysearch.scratch import scratch_folder
from raysearch.training.checkpoints import write_whole
from raysearch.training.served import OUTPUTS, OnnxForward, form_of
from raysearch.training.trained import Call

TOLERANCE = 1e-3
"""Largest difference that counts as rounding, as a share of the largest output, or of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """How an ONNX file differs from the model that it was made of."""

    largest_difference: float
    """The largest absolute difference of an output."""
    largest_output: float
    """The largest absolute value of an output of the model."""
    n_examples: int
    """Examples that were compared."""
    batch_sizes: tuple[int, ...]
    """Sizes of the batches that were compared, each once, in rising order."""

    @property
    def is_rounding(self) -> bool:
        """Whether the difference is no more than rounding."""
        return self.largest_difference <= TOLERANCE * max(1.0, self.largest_output)


def write_onnx(traced: Traced, *, outputs: Any, path: Path) -> None:
    """Write a model as an ONNX file whose batch size is free.

    Args:
        traced: Its graph.
        outputs: What its forward returned, whose form is noted in the file.
        path: Where the file shall be; one that is there is replaced.

    Raises:
        Unsupported: An operator has no counterpart in ONNX, or outputs are nested.

    Side effects:
        Writes the file, atomically.
    """
    import onnx

    try:
        form = form_of(outputs)
    except TypeError as error:
        raise Unsupported(
            "forward returns tensors inside of others, and ONNX knows none"
        ) from error
    with scratch_folder("onnx") as folder:
        raw, folded = folder / "raw.onnx", folder / "folded.onnx"
        with _quiet():
            try:
                program = torch.onnx.export(
                    traced.program,
                    dynamo=True,
                    verbose=False,
                    input_names=list(traced.input_names),
                    output_names=_output_names(outputs),
                )
                assert program is not None  # as `dynamo` has it
                program.save(str(raw))
            except Exception as error:  # the exporter's own classes, and those of torch
                raise Unsupported(f"it cannot be written as ONNX: {_why(error)}") from error
        _fold(raw, to=folded)
        model = onnx.load(folded)
    tidy(model)
    onnx.helper.set_model_props(model, {OUTPUTS: form})
    save_model(model, path=path)


def save_model(model: Any, *, path: Path) -> None:
    """Write an ONNX model, atomically."""
    data = model.SerializeToString()

    def save(to: Path) -> None:
        to.write_bytes(data)

    write_whole(save, path=path)


def compare(calls: Sequence[Call], *, path: Path) -> Parity:
    """Compute what a model was seen to compute with an ONNX file, and return how that differs.

    The first example alone is compared as well, as a batch of one.

    Args:
        calls: What the model was given, and returned.
        path: The ONNX file.

    Raises:
        TrialFailed: The file cannot be run.
    """
    forward = OnnxForward(path)
    first = calls[0]
    single = Call(
        inputs=tuple(value[:1] for value in first.inputs),
        outputs=pytree.tree_map(lambda value: value[:1], first.outputs),
    )
    difference = largest = 0.0
    compared = [*calls, single] if _has_batch_axis(first) else list(calls)
    for call in compared:
        try:
            found = pytree.tree_leaves(forward(*call.inputs))
        except Exception as error:
            raise TrialFailed(f"{path.name} cannot be run: {_why(error)}") from error
        for one, other in zip(pytree.tree_leaves(call.outputs), found, strict=True):
            difference = max(difference, _apart(one, other))
            largest = max(largest, _magnitude(one))
    return Parity(
        largest_difference=difference,
        largest_output=largest,
        n_examples=sum(call.n_examples for call in calls),
        batch_sizes=tuple(sorted({call.n_examples for call in compared})),
    )


def _has_batch_axis(call: Call) -> bool:
    leaves = pytree.tree_leaves(call.outputs)
    return all(leaf.ndim > 0 and len(leaf) == call.n_examples for leaf in leaves)


def _apart(one: Tensor, other: Tensor) -> float:
    if one.shape != other.shape:
        return math.inf
    if not one.numel():
        return 0.0
    apart = (one.double() - other.double()).abs()
    is_same = (one == other) | (one.isnan() & other.isnan())  # also two infinities
    found = float(apart.masked_fill(is_same, 0.0).max())
    return math.inf if math.isnan(found) else found


def _magnitude(value: Tensor) -> float:
    finite = value.double().abs()
    finite = finite[finite.isfinite()]
    return float(finite.max()) if finite.numel() else 0.0


def tidy(model: Any) -> None:
    """Take out of an ONNX model what only helps to look for faults, paths of this machine included.

    Changes the model in place.
    """
    graph = model.graph
    model.doc_string = graph.doc_string = ""
    model.producer_name = "raysearch"
    model.producer_version = ""
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        part.doc_string = ""
        del part.metadata_props[:]
    bodies = (graph, *model.functions)
    used = {""} | {node.domain for body in bodies for node in body.node}
    kept = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)


def _output_names(outputs: Any) -> list[str]:
    if isinstance(outputs, dict):
        return [f"output_{key}" for key in outputs]
    n = len(pytree.tree_leaves(outputs))
    return ["output"] if n == 1 else [f"output_{number}" for number in range(n)]


def _fold(source: Path, *, to: Path) -> None:
    """Let onnxruntime fold what is constant, and normalisations into what stands before them."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(to)
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    try:
        onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each status code
        raise Unsupported(f"onnxruntime cannot run it: {_why(error)}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from printing, logging and warning about its own inside."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    before = [logger.level for logger in loggers]
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)


def _why(error: BaseException) -> str:
    """Return what is at the bottom of an exporter's error, in one sentence."""
    while error.__cause__ is not None:
        error = error.__cause__
    return phrase(Exception(str(error) or type(error).__name__))[:300]

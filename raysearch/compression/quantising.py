"""How is an ONNX file computed in eight bits? By onnxruntime's own quantiser.

"static": weights and activations are int8 and uint8, the ranges of activations those of training
examples; in QDQ form, which onnxruntime turns into integer arithmetic. Weights have a scale for
each channel and seven bits, so that processors without VNNI do not overflow either: what is
measured here holds elsewhere. "dynamic": weights alone; activations by the range of each
batch. Not of convolutions, which were 25 times slower so.

References:
    Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", CVPR 2018.
    onnxruntime.ai, "Quantize ONNX models" (QDQ, ranges, seven bits).
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from raysearch.compression.onnx_file import save_model, tidy
from raysearch.errors import Unsupported
from raysearch.results.messages import phrase
from raysearch.scratch import scratch_folder
from raysearch.training.trained import Call

HEAVY = ("Conv", "ConvTranspose", "MatMul", "Gemm", "LSTM", "GRU", "RNN", "Einsum", "Attention")
"""Operators that do the work of a network."""
FEWEST = 4
"""Channels that a convolution must read for each output to be computed in eight bits."""
_QUANTISED = {"DequantizeLinear", "ConvInteger", "MatMulInteger", "DynamicQuantizeLSTM"}


def quantise(
    source: Path, *, to: Path, way: str, names: Sequence[str], calls: Sequence[Call]
) -> str:
    """Write an ONNX file whose operators compute in eight bits, where they can.

    Args:
        source: The file in floating point.
        to: Where the other is written, atomically.
        way: "static" or "dynamic".
        names: Of its inputs.
        calls: What the model is given in training, for the ranges of "static".

    Returns:
        Which operators were left as they were, as a phrase; empty if none.

    Raises:
        Unsupported: None of its operators can be quantised; nothing is written.
    """
    import onnx

    before = _heavy(onnx.load(source))
    with scratch_folder("int8") as folder:
        found = folder / "int8.onnx"
        with _quiet():
            try:
                _WAYS[way](source, found, names, calls)
            except Exception as error:  # the quantiser raises what it likes
                raise Unsupported(
                    f"onnxruntime cannot quantise it: {phrase(error)[:200]}"
                ) from error
        model = onnx.load(found)
    left = _heavy(model)
    if left == before:
        raise Unsupported(
            f"none of its operators can be computed in eight bits ({_counted(before)})"
            if before
            else "it has no operator that is computed in eight bits"
        )
    props = {prop.key: prop.value for prop in onnx.load(source).metadata_props}
    tidy(model)
    onnx.helper.set_model_props(model, props)
    save_model(model, path=to)
    return f"{_counted(left)} in floating point" if left else ""


def _static(source: Path, found: Path, names: Sequence[str], calls: Sequence[Call]) -> None:
    import onnx
    from onnxruntime import quantization

    quantization.quantize_static(
        str(source),
        str(found),
        Examples(names, calls),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
        nodes_to_exclude=narrow(onnx.load(source)),
        extra_options={"WeightSymmetric": True},
    )


def narrow(model: Any) -> list[str]:
    """Return the names of convolutions that read so few channels that integers make them slower.

    Those of the first layer, mostly, which have few weights.
    """
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    return [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and shapes.get(node.input[1], (0, FEWEST))[1] < FEWEST
    ]


def _dynamic(source: Path, found: Path, names: Sequence[str], calls: Sequence[Call]) -> None:
    from onnxruntime import quantization

    quantization.quantize_dynamic(
        str(source),
        str(found),
        op_types_to_quantize=["MatMul", "Gemm", "LSTM", "Attention"],  # not Conv: see above
        weight_type=quantization.QuantType.QInt8,
    )


_WAYS = {"static": _static, "dynamic": _dynamic}


class Examples:
    """Hands batches to the quantiser; its `CalibrationDataReader` by what it does."""

    def __init__(self, names: Sequence[str], calls: Sequence[Call]) -> None:
        self._batches: Iterator[dict[str, Any]] = iter(
            [
                {name: value.numpy() for name, value in zip(names, call.inputs, strict=True)}
                for call in calls
            ]
        )

    def get_next(self) -> dict[str, Any] | None:
        """Return the next batch, None after the last."""
        return next(self._batches, None)


def _heavy(model: Any) -> Counter[str]:
    """Return the operators that do the work in floating point, and how many there are of each."""
    made_by = {name: node.op_type for node in model.graph.node for name in node.output}
    return Counter(
        node.op_type
        for node in model.graph.node
        if node.op_type in HEAVY and not any(made_by.get(name) in _QUANTISED for name in node.input)
    )


def _counted(operators: Counter[str]) -> str:
    return ", ".join(f"{n} {name}" for name, n in sorted(operators.items()))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the quantiser from recommending steps that are done already."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)

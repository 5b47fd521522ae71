"""How good is a model that another runtime computes? An ONNX file in the place of its forward.

Metrics, data and the loop over batches stay those of the LightningModule; only what its `forward`
would compute comes from onnxruntime. So an exported or compressed model is measured by the same
code as the one that it was made of.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from raysearch.errors import ConfigurationError, TrialFailed

OUTPUTS = "raysearch.outputs"
"""Key in the metadata of an ONNX file: how forward returned its outputs, as JSON."""

SUFFIX = ".onnx"


def form_of(outputs: Any) -> str:
    """Return how tensors are returned, as JSON: "tensor", "tuple", "list" or the keys of a dict.

    Raises:
        TypeError: They are nested, or in something else.

    Example:
        >>> form_of(torch.zeros(1)), form_of({"mean": torch.zeros(1), "scale": torch.ones(1)})
        ('"tensor"', '["mean", "scale"]')
    """
    if isinstance(outputs, Tensor):
        return json.dumps("tensor")
    members = outputs.values() if isinstance(outputs, dict) else outputs
    if not all(isinstance(member, Tensor) for member in members):
        raise TypeError("tensors inside of others")
    if isinstance(outputs, dict):
        return json.dumps([str(key) for key in outputs])
    return json.dumps("list" if isinstance(outputs, list) else "tuple")


def session_for(path: str | Path, *, threads: int = 1) -> Any:
    """Return an onnxruntime session on the CPU.

    Args:
        path: The ONNX file.
        threads: That an operation may use, at least 1.

    Raises:
        ConfigurationError: onnxruntime is not installed.
        TrialFailed: The file is no model that it can run.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{path} is run by onnxruntime, which is not installed. Install it: pip install "
            "'raysearch[export]'."
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    # threads that wait by turning in circles would take the time of others
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise TrialFailed(f"{path} cannot be run: {' '.join(str(error).split())[:400]}") from error


class OnnxForward:
    """What takes the place of a model's forward.

    Args:
        path: The ONNX file.
        threads: That an operation may use, at least 1.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        self.session = session_for(path, threads=threads)
        self.n_calls = 0
        """How often it was called."""
        self._names = [given.name for given in self.session.get_inputs()]
        metadata = self.session.get_modelmeta().custom_metadata_map
        self._form = json.loads(metadata.get(OUTPUTS, '"tensor"'))

    def __call__(self, *inputs: Tensor) -> Any:
        """Return what the model makes of the inputs, in the form that its forward returns."""
        self.n_calls += 1
        arrays = [value.detach().cpu().contiguous().numpy() for value in inputs]
        found = self.run(arrays)
        outputs = [torch.from_numpy(array) for array in found]
        if self._form == "tensor":
            return outputs[0]
        if isinstance(self._form, list):
            return dict(zip(self._form, outputs, strict=True))
        return outputs if self._form == "list" else tuple(outputs)

    def run(self, arrays: Sequence[Any]) -> list[Any]:
        """Return the outputs for NumPy arrays, in the order of the inputs."""
        given = dict(zip(self._names, arrays, strict=False))
        return list(self.session.run(None, given))

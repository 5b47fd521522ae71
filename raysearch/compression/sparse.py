"""How does a file become shorter by weights that are zero? It lists the others with their places.

ONNX knows sparse tensors as constants, and onnxruntime makes them whole as it opens the file. Each
number that is listed takes twelve bytes instead of four, so that a tensor is listed only where less
than a third of it is not zero.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from raysearch.compression.onnx_file import save_model
from raysearch.training.served import session_for


def write_sparse(source: Path, *, to: Path) -> str:
    """Write an ONNX file with sparse tensors where that is shorter.

    Args:
        source: The file.
        to: Where the other shall be, atomically.

    Returns:
        What was left as it was, as a phrase; empty if nothing was.
    """
    import numpy as np
    import onnx

    model = onnx.load(source)
    dense: list[Any] = []
    n_listed = 0
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        flat = values.reshape(-1)
        places = np.flatnonzero(flat)
        if values.dtype != np.float32 or 12 * len(places) >= 4 * flat.size or not len(places):
            dense.append(tensor)
            continue
        n_listed += 1
        model.graph.sparse_initializer.append(
            onnx.helper.make_sparse_tensor(
                onnx.numpy_helper.from_array(flat[places], name=tensor.name),
                onnx.numpy_helper.from_array(places.astype(np.int64)),
                list(values.shape),
            )
        )
    del model.graph.initializer[:]
    model.graph.initializer.extend(dense)
    save_model(model, path=to)
    session_for(to)  # raises if this onnxruntime does not know them
    return "" if n_listed else "no tensor has so few weights that a list of them is shorter"

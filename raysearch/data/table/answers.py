"""How do a model's outputs become answers, and what does a checkpoint keep of the data for that?

What `table`, `images` and `text` have in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.data.table.classes import Label
from raysearch.data.table.target import Target
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STATE = "preprocessing"
"""Key under which a data module's part of a checkpoint has what was learnt from the data."""


def labels_of(target: Target, outputs: Any) -> list[Label] | NDArray[np.float64]:
    """Return the answers: the likeliest class of each row, or numbers in the target's unit.

    Shapes:
        outputs: (N, K) what a model gives, as a tensor or an array
        returns: (N,)
        N rows, K classes or 1
    """
    values = _array(outputs)
    if target.task == "regression":
        return values.reshape(len(values)) * target.std + target.mean
    return [target.classes[place] for place in values.argmax(1)]


def probabilities_of(target: Target, outputs: Any) -> NDArray[np.float64]:
    """Return the probability of each class, (N, K), in the order of `target.classes`.

    Raises:
        ConfigurationError: The target is a number.
    """
    import numpy as np

    if target.task == "regression":
        raise ConfigurationError(
            f"{target.name} is a number, which has no classes with probabilities. Use labels."
        )
    values = _array(outputs)
    powers = np.exp(values - values.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def stored_state(checkpoint: str | Path, *, kind: str | None) -> dict[str, Any]:
    """Return what a checkpoint keeps of the data that its model was trained on.

    Args:
        checkpoint: Its path.
        kind: Which data they must be; None for `table`, whose state does not say so.

    Raises:
        ConfigurationError: There is nothing in it, or it is of other data.
        FileNotFoundError: There is no such file.
    """
    import torch

    stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    for part in stored.values():
        state = part.get(STATE) if isinstance(part, dict) else None
        if isinstance(state, dict) and state.get("kind") == kind:
            return state
    raise ConfigurationError(
        f"{checkpoint} holds no preprocessing, so it was not written in a training on data "
        f"`{kind or 'table'}`."
    )


def check_state(state: Mapping[str, Any], *, now: Mapping[str, Any], path: str) -> None:
    """Refuse a checkpoint of a model whose inputs were prepared in another way.

    Raises:
        ConfigurationError: They were.
    """
    if state[STATE] != now:
        raise ConfigurationError(
            f"The checkpoint was written with {path} prepared in another way than now, so the "
            "model would be given other inputs than it learnt from. Put back the data and the "
            "arguments it was trained with, or train again."
        )


def check_schema(values: Mapping[str, Any], *, known: int) -> None:
    """Refuse what a newer version of raysearch wrote.

    Raises:
        ConfigurationError: A newer version of raysearch wrote it.
    """
    if values["schema_version"] > known:
        raise ConfigurationError(
            f"The preprocessing has schema version {values['schema_version']}, and this raysearch "
            f"knows up to {known}. Use a newer one."
        )


def _array(outputs: Any) -> NDArray[np.float64]:
    import numpy as np

    plain = outputs.detach().cpu().numpy() if hasattr(outputs, "detach") else outputs
    return np.asarray(plain, dtype=np.float64)

"""What does a checkpoint keep of the data, and does it belong to the data that are there now?

A model is of use only with what turned raw data into its inputs, so each data module leaves that in
every checkpoint, as plain JSON values.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from raysearch.errors import ConfigurationError

STATE = "preprocessing"
"""Key under which a data module's part of a checkpoint has it, where the module says no other."""


def stored_state(
    checkpoint: str | Path, *, data: str, key: str = STATE, kind: str | None = None
) -> dict[str, Any]:
    """Return what a checkpoint keeps of the data that its model was trained on.

    Args:
        checkpoint: Its path.
        data: Name of the data, for a message.
        key: Where they keep it.
        kind: What the entry "kind" must say; None where there is none.

    Raises:
        ConfigurationError: There is nothing in it, or it is of other data.
        FileNotFoundError: There is no such file.
    """
    import torch

    stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    for part in stored.values():
        state = part.get(key) if isinstance(part, dict) else None
        if isinstance(state, dict) and state.get("kind") == kind:
            return state
    raise ConfigurationError(
        f"{checkpoint} holds no preprocessing, so it was not written in a training on data "
        f"`{data}`."
    )


def check_state(
    state: Mapping[str, Any], *, now: Mapping[str, Any], path: str, key: str = STATE
) -> None:
    """Refuse a checkpoint of a model whose inputs were prepared in another way.

    Args:
        state: What a checkpoint keeps of a data module.
        now: What this data module would keep.
        path: The file of the data.
        key: Where it is kept.

    Raises:
        ConfigurationError: They were.
    """
    if state.get(key) != now:
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

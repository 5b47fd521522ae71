"""How is the winner of a search opened, ready to predict?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from raysearch.errors import RunDirectoryError
from raysearch.results.messages import to_type
from raysearch.results.winner_files import CONFIG, METRICS, MODEL
from raysearch.training.classes import load_class

if TYPE_CHECKING:
    from pytorch_lightning import LightningModule


def load_model(run: str | Path) -> LightningModule:
    """Return the winner's model, on the CPU and in eval mode.

    Args:
        run: The run directory; a copy will do.

    Raises:
        RunDirectoryError: There is no winner in it, or what is there is not whole.
        ConfigurationError: The model's class cannot be found here.

    Example:
        ::

            model = raysearch.load_model("runs/digits-20261123-170912")
            predictions = model(images)
    """
    model_class = load_class(winning_class(run))
    model: LightningModule = model_class.load_from_checkpoint(
        Path(run) / MODEL, map_location="cpu", weights_only=True
    )
    return model.eval()


def winning_class(run: str | Path) -> str:
    """Return the class of the winner's model as "package.module:Class".

    Raises:
        RunDirectoryError: There is no winner, or what is there is not whole.
    """
    path = Path(run)
    missing = [name for name in (MODEL, CONFIG, METRICS) if not (path / name).is_file()]
    if missing:
        raise RunDirectoryError(
            f"There is no whole model in {(path / 'winner').as_posix()}: "
            f"{Path(missing[0]).name} is missing. To hand it over: {to_type('refit', path)}."
        )
    try:
        return str(yaml.safe_load((path / CONFIG).read_text(encoding="utf-8"))["model"]["class"])
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise RunDirectoryError(
            f"{(path / CONFIG).as_posix()} does not name the model's class. To write it again: "
            f"{to_type('refit', path, '--again')}."
        ) from error

"""What does a process import that trains, known before it is begun and without torch?"""

from __future__ import annotations

import re
import sys

from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment
from raysearch.experiment.sources import source_file
from raysearch.imports import PREFIX
from raysearch.training.warmup import NEEDED

_OURS = "raysearch."

_IMPORTS_LIGHTNING = re.compile(r"^\s*(?:import|from)\s+lightning\b", re.MULTILINE)


def modules_for(experiment: Experiment) -> tuple[str, ...]:
    """Return the modules that any process imports which trains a trial of an experiment.

    The user's own are not among them: they are imported by each process for itself, since nobody
    knows what they do meanwhile. Which Lightning they use is guessed from their source; a wrong
    guess costs time alone.

    Returns:
        Their names. Where functions train, that is nothing of torch or Lightning: they import what
        they need.
    """
    if any(choice.kind == "function" for choice in experiment.models):
        return ("raysearch.training.function",)
    data = () if experiment.data is None else (experiment.data.class_path,)
    paths = [*(choice.class_path for choice in experiment.models), *data]
    modules = [path.partition(":")[0] for path in paths if not path.startswith(PREFIX)]
    uses_lightning = any(map(_imports_lightning, modules))
    if len(modules) < len(paths):  # objects: of the Lightning that is imported here
        uses_lightning |= "lightning.pytorch" in sys.modules
        uses_lightning &= "pytorch_lightning" not in sys.modules
    lightning = "lightning.pytorch" if uses_lightning else "pytorch_lightning"
    ours = (module for module in modules if module.startswith(_OURS))
    measuring = ("raysearch.training.model_cost",) if experiment.aims.measures else ()
    return (
        "raysearch.training.fit",
        "raysearch.training.evaluating",
        *measuring,
        *(f"{lightning}.{part}".rstrip(".") for part in NEEDED),
        *dict.fromkeys(ours),
    )


def own_modules(experiment: Experiment) -> tuple[str, ...]:
    """Return the modules of the user's that any process imports which trains a trial.

    Those of objects without an import path are not among them: nobody knows which they are.
    """
    data = () if experiment.data is None else (experiment.data.class_path,)
    paths = [*(choice.class_path for choice in experiment.models), *data]
    named = (path.partition(":")[0] for path in paths if not path.startswith(PREFIX))
    return tuple(dict.fromkeys(name for name in named if not name.startswith(_OURS)))


def _imports_lightning(module: str) -> bool:
    """Return whether a module of the user's is written for `lightning`, by its source."""
    if module.startswith(_OURS):
        return False
    try:
        file = source_file(module, name="")
        return file is not None and bool(_IMPORTS_LIGHTNING.search(file.read_text("utf-8")))
    except (ConfigurationError, OSError, UnicodeDecodeError):
        return False

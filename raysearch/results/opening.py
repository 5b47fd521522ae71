"""What does a person type to open the winner's model?"""

from __future__ import annotations

import json

from raysearch.imports import PREFIX, Kind


def opening_lines(checkpoint: str, *, run: str, kind: Kind, model_class: str) -> tuple[str, ...]:
    """Return the lines of Python that open the winner, with plain Lightning where that can.

    Args:
        checkpoint: Path of the model.
        run: Path of the run directory.
        kind: What trained it.
        model_class: What that is called: "package.module:Name", or "object:Name".

    Example:
        >>> paths = {"checkpoint": "model.ckpt", "run": ".."}
        >>> print(*opening_lines(**paths, kind="module", model_class="my.nets:Net"), sep=" | ")
        from my.nets import Net | model = Net.load_from_checkpoint("model.ckpt")
        >>> print(*opening_lines(**paths, kind="module", model_class="object:Net"), sep=" | ")
        model = Net.load_from_checkpoint("model.ckpt")  # Net is what was given to the search
        >>> print(*opening_lines(**paths, kind="builder", model_class="my.nets:build"), sep=" | ")
        import raysearch | model = raysearch.load_model("..")  # what build returns, trained
        >>> print(*opening_lines(**paths, kind="function", model_class="my.nets:train"))
        # "model.ckpt" is what train wrote, and is read in the same way
    """
    module, _, name = model_class.rpartition(":")
    path = json.dumps(checkpoint, ensure_ascii=False)
    if kind == "function":
        return (f"# {path} is what {name} wrote, and is read in the same way",)
    if kind == "builder":
        opened = f"model = raysearch.load_model({json.dumps(run, ensure_ascii=False)})"
        return "import raysearch", f"{opened}  # what {name} returns, trained"
    line = f"model = {name}.load_from_checkpoint({path})"
    if is_given(model_class):
        return (f"{line}  # {name} is what was given to the search",)
    return f"from {module} import {name.partition('.')[0]}", line


def is_given(model_class: str) -> bool:
    """Return whether it is an object that only the process has that it was given to."""
    return model_class.startswith(PREFIX)

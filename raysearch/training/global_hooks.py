"""Which hooks are called for every module and every optimiser of the process?

`torch.nn.modules.module.register_module_forward_hook` and its like keep theirs in variables of
torch's modules, for as long as the process lives.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

_MODULES = tuple(map(importlib.import_module, ("torch.nn.modules.module", "torch.optim.optimizer")))
_BEGINNING = "_global_"

Hooks = Mapping[tuple[str, str], Any]
"""Module of torch and name of the variable -> its value, or a copy if it is a dictionary."""


def read_hooks() -> Hooks:
    """Return the hooks there are now."""
    return {
        (module.__name__, name): dict(value) if isinstance(value, dict) else value
        for module in _MODULES
        for name, value in vars(module).items()
        if name.startswith(_BEGINNING)
    }


def set_hooks(hooks: Hooks) -> None:
    """Let these be all hooks that there are.

    Args:
        hooks: What `read_hooks` returned.
    """
    for module in _MODULES:
        for name, value in list(vars(module).items()):
            if not name.startswith(_BEGINNING):
                continue
            before = hooks[module.__name__, name]
            if isinstance(value, dict):  # torch holds on to it, so it stays the same one
                value.clear()
                value.update(before)
            else:
                setattr(module, name, before)

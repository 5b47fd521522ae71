"""What of Keras Tuner's tuners is not here, and what is there in its place?"""

from __future__ import annotations

from raysearch.checks import raise_faults

_CALLBACK = "Give search a Lightning callback, which sees every epoch and batch."
_LISTENER = "tuner.as_search(...).run(listeners=[...]) tells of every event."

_INSTEAD = {
    "load_model": "get_best_models opens the models of the best trials.",
    "on_batch_begin": _CALLBACK,
    "on_batch_end": _CALLBACK,
    "on_epoch_begin": _CALLBACK,
    "on_epoch_end": _CALLBACK,
    "on_search_begin": _LISTENER,
    "on_search_end": _LISTENER,
    "on_trial_begin": _LISTENER,
    "on_trial_end": _LISTENER,
    "oracle": "tuner.results has the trials, their ranking and the winner.",
    "pre_create_trial": _LISTENER,
    "reload": "A tuner of the same project_name has what was searched by itself.",
    "run_trial": "A trial that does everything itself is a function train(config, report), the "
    "model of a raysearch.Search.",
    "save": "Whatever is known is on disk already.",
    "save_model": "Checkpoints are written by themselves.",
}
"""Attribute of Keras Tuner's tuners -> what there is instead."""


def missing(kind: type, name: str) -> AttributeError:
    """Return the error for an attribute that a tuner does not have."""
    instead = f". {_INSTEAD[name]}" if name in _INSTEAD else ""
    return AttributeError(f"{kind.__name__} has no {name}{instead}", name=name)


def refuse_overridden(kind: type) -> None:
    """Check that a tuner of the user's own defines nothing that would never be called.

    Raises:
        ConfigurationError: It does.
    """
    raise_faults(
        *(
            f"{kind.__name__}.{name} would never be called. {instead}"
            for name, instead in _INSTEAD.items()
            if hasattr(kind, name)
        )
    )

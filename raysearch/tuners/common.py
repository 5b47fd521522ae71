"""What do all tuners take beside their method's own arguments?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from raysearch.checks import integer_fault
from raysearch.errors import ConfigurationError, unknown_name
from raysearch.tuners.hyperparameters import HyperParameters


class Common(TypedDict, total=False):
    """Keyword arguments of every tuner."""

    hyperparameters: HyperParameters | None
    """Hyperparameters whose ranges take precedence over those that `build` asks for."""
    tune_new_entries: bool
    """Whether what is not among them is searched, too (by default), or is at its default."""
    allow_new_entries: bool
    """Whether there may be others at all; True by default."""
    loss: Any
    """For plain networks: name of a function of torch.nn.functional, or a callable of outputs and
    targets."""
    optimizer: Any
    """For plain networks: name of a class of torch.optim ("Adam" by default), or a callable of the
    parameters, and of `hp` if it has an argument of that name."""
    metrics: Sequence[Any] | Mapping[str, Any] | None
    """For plain networks: "accuracy", "mae", "mse", metrics of torchmetrics, or callables."""
    max_model_size: int | None
    """Parameters that a model may have at most; a larger one is not trained, and its trial is
    rejected."""
    max_retries_per_trial: int
    """How often a trial that raised is tried again; 0 by default."""
    max_consecutive_failed_trials: int
    """The search ends when so many trials in a row have failed; 3 by default."""
    executions_per_trial: int
    """How often each configuration is trained, each time from another seed; 1 by default."""
    directory: str | Path | None
    """The parent of run directories; "runs" by default."""
    project_name: str | None
    """Name of the run directory. A search that is there already is gone on with. By default each
    search has a new one, named by hypermodel, date and time."""
    overwrite: bool
    """Whether a search that is there already is removed when this one begins."""
    minutes: float | None
    """Time after which the search ends, trials in training included; none by default."""
    scheduler: str | Mapping[str, Any] | None
    """What stops trials early, such as "asha" or "median", where the method itself does not."""
    parallel: int | None
    """Trials at once; by default what the machine allows. 1 makes a search repeatable."""
    resources: Any
    """What one trial is given, such as {"gpus": 1}: one core by default."""
    trainer: Mapping[str, Any] | None
    """Further arguments of Lightning's Trainer."""
    address: str | None
    """Of a running Ray cluster: "auto" or "HOST:PORT"."""


_ELSEWHERE = {
    "alpha": "How noisy a value is, is learnt from the trials.",
    "beta": "The next trial is the one whose expected gain is largest.",
    "distribution_strategy": "Trials run in parallel by themselves; see resources and address.",
    "logger": "TensorBoard's files are written by themselves; further loggers go into trainer.",
    "max_trials": "How many there are follows from the other arguments of this method.",
    "oracle": "The tuner's class says which method searches.",
    "tuner_id": "Several machines are one Ray cluster; see address.",
}
"""Argument of Keras Tuner -> what there is instead."""


def refuse_wrong(given: Mapping[str, Any]) -> None:
    """Check the names of keyword arguments, and those that nothing below checks.

    Raises:
        ConfigurationError: With all that is wrong.
    """
    faults = []
    valid = tuple(Common.__annotations__)
    for name in given:
        if name in _ELSEWHERE:
            faults.append(f"{name} is no argument of a tuner here. {_ELSEWHERE[name]}")
        elif name not in valid:
            faults.append(unknown_name(name, kind="an argument of a tuner", valid=valid))
    faults += [
        fault
        for name, least in (
            ("max_retries_per_trial", 0),
            ("max_consecutive_failed_trials", 1),
            ("executions_per_trial", 1),
        )
        if name in given and (fault := integer_fault(name, given[name], at_least=least))
    ]
    if given.get("max_model_size") is not None:
        fault = integer_fault("max_model_size", given["max_model_size"], at_least=1)
        faults += [fault] if fault else []
    if given.get("overwrite") and given.get("project_name") is None:
        faults.append(
            "overwrite is True, and project_name is missing: every search then has a new folder. "
            "Give project_name, too, or leave overwrite out."
        )
    if faults:
        raise ConfigurationError(faults)

"""What do other tools call the keys of an experiment file?

Who comes from Ray Tune, Optuna, Keras Tuner or Lightning writes their words at first.
"""

from __future__ import annotations

from collections.abc import Iterable

from raysearch.experiment.document import Path

_SAID_OTHERWISE = {
    "budget.minutes": "hours seconds timeout time_limit time_budget_s time_budget",
    "budget.trials": "num_samples n_trials max_trials num_trials n_iter",
    "checkpoint.every": "checkpoint_frequency checkpoint_freq",
    "data": "dataset datamodule data_module",
    "fidelity.max_epochs": "epochs n_epochs num_epochs max_t max_resource",
    "failures.attempts": "max_failures retries",
    "model": "network architecture module net",
    "objective.direction": "mode",
    "objective.metric": "monitor",
    "parallel": "n_jobs max_concurrent max_concurrent_trials num_workers",
    "resources.cpus": "num_cpus cpu_per_trial cpus_per_trial",
    "resources.gpus": "gpus num_gpus gpu_per_trial gpus_per_trial",
    "resources.workers": "num_workers_per_trial workers_per_trial n_devices num_devices",
    "scheduler": "pruner",
    "scheduler.min_epochs": "min_epochs grace_period min_resource min_t",
    "scheduler.reduction_factor": "reduction_factor eta factor",
    "scheduler.min_trials": "n_startup_trials min_samples_required",
    "searcher": "sampler search_alg algorithm tuner",
    "seed": "random_state random_seed",
    "space": "param_space search_space hyperparameters parameters config",
    "space.learning_rate": "lr",
}
"""Key of an experiment file -> what other tools call it."""

MEANT = {word: key for key, words in _SAID_OTHERWISE.items() for word in words.split()}
"""Word of another tool -> key of an experiment file."""


def meant_by(path: Path, *, keys: Iterable[str]) -> str | None:
    """Return the dotted key that a word of another tool stands for, None if it is not known.

    Args:
        path: Where the word was written, itself as the last key.
        keys: The keys that exist beside it.

    Returns:
        A key beside the word, or one of another section with the name of the section in front.

    Example:
        >>> meant_by(("objective", "mode"), keys=["metric", "direction"])
        'direction'
        >>> meant_by(("trainer", "gpus"), keys=["precision"])
        'resources.gpus'
        >>> meant_by(("scheduler", "grace_period"), keys=[]) is None
        True
    """
    target = MEANT.get(str(path[-1]))
    if target is None:
        return None
    section, _, key = target.partition(".")
    if path[0] == section and len(path) > 1:
        return key if key in keys else None
    return target

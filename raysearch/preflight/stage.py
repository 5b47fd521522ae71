"""How is an experiment tried before it is run? Stage 2 of `check`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from raysearch.engine.causes import OUT_OF_MEMORY
from raysearch.experiment import Experiment
from raysearch.experiment.means import HALVE_BATCH
from raysearch.preflight.corners import DEFAULT, Corner, corners_of
from raysearch.preflight.findings import Tried
from raysearch.preflight.record import Probe
from raysearch.preflight.verdict import Verdict, judge
from raysearch.scratch import scratch_folder
from raysearch.training.job import TrainingJob
from raysearch.training.jobs import job_for
from raysearch.trial import Trial

TIME_LIMIT_S = 20.0
"""Seconds after which no further configuration is tried."""


class RunProbe(Protocol):
    """Tries one configuration, here or in a worker; `raysearch.preflight.probe.probe` is one."""

    def __call__(self, job: TrainingJob, *, thorough: bool) -> Probe:
        """Return what was seen; a failure of the configuration is part of that."""
        ...


def preflight(
    experiment: Experiment,
    *,
    run_probe: RunProbe | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    say: Callable[[str], None] | None = None,
) -> Verdict:
    """Try the default configuration and the corners of an experiment, and judge them.

    Args:
        experiment: What would be searched.
        run_probe: Tries one configuration; None for this process, which then imports torch.
        time_limit_s: Seconds after which no further configuration is begun. The default one, and
            one for each checkpoint that is begun from, are tried in any case.
        say: Told what is tried: "trying cnn, highest (3 of 27)".

    Returns:
        The verdict; its faults are not raised.

    Side effects:
        Runs user code, with checkpoints in a temporary folder that is removed at the end.
    """
    began_s = time.monotonic()
    run = run_probe or _probe_here
    wanted = corners_of(experiment)
    tried: list[Tried] = []
    left_out: list[Corner] = []
    settled: set[str] = set()  # families of which nothing more is to be learnt
    with scratch_folder("preflight") as folder:
        for number, corner in enumerate(wanted):
            if corner.family in settled:
                continue
            next_s = tried[-1].probe.seconds if len(tried) > 1 else 0.0  # the first loads libraries
            is_late = time.monotonic() - began_s + next_s > time_limit_s
            if tried and is_late and not corner.is_of_checkpoint:
                left_out.append(corner)
                continue
            if say is not None:
                say(f"trying {corner.label} ({number + 1} of {len(wanted)})")
            probe = _probed(run, experiment, corner, folder=folder / str(number))
            tried.append(Tried(corner=corner, probe=probe))
            if probe.is_function or probe.wrong_arguments:
                settled.add(corner.family)
    seconds = time.monotonic() - began_s
    return judge(experiment, tried=tried, not_tried=left_out, seconds=seconds)


def _probed(run: RunProbe, experiment: Experiment, corner: Corner, *, folder: Path) -> Probe:
    """Try a configuration, with smaller batches where memory runs out and the search has them."""
    for n_out_of_memory in range(experiment.failures.attempts):
        job = _job(experiment, corner, folder=folder, n_out_of_memory=n_out_of_memory)
        probe = _wanted(run(job, thorough=corner.name == DEFAULT), experiment)
        is_too_large = probe.failure is not None and probe.failure.cause == OUT_OF_MEMORY
        if not is_too_large or experiment.failures.on_oom != HALVE_BATCH:
            break
    return probe


def _job(
    experiment: Experiment, corner: Corner, *, folder: Path, n_out_of_memory: int = 0
) -> TrainingJob:
    """Return what a trial of a configuration would train, on a GPU only if there is one."""
    trial = Trial(
        id="preflight",
        number=0,
        configuration=corner.configuration,
        n_out_of_memory=n_out_of_memory,
    )
    job = job_for(experiment, trial, run_dir=folder)
    return replace(job, accelerator="auto") if job.accelerator == "gpu" else job


def _wanted(probe: Probe, experiment: Experiment) -> Probe:
    """Return the probe without a failure to refit where no refit is wanted."""
    is_of_refit = probe.failure is not None and probe.failure.stage == "refit"
    return replace(probe, failure=None) if is_of_refit and experiment.refit is None else probe


def _probe_here(job: TrainingJob, *, thorough: bool) -> Probe:
    from raysearch.preflight.probe import probe

    return probe(job, thorough=thorough)

"""What must a worker know to train one trial of an experiment?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from raysearch.engine.lineage import Stretch, schedule_of
from raysearch.experiment import Experiment
from raysearch.experiment.means import HALVE_BATCH
from raysearch.init_from import Inheritance, InitFrom
from raysearch.measure import How
from raysearch.models import FAMILIES, architecture_of, package_of
from raysearch.training.batches import with_batches_halved
from raysearch.training.home import home_of
from raysearch.training.job import Fold, Stage, TrainingJob
from raysearch.trial import Measurement, Objective, Trial, best_of

_session = uuid4().hex
"""Stands for the session of this process in which data are prepared."""


def new_session() -> None:
    """Let data be prepared once more: what lies on the disk may have changed since the last one."""
    global _session
    _session = uuid4().hex


def job_for(
    experiment: Experiment,
    trial: Trial,
    *,
    run_dir: Path,
    checkpoint_at: tuple[int, ...] = (),
    waits_at: tuple[int, ...] = (),
) -> TrainingJob:
    """Return the job that trains a trial from its last checkpoint, or from the start.

    That checkpoint may be another trial's, whose weights it took over. Epochs after it are
    repeated; if one of them was the best, its checkpoint, which was lost, is written again. The job
    also says how to go on from the checkpoints before it, the newest first, and from the start,
    should they turn out to be damaged (`sound_start`).

    Args:
        experiment: Where model, data and settings come from.
        trial: Whose configuration is trained.
        run_dir: The run directory, as the worker reaches it.
        checkpoint_at: Epochs at which it may be paused, and needs a checkpoint.
        waits_at: Those of them after which it waits for the answer.
    """
    job = _on_fold(_from_start(experiment, trial, run_dir=run_dir), trial, experiment=experiment)
    job = replace(job, checkpoint_at=checkpoint_at, waits_at=waits_at)
    for checkpoint in trial.starts:
        before = tuple(m for m in trial.trained if m.epoch <= checkpoint.epoch)
        is_taken = checkpoint not in trial.checkpoints
        job = replace(
            job,
            resume_from=str(run_dir.absolute() / checkpoint.path),
            resume_bytes=checkpoint.size_bytes,
            epochs_before=checkpoint.epoch,
            seconds_before=before[-1].seconds if before else 0.0,
            joules_before=before[-1].joules if before else 0.0,
            best_before=_best_value(before, objective=experiment.objective),
            otherwise=job,
            takes_over=is_taken,
            may_have_grown=is_taken and _may_have_grown(experiment, trial, job.model_class),
        )
    return job


def _on_fold(job: TrainingJob, trial: Trial, *, experiment: Experiment) -> TrainingJob:
    """Return the job of the fold that a trial is trained on next, if it is trained on several.

    Of one that has all of them it is the first, whose checkpoint is kept.
    """
    if experiment.n_folds == 1:
        return job
    is_over = trial.status.is_ended  # then the checkpoint that is kept is of the first one
    number = 0 if is_over else trial.fold % experiment.n_folds
    fold = Fold(number=number, of=experiment.n_folds, seed=experiment.seed)
    return replace(job, fold=fold, repeat=number)


def _best_value(measured: Sequence[Measurement], *, objective: Objective) -> float | None:
    best = best_of(measured, objective=objective)
    return None if best is None else best.values[objective.metric]


def _may_have_grown(experiment: Experiment, trial: Trial, model_class: str) -> bool:
    """Return whether the last weights that a trial took over may be of another architecture."""
    package = package_of(model_class)
    if package is None:
        return False
    family = next(name for name, path in FAMILIES.items() if path == package)
    changed = trial.takeovers[-1].changes
    if any(key in experiment.links.values() for key in changed):
        return True
    return any(f".{key}".endswith(f".{a}") for key in changed for a in architecture_of(family))


def model_job(
    experiment: Experiment, trial: Trial, *, trials: Mapping[str, Trial], epochs: int, run_dir: Path
) -> TrainingJob:
    """Return the job that trains the model of a trial once more, as it was trained up to an epoch.

    Where there are folds it is that of the first one, which a refit takes no notice of: it trains
    on all of them.

    Args:
        experiment: Where model, data and settings come from.
        trial: Whose model.
        trials: All trials of the search, by id: it may have taken over weights of others.
        epochs: Epochs after which it is wanted.
        run_dir: The run directory, as the worker reaches it.
    """
    *before, last = schedule_of(trials, trial.id, epoch=epochs)
    job = _from_start(
        experiment,
        replace(trial, configuration=last.configuration),
        run_dir=run_dir,
        history=tuple(_stage(experiment, stretch) for stretch in before),
    )
    return _on_fold(job, replace(trial, folds=(), in_fold=()), experiment=experiment)


def _stage(experiment: Experiment, stretch: Stretch) -> Stage:
    binding = experiment.bind(stretch.configuration)
    return Stage(
        until=stretch.last,
        model_arguments=binding.model_arguments,
        data_arguments=binding.data_arguments,
    )


def _from_start(
    experiment: Experiment, trial: Trial, *, run_dir: Path, history: tuple[Stage, ...] = ()
) -> TrainingJob:
    binding, measuring = experiment.bind(trial.configuration), experiment.aims.measuring
    parent = Inheritance.read(trial.origin)
    start = binding.init_from
    if parent is not None and parent.checkpoint is not None:
        path = run_dir.absolute() / parent.checkpoint
        start = InitFrom(checkpoint=str(path), parent=parent.trial)
    resources = experiment.resources
    job = TrainingJob(
        trial=trial.id,
        kind=binding.kind,
        init_from=start,
        model_class=binding.model_class,
        model_arguments=binding.model_arguments,
        data_class=binding.data_class,
        data_arguments=binding.data_arguments,
        objective=experiment.objective,
        max_epochs=experiment.fidelity.epochs,
        max_steps=experiment.fidelity.max_steps,
        every_steps=experiment.fidelity.every_steps,
        seed=experiment.seed,
        reads_back=experiment.mutable_arguments(trial.configuration),
        history=history,
        directory=str(run_dir.absolute() / "trials" / trial.id),
        session=f"{_session} {run_dir.absolute()}",
        home=home_of(run_dir),
        checkpoint_every_epochs=experiment.checkpoint.every_epochs,
        checkpoint_every_s=experiment.checkpoint.every_s,
        measures=() if trial.measures else experiment.aims.measures,
        measured_how=How(
            batch_size=measuring.batch_size,
            threads=measuring.threads,
            runs=measuring.runs,
            device=measuring.device,
        ),
        allow=experiment.checkpoint.allow,
        trainer_arguments=dict(experiment.trainer),
        loop=experiment.loop,
        accelerator="gpu" if resources.gpus else "cpu",
        threads=max(1, int(resources.cpus)),
        gpu_share=resources.gpus if 0 < resources.gpus < 1 else None,
    )
    halvings = trial.n_out_of_memory if experiment.failures.on_oom == HALVE_BATCH else 0
    return with_batches_halved(job, times=halvings, workers=resources.workers)

"""How is one configuration trained, and trained again on all data?

One Lightning fit for each training, of any LightningModule and data module, in the namespace of the
model. `run` is the front that also knows configurations that are not trained by Lightning.

    train(job, report=lambda report: print(report.measurement.values) or True)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from raysearch.errors import TrialFailed
from raysearch.training.allowed import allowed_only
from raysearch.training.building import Parts, build
from raysearch.training.checkpoints import write_whole
from raysearch.training.energy import energy_of
from raysearch.training.failure import is_out_of_memory
from raysearch.training.grown_start import start_of
from raysearch.training.init_from import inherited_by, started
from raysearch.training.interrupts import interrupts_pass
from raysearch.training.isolation import isolated
from raysearch.training.job import Ending, Report, TrainingJob
from raysearch.training.lean.epochs import Unwanted
from raysearch.training.loggers import finish_runs
from raysearch.training.meter import Clock
from raysearch.training.peers import Peers
from raysearch.training.ranks import joined
from raysearch.training.reducing import log_for_all
from raysearch.training.refit_data import refit_loaders
from raysearch.training.refitting import Refit, prepare_refit
from raysearch.training.replaying import replay
from raysearch.training.reporter import FIRST, LAST, EpochBegins, ReportEpochs, Reporter
from raysearch.training.rounds import ReportRounds
from raysearch.training.taking_over import taken_over
from raysearch.training.trainers import make_trainer
from raysearch.trial import Measurement


def train(
    job: TrainingJob,
    *,
    report: Callable[[Report], bool],
    may_run_ahead: bool = True,
    peers: Peers | None = None,
) -> Ending:
    """Train a configuration, and report every epoch that is measured.

    What is trained depends on the job alone, not on the process or on what it trained before, and
    a training that goes on from a checkpoint takes the same steps as one that was never
    interrupted (`seeding` names the exceptions). Works in any thread; one at a time in a process.

    Args:
        job: What to train, and from where.
        report: Called at the end of each epoch in which validation ran, or round of steps, once its
            checkpoint, if any, is on disk. Returns whether to go on. What it raises ends the
            training and passes through. It may be called in another thread, while the next epoch
            has begun already; see `ahead`. Of several ranks, only the first one calls it.
        may_run_ahead: Whether it may.
        peers: Who trains along, if that is several trainings one after the other; None to join
            those of the job.

    Returns:
        How it ended.

    Raises:
        ConfigurationError: A class cannot be loaded, or the Trainer has no such argument.
        TrialFailed: There was no epoch to train or none to measure, or the checkpoint to go on from
            holds more than tensors, plain values and what
            the job allows. Whatever model or data raise passes through, also, where memory ran out,
            when the epoch that raised it is one that nobody wants.

    Side effects:
        Writes checkpoints into the job's directory, each atomically, under new names. The process
        is left as it was.
    """
    with (
        isolated(threads=job.threads),
        joined(job) if peers is None else nullcontext(peers) as known,
    ):
        return _train(job, report=report, may_run_ahead=may_run_ahead, peers=known)


def _train(
    job: TrainingJob, *, report: Callable[[Report], bool], may_run_ahead: bool, peers: Peers
) -> Ending:
    clock = Clock(before_s=job.seconds_before)
    reporter = Reporter(
        job,
        report=report,
        clock=clock,
        energy=energy_of(job),
        may_run_ahead=may_run_ahead,
        peers=peers,
    )
    parts = build(job)
    first, last = _callbacks(job, parts, reporter=reporter)
    old = started(job, parts, is_begun=job.resume_from is not None)
    reporter.inherited = inherited_by(old)
    first = (*first, *old)
    trainer = make_trainer(job, namespace=parts.namespace, first=first, last=last)
    if job.rank is not None:
        log_for_all(parts.model, trainer=trainer)
    has_failed = True
    try:
        with start_of(job, parts) as start:
            reporter.inherited = start.inherited or reporter.inherited
            _fit(trainer, parts, checkpoint=start.checkpoint, allow=job.allow)
        has_failed = False
    except Unwanted:
        has_failed = False
    except Exception as error:
        # else it was raised in an epoch that nobody wants, and told only where it harms the process
        if reporter.settle() or is_out_of_memory(error):
            raise
        has_failed = False
    finally:
        finish_runs(trainer, has_failed=has_failed)
    reporter.settle()
    _check_trained(job, parts, trainer=trainer, n_reports=reporter.n_reports)
    if _is_complete(job, parts, trainer=trainer) and not reporter.has_overrun:
        return Ending.COMPLETED
    if reporter.has_diverged:
        return Ending.DIVERGED
    return Ending.STOPPED if reporter.was_stopped else Ending.ENDED_EARLY


def _callbacks(job: TrainingJob, parts: Parts, *, reporter: Reporter) -> tuple[Any, Any]:
    """Return what comes before and after the user's callbacks."""
    derive = parts.namespace.derive
    if job.max_steps is not None:
        made = derive(ReportRounds, part=LAST)(job, reporter=reporter, exact=parts.exact)
        return (*taken_over(job, parts), parts.exact), (made,)
    begins = derive(EpochBegins, part=FIRST)(meter=reporter.meter)
    reports = derive(ReportEpochs, part=LAST)(job, reporter=reporter)
    return (*taken_over(job, parts), parts.exact, begins), (reports,)


def _is_complete(job: TrainingJob, parts: Parts, *, trainer: Any) -> bool:
    if job.max_steps is not None:
        return bool(trainer.global_step >= job.max_steps)
    return bool(parts.exact.trained >= job.max_epochs)


def _check_trained(job: TrainingJob, parts: Parts, *, trainer: Any, n_reports: int) -> None:
    """Raise if a training that began here has nothing to show."""
    if not parts.exact.trained and not trainer.global_step:
        raise TrialFailed(
            f"Trial {job.trial} ({job.model_class}) was not trained for a single epoch: Lightning "
            f"ended the fit before. Does {job.data_class} yield training batches, and does the "
            "model have a training_step?"
        )
    if n_reports or job.resume_from is not None:
        return
    between, trained = trainer.check_val_every_n_epoch or 1, parts.exact.trained
    if between > trained:
        why = (
            f"validation runs every {between} epochs (trainer.check_val_every_n_epoch), and "
            f"{trained} were trained. Let it run more often, or train longer."
        )
    else:
        why = f"validation never ran. Does val_dataloader of {job.data_class} yield batches?"
    raise TrialFailed(f"Trial {job.trial} ({job.model_class}) was never measured: {why}")


def refit(job: TrainingJob, *, epochs: int, path: Path) -> Measurement:
    """Train a configuration on training and validation data together.

    Schedules of the learning rate still end at the job's `max_epochs`, as they did when it was
    measured that `epochs` are best. The first weights are the trial's, also where they come from
    another checkpoint. Where hyperparameters changed while it was trained, they change at the
    same epochs. Callbacks that end a training early or write checkpoints take no part.

    Args:
        job: What to train. Where it would go on from, and its rules for checkpoints, play no part.
        epochs: Epochs to train, from 1 to the job's `max_epochs`; rounds, if it counts steps.
        path: Where the checkpoint goes.

    Returns:
        The measurement of the last epoch; there is no validation data to measure on.

    Raises:
        ConfigurationError: A class cannot be loaded.
        Unsupported: There is no loader of both and none can be derived, or a schedule needs
            validation.
        TrialFailed: Training ended before `epochs`.

    Side effects:
        Writes the checkpoint at `path`, atomically, in place of one that is there.
    """
    with isolated(threads=job.threads), joined(job) as peers:
        train = partial(_refit, peers=peers)
        return replay(job, epochs=epochs, path=path, train=train, peers=peers)


def _refit(job: TrainingJob, *, epochs: int, path: Path, peers: Peers) -> Measurement:
    """Train from the checkpoint that the job goes on from, if there is one."""
    parts = build(job, train_loaders=refit_loaders)
    keep = partial(_keep, path=path, peers=peers)
    refit = Refit(epochs=epochs, save=keep, peers=peers)
    old = started(job, parts, is_begun=job.resume_from is not None)
    trainer = prepare_refit(job, parts, refit=refit, first=(*taken_over(job, parts), *old))
    if job.rank is not None:
        log_for_all(parts.model, trainer=trainer)
    try:
        with start_of(job, parts) as start:
            _fit(trainer, parts, checkpoint=start.checkpoint, allow=job.allow)
    finally:
        finish_runs(trainer, has_failed=refit.measurement is None)
    if refit.measurement is None:
        raise TrialFailed(
            f"The refit of trial {job.trial} ended after {trainer.global_step} steps, before "
            f"{epochs} {'epochs' if job.max_steps is None else 'rounds'} were trained."
        )
    return refit.measurement


def _keep(trainer: Any, *, path: Path, peers: Peers) -> None:
    """Write a checkpoint; a rank above 0 gathers what rank 0 writes, and writes nothing itself."""
    save = partial(trainer.save_checkpoint, weights_only=False)
    write_whole(save, path=path) if peers.is_first else save(path)


def _fit(trainer: Any, parts: Parts, *, checkpoint: str | None, allow: Sequence[str]) -> None:
    with interrupts_pass(), allowed_only(checkpoint, allow=allow):
        trainer.fit(parts.model, datamodule=parts.data, ckpt_path=checkpoint, weights_only=True)

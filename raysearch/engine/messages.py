"""What is said when a search cannot go on?"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.errors import did_you_mean, one_of
from raysearch.trial import Measurement, Trial


def outside_space(suggestion: object, *, searcher: str, trial: str) -> str:
    """Return the message for a suggestion that is not a configuration of the space."""
    return (
        f"searcher {searcher} suggested {suggestion!r} for trial {trial}, which does not lie in "
        "the search space. This is a fault of the searcher. The trials so far are kept; to go on, "
        "`resume` with another searcher, such as searcher=random."
    )


def searcher_failed(error: str, *, searcher: str, doing: str) -> str:
    """Return the message for a searcher that raised."""
    return (
        f"searcher {searcher} failed when it {doing}: {error}. This is a fault of the searcher or "
        "of what it uses. The trials so far are kept, and `resume` goes on; where it fails again, "
        "`resume` with another searcher, such as searcher=random."
    )


def missing_metric(metric: str, *, trial: str, measurement: Measurement, n_ended: int) -> str:
    """Return the message for a measurement without the objective's metric."""
    return (
        f'trial {trial} finished epoch {measurement.epoch} without reporting "{metric}", the '
        f"objective. It reported: {one_of(measurement.values) or 'nothing'}. "
        f"{did_you_mean(metric, measurement.values)}"
        "Set objective to one of those, or log it in validation_step. Stopped before more trials "
        f"ran blind; {n_ended} trials that ended are kept."
    )


def nothing_measured(reason: str, *, metric: str) -> str:
    """Return the message for a trial whose training ended before it reported anything."""
    return (
        f'{reason}, and nothing was measured, so there is no "{metric}" to compare it by. Let each '
        "trial validate at least once: see check_val_every_n_epoch and limit_val_batches in "
        "trainer, and what its callbacks end."
    )


def went_back(faults: Sequence[str], *, epoch: int) -> str:
    """Return why a trial went on from an earlier epoch than its last checkpoint; empty if not.

    Example:
        >>> went_back(["epoch-0009.ckpt is missing"], epoch=4)
        'went back to epoch 4, since epoch-0009.ckpt is missing'
    """
    if not faults:
        return ""
    return f"went back to {f'epoch {epoch}' if epoch else 'the start'}, since {'; '.join(faults)}"


def halved(times: int) -> str:
    """Return what is changed of a trial whose memory ran out so many times; empty if nothing is.

    Example:
        >>> halved(2)
        'memory ran out, so batches are 1/4 as large, and 4 of them make a step'
    """
    if not times:
        return ""
    n = 2**times
    return f"memory ran out, so batches are 1/{n} as large, and {n} of them make a step"


def disk_full(trial: Trial, *, error: str) -> str:
    """Return the message for a trial that could not write."""
    last = trial.checkpoints[-1].epoch if trial.checkpoints else 0
    onwards = f"from epoch {last}, its last checkpoint" if last else "from its start"
    return (
        f"the disk is full: trial {trial.id} could not write what it had to: {error}. The search "
        "was ended, since no other trial could either. All that was measured is kept, and no trial "
        f"counts as failed for this. Make room, then `resume` goes on, with trial {trial.id} "
        f"{onwards}."
    )


def failed_in_a_row(ended: Sequence[Trial], *, n: int) -> str:
    """Return the message for a search of whose latest trials too many failed."""
    last = max(ended, key=lambda trial: (trial.ended_at or 0.0, trial.number))
    return (
        f"{n} trials failed one after the other; the last one with: {last.error or last.cause}. "
        "All that was measured is kept. Mend the cause, then `resume` goes on with new trials; "
        "failures.abort_in_a_row says how many are accepted."
    )


def all_failed(ended: Sequence[Trial]) -> str:
    """Return the message for a search whose first trials all failed."""
    return (
        f"the first {len(ended)} trials all failed; the last one with: {ended[-1].error}. Nothing "
        "is likely to come of more of them. Mend the cause, then `resume` goes on with new trials; "
        "failures.abort_after says how many failures at the start are accepted."
    )

"""What has an epoch achieved, in which time, and with which settings?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from raysearch.measure.energy import Energy
from raysearch.training.measuring import numbers, read_applied, validation_examples
from raysearch.training.peers import ALONE, Peers
from raysearch.training.reading_back import read_back
from raysearch.training.values import finite_or_none
from raysearch.trial import Measurement, Value

if TYPE_CHECKING:
    import pytorch_lightning as pl


class Clock:
    """Training time, without the time in which whoever receives the reports keeps it waiting.

    Args:
        before_s: Training time of the earlier attempts.
    """

    def __init__(self, *, before_s: float) -> None:
        self._origin = time.monotonic() - before_s

    @property
    def elapsed_s(self) -> float:
        """Training time so far."""
        return time.monotonic() - self._origin

    def exclude(self, seconds: float) -> None:
        """Count this much less."""
        self._origin += seconds


class Meter:
    """Measures what was achieved since something began.

    Args:
        clock: Runs since training began.
        reads_back: Arguments that are read from the live objects, as in `TrainingJob`.
        peers: Who trains along, whose metrics count as much.
        energy: Runs since training began; None where nobody asks.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        reads_back: tuple[str, ...] = (),
        peers: Peers = ALONE,
        energy: Energy | None = None,
    ) -> None:
        self.clock = clock
        self._peers, self._energy = peers, energy
        self._reads_back = reads_back
        self._applied: dict[str, Value] = {}
        self._old: dict[str, Any] = {}

    def begin(self, trainer: pl.Trainer) -> None:
        """Note the metrics, which are old from now on."""
        self._old = dict(trainer.callback_metrics)

    def read_settings(self, trainer: pl.Trainer) -> None:
        """Note the settings in use; at the end, schedules have set those of what follows."""
        applied: dict[str, Value] = dict(read_applied(trainer.optimizers))
        if self._reads_back:
            applied |= read_back(trainer, arguments=self._reads_back)
        self._applied = applied

    def fresh(self, trainer: pl.Trainer) -> dict[str, Any]:
        """Return the metrics that were logged since then; an old one is still the same object."""
        metrics = trainer.callback_metrics.items()
        return {name: value for name, value in metrics if self._old.get(name) is not value}

    def measure(self, trainer: pl.Trainer, *, epoch: int) -> Measurement:
        """Return what the epoch, or round, that ends now has achieved."""
        values, cause = finite_or_none(self._peers.mean(numbers(self.fresh(trainer))))
        return Measurement(
            epoch=epoch,
            step=trainer.global_step,
            values=values,
            seconds=self.clock.elapsed_s,
            cause=cause,
            applied=self._applied,
            n_validated=validation_examples(trainer),
            joules=None if self._energy is None else self._energy.joules(),
        )

"""What does trying one configuration tell?

Plain values, so that a worker can send them; nothing here loads torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Stage = Literal["arguments", "training", "checkpoint", "refit"]
"""What failed: what the constructors take; a batch; reading back what training has saved; or
training on training and validation data together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a configuration cannot be trained."""

    stage: Stage
    cause: str
    """Its kind: "arguments", "exception", "out of memory" or "worker lost"."""
    summary: str
    """One line, with the line of the user's code that led to it."""
    details: str = ""
    """The whole traceback, where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongArgument:
    """An argument that a constructor does not take, or that it needs and is not given."""

    part: Literal["model", "data"]
    name: str
    is_missing: bool = False
    """Whether it is needed; otherwise it is unknown."""
    valid: tuple[str, ...] = ()
    """The arguments that there are."""
    owner: str
    """The class or function, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What one configuration did in a few batches; None where it was not reached.

    Times are those of this machine, measured after the first batch where there was time for more.
    """

    failure: Failure | None = None
    wrong_arguments: tuple[WrongArgument, ...] = ()
    module: str = ""
    """Name of the model's class or function."""
    is_function: bool = False
    """Whether it is a function that trains by itself, of which nothing was run."""
    parameters: int | None = None
    trainable: int | None = None
    """Those of the parameters that have a gradient."""
    checkpoint_bytes: int | None = None
    batch: tuple[str, ...] = ()
    """The tensors of a training batch, such as "64 x 1 x 8 x 8 float32"."""
    logged: Mapping[str, float | None] = field(default_factory=dict)
    """All metrics by name; None where the value was not finite."""
    validated: tuple[str, ...] | None = None
    """Names of those that validation alone logs; None if that was not looked at."""
    train_batches: int | None = None
    """Batches of an epoch; None if the data cannot tell."""
    validation_batches: int | None = None
    train_batch_s: float | None = None
    """Seconds for a training batch, its loading included."""
    validation_batch_s: float | None = None
    epoch_overhead_s: float = 0.0
    """Seconds of an epoch beside its batches, the writing of a checkpoint included."""
    start_s: float | None = None
    """Seconds from the start of a trial to its first batch."""
    not_lean: tuple[str, ...] = ()
    """What keeps the lean loop from serving; nothing if it serves."""
    anew: str = ""
    """What begins anew although it was wanted from a checkpoint; empty if nothing does."""
    no_test: str = ""
    """Why the winner cannot be tested; empty if it can."""
    no_refit: str = ""
    """Why the winner cannot be refitted; empty if it can, or if that was not tried."""
    no_open: str = ""
    """Why `load_from_checkpoint` does not open the model's checkpoint; empty if it does, or if that
    was not tried."""
    device: str = "cpu"
    gpus: int = 0
    """GPUs of the machine."""
    seconds: float = 0.0
    """How long trying it took."""

    def span_s(self, batches: int | None) -> float | None:
        """Return the seconds that some training batches and a validation take; None if not known.

        Args:
            batches: How many; None if the data cannot tell.

        Example:
            >>> Probe(train_batch_s=0.5, epoch_overhead_s=1.0).span_s(10)
            6.0
        """
        if batches is None or self.train_batch_s is None:
            return None
        validation_s = (self.validation_batches or 0) * (self.validation_batch_s or 0.0)
        return batches * self.train_batch_s + validation_s + self.epoch_overhead_s

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        values = asdict(self)
        values["wrong_arguments"] = [
            {**wrong, "valid": list(wrong["valid"])} for wrong in values["wrong_arguments"]
        ]
        values["batch"] = list(self.batch)
        values["not_lean"] = list(self.not_lean)
        values["validated"] = None if self.validated is None else list(self.validated)
        values["logged"] = dict(self.logged)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Probe:
        """Return the probe that `to_json` wrote.

        Example:
            >>> probe = Probe(failure=Failure(stage="training", cause="exception", summary="..."))
            >>> Probe.from_json(probe.to_json()) == probe
            True
        """
        failure, validated = values["failure"], values["validated"]
        given = {
            **values,
            "failure": None if failure is None else Failure(**failure),
            "wrong_arguments": tuple(
                WrongArgument(**{**wrong, "valid": tuple(wrong["valid"])})
                for wrong in values["wrong_arguments"]
            ),
            "batch": tuple(values["batch"]),
            "not_lean": tuple(values["not_lean"]),
            "validated": None if validated is None else tuple(validated),
        }
        return cls(**given)

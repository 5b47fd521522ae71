"""What follows from the configurations that were tried?

Faults, which would make a search pointless; warnings, with which it can be run; and its cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment
from raysearch.preflight.concerns import concerns_of
from raysearch.preflight.corners import Corner
from raysearch.preflight.cost import Cost, estimate
from raysearch.preflight.faults import faults_of
from raysearch.preflight.findings import Finding, Tried
from raysearch.preflight.record import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of a search before it starts."""

    tried: tuple[Tried, ...]
    """In the order in which they were tried; the default configuration first."""
    not_tried: tuple[Corner, ...]
    """For which no time was left."""
    findings: tuple[Finding, ...]
    cost: Cost | None
    """None if there are faults."""
    seconds: float
    """How long trying them took."""

    @property
    def faults(self) -> tuple[Finding, ...]:
        """What must be mended first."""
        return tuple(finding for finding in self.findings if finding.kind == "fault")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What need not be mended."""
        return tuple(finding for finding in self.findings if finding.kind == "warning")

    @property
    def default(self) -> Probe | None:
        """What the default configuration did."""
        return self.tried[0].probe if self.tried else None

    def raise_faults(self) -> None:
        """Raise one error with every fault, if there are any.

        Raises:
            ConfigurationError: There are faults.
        """
        if self.faults:
            raise ConfigurationError([fault.text for fault in self.faults])

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "seconds": self.seconds,
            "tried": [
                {
                    "name": tried.corner.label,
                    "configuration": dict(tried.corner.configuration),
                    **tried.probe.to_json(),
                }
                for tried in self.tried
            ],
            "not_tried": [corner.label for corner in self.not_tried],
            "warnings": [finding.text for finding in self.warnings],
            "cost": None if self.cost is None else asdict(self.cost),
        }


def judge(
    experiment: Experiment,
    *,
    tried: Sequence[Tried],
    not_tried: Sequence[Corner] = (),
    seconds: float = 0.0,
) -> Verdict:
    """Return what follows from what was tried.

    Args:
        experiment: What would be searched.
        tried: In the order in which they were tried; the default configuration first.
        not_tried: For which no time was left.
        seconds: How long it took.
    """
    faults = list(faults_of(experiment, tried))
    cost = None if faults else estimate(experiment, [each.probe for each in tried])
    warnings = [] if cost is None else list(concerns_of(experiment, tried, cost=cost))
    return Verdict(
        tried=tuple(tried),
        not_tried=tuple(not_tried),
        findings=(*dict.fromkeys(faults), *warnings),
        cost=cost,
        seconds=seconds,
    )

"""What is driven, and within which limits?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from raysearch.engine.planned import plan_of
from raysearch.experiment import Experiment
from raysearch.run_dir import RunDir

__all__ = ["Drive", "plan_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """What is driven, and where."""

    experiment: Experiment
    run_dir: RunDir
    address: str | None = None
    """Of a running Ray cluster; None starts a private Ray."""
    objects: Mapping[str, Any] = field(default_factory=dict)
    """Objects without an import path that the experiment names."""
    resumes: bool = False
    """Whether the run directory holds the search already."""
    changed: tuple[str, ...] = ()
    """Settings that differ from those of the session before."""
    notes: tuple[str, ...] = ()
    """What a person should know before the session begins."""

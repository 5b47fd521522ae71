"""From which checkpoint does a fit go on, if its network has another architecture by now?

From one that is made of the other's: a network of `growing` computes at first what that one did,
wherever that is possible, and its optimiser's averages grow with the weights.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from raysearch.models import FAMILIES, architecture_of, package_of
from raysearch.training.building import Parts
from raysearch.training.growing import grown_checkpoint
from raysearch.training.job import TrainingJob
from raysearch.training.old_weights import read
from raysearch.trial import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a fit goes on."""

    checkpoint: str | None
    """Path; None where it begins anew."""
    inherited: Mapping[str, Value] = field(default_factory=dict)
    """What became of the weights of another architecture; empty if it is the same."""


@contextmanager
def start_of(job: TrainingJob, parts: Parts) -> Iterator[Start]:
    """Yield where a fit goes on: from the job's checkpoint, or from one grown out of it.

    Args:
        job: What is trained.
        parts: What it is made of; its model may be filled with weights.

    Side effects:
        A grown checkpoint lies in a temporary folder meanwhile.
    """
    package = package_of(job.model_class) if job.takes_over else None
    if job.resume_from is None or package is None or not job.may_have_grown:
        yield Start(checkpoint=job.resume_from)
        return
    saved = read(job.resume_from, job=job)
    name = next(name for name, path in FAMILIES.items() if path == package)
    before, after = saved.get("hyper_parameters", {}), parts.model.hparams
    if all(before.get(key) == after.get(key) for key in architecture_of(name)):
        yield Start(checkpoint=job.resume_from)
        return
    grown, inherited = grown_checkpoint(saved, model=parts.model)
    with tempfile.TemporaryDirectory(prefix="raysearch-grown-") as folder:
        path = Path(folder) / "grown.ckpt"
        torch.save(grown, path)
        source = Path(job.resume_from).parent.name
        told: dict[str, Value] = {"trial": source, **inherited.to_json()}
        yield Start(checkpoint=str(path), inherited=told)

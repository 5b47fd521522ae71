"""Where is the process of a rank placed, and what is it told to be?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ray.util.placement_group import PlacementGroup
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from raysearch.training.job import Rank, TrainingJob


def in_bundle(group: PlacementGroup, number: int) -> dict[str, Any]:
    """Return options of an actor that has a bundle of a placement group to itself."""
    rest = dict(group.bundle_specs[number])
    return {
        "num_cpus": rest.pop("CPU", 0),
        "num_gpus": rest.pop("GPU", 0),
        "resources": rest,
        "scheduling_strategy": PlacementGroupSchedulingStrategy(
            placement_group=group, placement_group_bundle_index=number
        ),
    }


def ranked(job: TrainingJob, rank: Rank) -> TrainingJob:
    """Return a job, with the ways in which it may begin otherwise, as a rank has it."""
    otherwise = None if job.otherwise is None else ranked(job.otherwise, rank)
    return replace(job, rank=rank, otherwise=otherwise)

"""What does the process do that refits and tests, and that tries configurations beforehand?"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from raysearch.imports import provide
from raysearch.preflight import Probe
from raysearch.results.executor import Split
from raysearch.run_dir.remote.mirrors import bring, local_copy
from raysearch.scratch import scratch_folder
from raysearch.training.home import here, settled
from raysearch.training.job import TrainingJob
from raysearch.training.log import printed_to
from raysearch.training.outcomes import Examined
from raysearch.training.ranks import await_ranks, is_first
from raysearch.training.repeating import Part, repeat
from raysearch.training.run import draw, evaluate, examine, model_cost, refit
from raysearch.training.warmup import prepare_process
from raysearch.trial import Measurement


class Handover:
    """What is asked of that process.

    Args:
        example: A job such as it will be given, which decides what is imported ahead.
        objects: Pickled, those without an import path that jobs name, by name.
    """

    def __init__(self, example: TrainingJob, objects: bytes) -> None:
        with suppress(Exception):  # what is wrong with it is found when it is used
            provide(pickle.loads(objects))
            prepare_process(example)

    def await_ranks(self, host: str | None) -> str:
        """Listen for those that train the next job along, and return where.

        Args:
            host: Address of this machine; None for the one that Ray knows it by.
        """
        if host is None:
            from ray.util import get_node_ip_address

            host = get_node_ip_address()
        return await_ranks(host)

    def probe(self, job: TrainingJob, *, thorough: bool) -> Probe:
        """Try a configuration."""
        from raysearch.preflight.probe import probe

        with (
            scratch_folder("preflight") as folder,
            printed_to(folder / "log.txt"),
        ):
            return probe(replace(job, directory=str(folder)), thorough=thorough)

    def model_cost(self, job: TrainingJob) -> dict[str, float]:
        """Measure a configuration's model."""
        return model_cost(job)

    def refit(self, job: TrainingJob, *, epochs: int, path: Path) -> None:
        """Train on train + validation data."""
        path = Path(here(str(path), home=job.home))
        refit(settled(job), epochs=epochs, path=path)
        if job.home is not None and job.home.is_elsewhere and is_first(job):
            bring(path)

    def repeat(self, job: TrainingJob, *, line: Sequence[Part]) -> Measurement:
        """Train a job once more with another seed, the last of a line, on training data alone."""
        return repeat([replace(part, job=settled(part.job)) for part in line])

    def evaluate(
        self, job: TrainingJob, *, checkpoint: str, split: Split
    ) -> Mapping[str, float | None]:
        """Return the metrics of a checkpoint."""
        return evaluate(settled(job), checkpoint=_fetched(checkpoint, job), split=split)

    def examine(self, job: TrainingJob, *, checkpoint: str, split: Split) -> Examined:
        """Return the metrics of a checkpoint, and what became of each example."""
        return examine(settled(job), checkpoint=_fetched(checkpoint, job), split=split)

    def draw(self, job: TrainingJob, *, checkpoint: str) -> dict[str, bytes]:
        """Return the pictures that a model draws."""
        return draw(settled(job), checkpoint=_fetched(checkpoint, job))


def _fetched(checkpoint: str, job: TrainingJob) -> str:
    return str(local_copy(Path(here(str(checkpoint), home=job.home))))

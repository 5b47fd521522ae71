"""A search whose winner is refitted with several seeds, by executors that tell them apart."""

from __future__ import annotations

import json

from raysearch.results import Results
from tests.recorded import Bytes, Recorded


class Varies(Bytes):
    """Reaches another value with each seed."""

    def evaluate(self, job, *, checkpoint, split):
        assert checkpoint.read_bytes() == b"model of " + job.trial.encode() + b"+" * job.repeat
        super().evaluate(job, checkpoint=checkpoint, split=split)
        return {"test/accuracy": (0.75, 0.25, 0.5, 1.0)[job.repeat]}


class Fails(Varies):
    """Cannot train one of the seeds."""

    def __init__(self, error, *, repeat):
        super().__init__()
        self.error, self.repeat = error, repeat

    def refit(self, job, *, epochs, path):
        super().refit(job, epochs=epochs, path=path)
        if job.repeat == self.repeat:
            raise self.error


def ended(path, refit):
    search = Recorded(path, refit=refit)
    search.trial(0.5, 0.6)
    search.trial(0.7, 0.9, 0.8)
    search.trial(0.8)
    return search.finish()


def opened(search):
    return Results.open(search.run_dir.path)


def model_of(search):
    results = opened(search)
    return results.model_of(results.winner)


def events(search, *kinds):
    return [event for event in search.run_dir.events() if isinstance(event, kinds)]


def metrics(search):
    return json.loads((search.run_dir.path / "winner/metrics.json").read_text())

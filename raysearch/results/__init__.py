"""What did a search find, and what is its winner worth?

    results = Results.open("runs/digits-20261123-170912")
    results.winner                  # the trial: configuration, measurements, checkpoints
    results.refit()                 # winner/model.ckpt, which opens with plain Lightning
    results.test()                  # on the test split, once

Nothing here needs Ray: training and testing are handed to an `Executor`.
"""

from __future__ import annotations

from raysearch.results.collect import Results
from raysearch.results.document import failures_by_cause
from raysearch.results.evaluation import TestOutcome, test_winner
from raysearch.results.executor import Executor, LocalExecutor
from raysearch.results.loading import load_model
from raysearch.results.refit import Wanted, refit_winner
from raysearch.results.selection import PassedOver, Selection, rank, select
from raysearch.results.spread import Spread

__all__ = [
    "Executor",
    "LocalExecutor",
    "PassedOver",
    "Results",
    "Selection",
    "Spread",
    "TestOutcome",
    "Wanted",
    "failures_by_cause",
    "load_model",
    "rank",
    "refit_winner",
    "select",
    "test_winner",
]

"""How good is the winner on data that nobody has looked at? The test split is opened once.

A result that steered a choice is no longer a test. So the first result stands: for the same model
it is given back without a second look, for another winner there is none unless somebody insists,
and that is recorded. An opening without a result (the machine stopped in between) showed nothing
to anybody, and does not count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raysearch.errors import ConfigurationError
from raysearch.results.executor import Executor
from raysearch.results.messages import not_refitted, to_type
from raysearch.results.refit import Record
from raysearch.results.winner_files import write_metrics
from raysearch.run_dir import events as ev
from raysearch.training.jobs import job_for

if TYPE_CHECKING:
    from raysearch.results.collect import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """What is known of the winner on the test split."""

    __test__ = False  # a name that pytest would collect

    values: Mapping[str, float | None] | None = None
    """None when there is no result for this winner."""
    reason: str = ""
    """Why there is none, and what to do; empty when there is one."""


def recorded_test(results: Results) -> TestOutcome:
    """Return what the journal holds about the winner on the test split; nothing is opened."""
    winner = results.winner
    model = None if winner is None else results.record_of(winner)
    opening = None if model is None else results.history.result_of(model)
    if opening is not None:
        return TestOutcome(values=opening.values)
    earlier = results.history.results
    run = results.run_dir.path
    if not earlier:
        return TestOutcome(reason=f"not tested yet: {to_type('test', run)}")
    if winner is None:
        return TestOutcome(reason="there is no winner")
    tested = earlier[-1].model.trial
    other = (
        f"trial {tested}, which is not the winner now"
        if tested != winner.id
        else (f"another model of trial {tested}")
    )
    return TestOutcome(
        reason=f"the test split was already opened for {other}. To open it again, which is "
        f"recorded: {to_type('test', run, '--force')}"
    )


def test_winner(
    results: Results, *, executor: Executor, record: Record, force: bool = False
) -> TestOutcome:
    """Test the model in `winner/`, unless the test split was opened before.

    Args:
        results: The search; its state includes what `record` journals.
        executor: Does the evaluation.
        record: Journals the opening before the split is read, and the result after.
        force: Open the split even if a result is known already. Recorded.

    Returns:
        The result for this winner, new or recorded, or the reason why there is none.

    Raises:
        ConfigurationError: The winner has no model in `winner/` yet.

    Side effects:
        Journals `TestOpened` and `Tested`; rewrites winner/metrics.json, atomically.
    """
    winner = results.winner
    model = None if winner is None else results.model_of(winner)
    if winner is None or model is None:
        raise ConfigurationError(not_refitted(results))
    if force or not results.history.results:
        record(ev.TestOpened(at=time.time(), trial=winner.id, forced=force))
        values = executor.evaluate(
            job_for(results.experiment, winner, run_dir=results.run_dir.path),
            checkpoint=results.run_dir.path.absolute() / model.path,
            split="test",
        )
        record(ev.Tested(at=time.time(), trial=winner.id, values=_finite(values)))
    write_metrics(results, trial=winner, model=model)
    return recorded_test(results)


test_winner.__test__ = False  # type: ignore[attr-defined]  # a name that pytest would collect


def _finite(values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in values.items()
    }

"""How good is the winner on data that nobody has looked at? The test split is opened once.

A result that steered a choice is no longer a test. So the first result stands: for the same model
it is given back without a second look, for another winner there is none unless somebody insists,
and that is recorded. An opening without a result (the machine stopped in between) showed nothing
to anybody, and does not count; nor does one that was skipped, since the model has no test_step or
the data no test split.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from raysearch.engine.handover import Opening
from raysearch.errors import ConfigurationError, TrialFailed, Unsupported
from raysearch.imports import absent_objects
from raysearch.results.bootstrap import intervals
from raysearch.results.executor import Executor
from raysearch.results.found import Found
from raysearch.results.history import job_of
from raysearch.results.messages import not_refitted, phrase, seeds_missing, to_type
from raysearch.results.refit_seeds import Record
from raysearch.results.spread import Spread, spread_of
from raysearch.results.winner_files import write_metrics
from raysearch.results.winner_folder import compressed_as_it_lies, path_of
from raysearch.run_dir import events as ev
from raysearch.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """What is known of the winner on the test split."""

    __test__ = False  # a name that pytest would collect

    values: Mapping[str, float | None] | None = None
    """Of the model that was handed over. None when there is no result for this winner."""
    spread: Spread | None = None
    """What it and the models of its further seeds reached; None unless several were tested."""
    intervals: Mapping[str, Any] = field(default_factory=dict)
    """Metric -> its bootstrap interval at 95 %, or the reason why it has none; see `bootstrap`."""
    compressed: Mapping[str, float | None] | None = None
    """Of its compressed form, in the same opening; None if there is none, or none was tested."""
    note: str = ""
    """Which models have no result although the winner has one, and what to do."""
    reason: str = ""
    """Why there is none, and what to do; empty when there is one."""
    is_final: bool = True
    """Whether a test would change nothing, short of one that is forced."""


def recorded_test(found: Found) -> TestOutcome:
    """Return what the journal holds about the winner on the test split; nothing is opened."""
    winner = found.winner
    model = None if winner is None else found.record_of(winner)
    if model is not None:
        opening, skip = found.handover.result_of(model), found.handover.skip_of(model)
        if opening is not None:
            return TestOutcome(
                values=opening.values,
                spread=spread_of(found.handover, model),
                intervals=opening.intervals,
                compressed=opening.compressed if _has_tested_form(found, opening) else None,
                note=_untested(found, model, opening=opening),
            )
        if skip is not None:
            return TestOutcome(reason=skip.reason)
    earlier = found.handover.results
    run = found.run_dir.path
    if not earlier and not found.was_tested_aside:
        if model is None and absent_objects(found.state.settings):
            return TestOutcome(reason="not tested: its model is not handed over", is_final=False)
        return TestOutcome(reason=f"not tested yet: {to_type('test', run)}", is_final=False)
    if winner is None:
        return TestOutcome(reason="there is no winner")
    return TestOutcome(
        reason=f"the test split was already opened{_for_what(earlier, winner)}. To open it again, "
        f"which is recorded: {to_type('test', run, '--force')}"
    )


def _has_tested_form(found: Found, opening: Opening) -> bool:
    """Return whether the compressed form that there is now was tested in an opening."""
    now = found.handover.compression_of(opening.model)
    return now is not None and opening.compression == now


def _untested(found: Found, model: ev.Refitted, *, opening: Opening) -> str:
    more = model.n_models - 1 - len(opening.others)
    if more <= 0:
        made = found.handover.compression_of(model)
        if made is None or (_has_tested_form(found, opening) and opening.compressed is not None):
            return ""
        again = to_type("test", found.run_dir.path, "--force")
        return (
            "its compressed form was made after the test split was opened, and not tested. To open "
            f"it again for both, which is recorded: {again}"
        )
    models = (
        "the model of 1 further seed was"
        if more == 1
        else f"the models of {more} further seeds were"
    )
    return (
        f"{models} trained after the test split was opened, and not tested. To open it again for "
        f"all, which is recorded: {to_type('test', found.run_dir.path, '--force')}"
    )


def _for_what(earlier: Sequence[Opening], winner: Trial) -> str:
    if not earlier:
        return ", as the damaged part of the journal tells that was set aside"
    tested = earlier[-1].model.trial
    if tested == winner.id:
        return f" for another model of trial {tested}"
    return f" for trial {tested}, which is not the winner now"


def test_winner(
    found: Found, *, executor: Executor, record: Record, force: bool = False
) -> TestOutcome:
    """Test the models in `winner/`, unless the test split was opened before.

    Those of all seeds meet it in the same opening, and so does the compressed form, if there is
    one. A model of a further seed that was trained after
    it is another model, and has no result before the split is opened again.

    Args:
        found: The search; its state includes what `record` journals.
        executor: Does the evaluation.
        record: Journals the opening before the split is read, and the result after.
        force: Open the split even if a result is known already. Recorded.

    Returns:
        The result for this winner, new or recorded, or the reason why there is none.

    Raises:
        ConfigurationError: The winner was not handed over to `winner/` yet, or models of further
            seeds are still to be trained.
        TrialFailed: It could be tested, and the test failed.

    Side effects:
        Journals `TestOpened`, and `Tested` or `TestSkipped`; rewrites winner/metrics.json,
        atomically.
    """
    winner = found.winner
    model = None if winner is None else found.model_of(winner)
    if winner is None or model is None:
        raise ConfigurationError(not_refitted(found))
    if found.kind_of(winner) == "function":
        _skip(found, model, reason=_FUNCTION, record=record)
    elif force or not (found.handover.results or found.was_tested_aside):
        if not model.is_complete:
            raise ConfigurationError(seeds_missing(found, model))
        record(ev.TestOpened(at=time.time(), trial=winner.id, forced=force))
        _open(found, winner, model, executor=executor, record=record)
    write_metrics(found, trial=winner, model=model)
    return recorded_test(found)


test_winner.__test__ = False  # type: ignore[attr-defined]  # a name that pytest would collect

_FUNCTION = "not tested: a function trains by itself, so only its own code can test what it made"


def _open(
    found: Found, winner: Trial, model: ev.Refitted, *, executor: Executor, record: Record
) -> None:
    """Read the test split and journal what it showed, or that there is nothing to read."""
    job = job_of(found, winner, epochs=model.epochs)
    try:
        examined = executor.examine(
            job, checkpoint=found.run_dir.fetched(path_of(0)).absolute(), split="test"
        )
        others = [
            executor.evaluate(
                replace(job, repeat=repeat),  # whose draws may have split the data
                checkpoint=found.run_dir.fetched(path_of(repeat)).absolute(),
                split="test",
            )
            for repeat in range(1, model.n_models)
        ]
        made = compressed_as_it_lies(found.run_dir, found.handover.compression_of(model))
        compressed = None
        if made:
            values_of_made = executor.evaluate(
                job, checkpoint=found.run_dir.fetched(made.path).absolute(), split="test"
            )
            compressed = _finite(values_of_made)
    except Unsupported as error:
        _skip(found, model, reason=f"not tested: {phrase(error)}", record=record)
    except TrialFailed as error:
        again = to_type("test", found.run_dir.path)
        raise TrialFailed(f"{error} To test once that is mended: {again}.") from error
    else:
        record(
            ev.Tested(
                at=time.time(),
                trial=winner.id,
                values=_finite(examined.values),
                intervals=intervals(examined),
                others=tuple(map(_finite, others)),
                compressed=compressed,
            )
        )


def _skip(found: Found, model: ev.Refitted, *, reason: str, record: Record) -> None:
    """Journal that the model cannot be tested, unless the journal says so already."""
    skip = found.handover.skip_of(model)
    if skip is None or skip.reason != reason:
        record(ev.TestSkipped(at=time.time(), trial=model.trial, reason=reason))


def _finite(values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in values.items()
    }

"""Why did this trial win, on one page for a person?"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from raysearch.cli.screen import note, print_json, print_table
from raysearch.errors import ConfigurationError
from raysearch.report.why import sentences, table
from raysearch.results import Results
from raysearch.results.examples import Kept, kept, look
from raysearch.results.executor import LocalExecutor
from raysearch.results.importance import importance
from raysearch.results.messages import no_winner
from raysearch.results.why import why, why_document
from raysearch.trial import Trial

WIDTH = 100
"""Characters of a line of text."""


def print_why(found: Sequence[Results], *, as_json: bool, as_csv: bool) -> int:
    """Print why the winner of a run won; return the exit status, 1 without a winner.

    Raises:
        ConfigurationError: It is asked of several runs, or as comma-separated values.
    """
    if len(found) > 1:
        raise ConfigurationError(
            f"--why is about one run, and {len(found)} are given. Give one of them."
        )
    if as_csv:
        raise ConfigurationError("--why has no form of comma-separated values. Leave out --csv.")
    results = found[0]
    told = why(results, look=_Looking(results))
    if as_json:
        document = None if told is None else why_document(results, told)
        print_json({**results.to_json(), "why": document})
        return 0 if told is not None else 1
    if told is None:
        note(no_winner(results))
        return 1
    worth = importance(results)
    for text in sentences(results, told, importance=worth):
        print(textwrap.fill(text, WIDTH))
        print()
    rows = table(results, told, importance=worth)
    print_table(rows[1:], header=list(rows[0]), flexible=list(rows[0][1:]))
    return 0


class _Looking:
    """Tells what trials' best models do with the validation examples, and looks where it must.

    Args:
        results: The run, which is read only: what is seen is not kept.
    """

    def __init__(self, results: Results) -> None:
        self._results = results
        self._seen: dict[str, Kept | None] = {}

    def __call__(self, trial: Trial) -> Kept | None:
        if trial.id not in self._seen:
            self._seen[trial.id] = self._look(trial)
        return self._seen[trial.id]

    def _look(self, trial: Trial) -> Kept | None:
        there = kept(self._results, trial)
        if there is not None:
            return there
        seen = look(self._results, trial, executor=LocalExecutor())
        if isinstance(seen, str):
            note(f"trial {trial.id} is not compared example by example: {seen}\n")
            return None
        return seen

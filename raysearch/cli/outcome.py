"""What did one or several searches find? Ranking, winner, failures, and runs side by side."""

from __future__ import annotations

import csv
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import Command, add_json, add_run, given, positive

if TYPE_CHECKING:
    from raysearch.results import Results
    from raysearch.trial import Trial

TOP = 10
"""Trials in the table unless --top says otherwise."""


def _add_arguments(parser: ArgumentParser) -> None:
    add_run(parser, many=True)
    parser.add_argument(
        "--top",
        type=positive,
        metavar="N",
        help=f"the N best trials: {TOP} by default, all of them with --json and --csv",
    )
    add_json(parser)
    parser.add_argument(
        "--csv", action="store_true", help="print the trials as comma-separated values"
    )
    parser.add_argument(
        "--why",
        action="store_true",
        help="why this trial won, against the second and the default, of one run",
    )
    parser.add_argument(
        "--optuna",
        metavar="FILE",
        type=given,
        help="write the runs into a new Optuna journal file, which optuna-dashboard opens",
    )


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import note, print_json
    from raysearch.cli.summary import warnings
    from raysearch.cli.why import print_why
    from raysearch.errors import ConfigurationError
    from raysearch.results import Results

    if arguments.json and arguments.csv:
        raise ConfigurationError("--json and --csv exclude each other. Give one of them.")
    runs = [find_run(name, storage=arguments.storage) for name in arguments.run]
    found = [Results.read(run.path) for run in runs]
    if arguments.why:
        return print_why(found, as_json=arguments.json, as_csv=arguments.csv)
    if arguments.optuna is not None:
        _export(found, arguments.optuna)
    if arguments.json:
        print_json(_documents(found, top=arguments.top))
    elif arguments.csv:
        _print_csv(found, top=arguments.top)
    else:
        for results in found:
            _print(results, top=arguments.top or TOP, is_alone=len(found) == 1)
        if len(found) > 1:
            print_comparison(found)
    for results in found:
        for text in warnings(results):
            note(f"\n{text}")
    return 0


RESULTS = Command(
    name="results",
    help="show the ranking and the winner of searches, also while they run",
    description="Show how a search stands: the best trials, the winner against the default "
    "configuration, its test result, and failures by cause. Of several families the best of each, "
    "with an interval at 95 %: for accuracy what the validation examples say of others like them "
    "(Wilson), else what the best of as many trials would be if they were drawn again. Neither "
    "allows for the choice of the best among many; the test does. Families are compared on the "
    "same validation examples by a paired test, where the end of the search has looked at them one "
    "by one. Which hyperparameters mattered, PED-ANOVA says from 20 trials on. --why says why the "
    "winner won: against the second and the default, in what they differ, what that is worth, and "
    "whether it is more than chance. Several runs are compared: those that differ in the seed "
    "alone are one search, and a permutation test says whether one search is better than another "
    "after as many epochs. --csv has a line for each trial, with its configuration under "
    "config.KEY. Reads only; a copy of a run directory will do.",
    example="results runs/digits-20261123-170912 --top 5",
    add_arguments=_add_arguments,
    execute=_execute,
)


def _export(found: Sequence[Results], file: str) -> None:
    from pathlib import Path

    from raysearch.cli.screen import note
    from raysearch.results.optuna_journal import export_to_optuna

    names = export_to_optuna(found, Path(file))
    what = "a study" if len(names) == 1 else f"{len(names)} studies"
    note(f"{file}: {what} for optuna-dashboard {file}\n")


def _documents(found: Sequence[Results], *, top: int | None) -> dict[str, Any]:
    documents = [_document(results, top=top) for results in found]
    if len(documents) == 1:
        return documents[0]
    from raysearch.cli.comparison import comparison_document

    return {"schema_version": 1, "runs": documents, "comparison": comparison_document(found)}


def _document(results: Results, *, top: int | None) -> dict[str, Any]:
    found = results.to_json()
    if top is not None:
        by_id = {entry["id"]: entry for entry in found["trials"]}
        found["trials"] = [by_id[trial.id] for trial in results.ranking()[:top]]
    return found


def _print(results: Results, *, top: int, is_alone: bool) -> None:
    from raysearch.cli.aims import front_facts, front_rows, rejected_facts
    from raysearch.cli.descent import print_descent
    from raysearch.cli.distributions import distribution_facts
    from raysearch.cli.families import family_facts
    from raysearch.cli.importance import importance_facts
    from raysearch.cli.leaders import print_leaders
    from raysearch.cli.screen import print_facts, print_table
    from raysearch.cli.summary import (
        evidence_facts,
        failure_facts,
        heading,
        opening_facts,
        unranked_facts,
        winner_facts,
    )

    print(heading(results))
    if idle := _idle(results):
        print(idle)
    print()
    ranking = results.ranking()
    if ranking:
        print_table(
            [_row(results, trial, rank=rank) for rank, trial in enumerate(ranking[:top], start=1)],
            header=[*_HEADER[:2], results.objective.metric, *_folds(results), *_HEADER[2:]],
            numbers=["rank", results.objective.metric, *_folds(results), "best epoch", "time"],
            flexible=_HEADER[-1:],
            cut=True,
        )
        if len(ranking) > top:
            print(f"... and {len(ranking) - top} more: --top {len(ranking)}")
        print()
    print_leaders(results)
    if len(results.objectives) > 1 and results.front:
        metrics = [objective.metric for objective in results.objectives]
        print_table(front_rows(results), header=["Pareto front", *metrics], numbers=metrics)
        print()
    print_facts(
        [
            *winner_facts(results),
            *front_facts(results),
            *family_facts(results),
            *distribution_facts(results),
            *(importance_facts(results) if is_alone else []),
            *evidence_facts(results),
            *rejected_facts(results),
            *failure_facts(results),
            *unranked_facts(results),
        ]
    )
    print()
    print_descent(results)
    opening = opening_facts(results)
    if opening:
        print_facts(opening, wrap=False)
        print()


_HEADER = ["rank", "trial", "best epoch", "time", "status", "differs from the default in"]


def _idle(results: Results) -> str:
    """Return what of the machines has nothing to do while the search runs; empty for nothing."""
    from raysearch.engine.planned import plan_of
    from raysearch.errors import ConfigurationError
    from raysearch.live.idle import idle_now
    from raysearch.trial import SearchStatus

    if results.status is not SearchStatus.RUNNING:
        return ""
    try:
        plan = plan_of(results.experiment)
    except ConfigurationError:  # a class of the user's is not here
        return ""
    idle = idle_now(results.state, plan=plan, at=time.time())
    return "" if idle is None else idle.text


def _folds(results: Results) -> list[str]:
    """Return the column that tells of folds, if trials are trained on several."""
    return ["folds"] if results.state.account.n_folds > 1 else []


def _row(results: Results, trial: Trial, *, rank: int) -> list[str]:
    from raysearch.live.text import changed_first, duration, short_number
    from raysearch.results.fold_results import folds_text

    objective, default = results.objective, results.default
    best = trial.best(objective)
    compared = None if default is None else default.configuration
    changed, same = changed_first(trial.best_configuration(objective), default=compared)
    return [
        str(rank),
        trial.id,
        short_number(trial.value(objective)),
        *([folds_text(trial, objective=objective)] if _folds(results) else []),
        f"{best.epoch if best else 0} of {trial.epochs}",
        duration(trial.seconds),
        str(trial.status),
        " ".join(same if default is None else changed),
    ]


def print_comparison(found: Sequence[Results]) -> None:
    """Print runs side by side, one in a row."""
    from raysearch.cli.comparison import comparison_facts
    from raysearch.cli.screen import print_facts, print_table
    from raysearch.counting import counted
    from raysearch.live.text import duration, short_number
    from raysearch.training.outcomes import on_test_split

    rows = []
    for results in found:
        winner, tested = results.winner, results.test_outcome.values or {}
        metric = results.objective.metric
        test_name = on_test_split(metric)
        tested_value = short_number(tested[test_name]) if test_name in tested else "-"
        rows.append(
            [
                results.run_dir.path.name,
                str(results.status),
                str(len(results.state.trials)),
                str(results.state.epochs),
                duration(results.state.seconds),
                winner.id if winner else "-",
                f"{metric} {short_number(winner.value(results.objective))}" if winner else "-",
                tested_value,
            ]
        )
    print(f"{counted(len(found), 'run')} side by side\n")
    header = ["run", "status", "trials", "epochs", "time", "winner", "value", "test"]
    print_table(rows, header=header, numbers=["trials", "epochs", "time"])
    print()
    print_facts(comparison_facts(found))


def _print_csv(found: Sequence[Results], *, top: int | None) -> None:
    """Print a line for each trial, with the columns of `to_dataframe`, and the run before them."""
    from raysearch.results.table import columns_of, trial_rows

    rows = []
    for results in found:
        trials = None if top is None else results.ranking()[:top]
        rows += [
            {"run": results.run_dir.path.name, **row} for row in trial_rows(results, trials=trials)
        ]
    writer = csv.DictWriter(sys.stdout, columns_of(rows) or ["run"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)

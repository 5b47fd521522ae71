"""How is the winner made smaller and faster?"""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import (
    Command,
    above_zero,
    add_json,
    add_run,
    amount,
    given,
    positive,
)

if TYPE_CHECKING:
    from raysearch.compression.compressing import Outcome
    from raysearch.compression.searching import Chosen
    from raysearch.results import Results
    from raysearch.trial import Trial

DONE, FAILED = 0, 1


def _add_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "--experiment",
        metavar="FILE",
        type=given,
        help="take RUN for a checkpoint, of the model and data that this file names",
    )
    parser.add_argument(
        "--run-dir", metavar="DIR", type=given, help="the run directory that it is taken into"
    )
    parser.add_argument(
        "--max-drop",
        type=amount,
        metavar="X",
        help="how much worse the objective may be, in its own units (0.5 %% of its value)",
    )
    parser.add_argument(
        "--size",
        type=above_zero,
        metavar="X",
        help="bytes that are aimed at, as a share of the winner's (0.25)",
    )
    parser.add_argument(
        "--speed",
        type=above_zero,
        metavar="X",
        help="how many times as fast a batch shall be (1.5)",
    )
    parser.add_argument(
        "--trials", type=positive, default=16, metavar="N", help="recipes to try (16)"
    )
    parser.add_argument(
        "--epochs",
        type=positive,
        metavar="N",
        help="most epochs of training after a change (as many as a trial has)",
    )
    parser.add_argument(
        "--batch-size",
        type=positive,
        default=64,
        metavar="N",
        help="examples in the batch whose latency counts (64)",
    )
    parser.add_argument(
        "--searcher", default="hyperopt", metavar="NAME", help="the search method (hyperopt)"
    )
    add_json(parser)


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import note, print_json
    from raysearch.results import Results
    from raysearch.results.messages import refuse_without_winner

    if arguments.experiment is None:
        results = Results.read(find_run(arguments.run, storage=arguments.storage).path)
        refuse_without_winner(results)  # before torch is imported
    else:
        results = _adopted(arguments)
    from raysearch.compression.compressing import compress_winner
    from raysearch.compression.wish import Wish

    aims = {"size": arguments.size, "speed": arguments.speed}
    wish = Wish(
        max_drop=arguments.max_drop,
        trials=arguments.trials,
        max_epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        searcher=arguments.searcher,
        **{name: aim for name, aim in aims.items() if aim is not None},
    )
    with contextlib.redirect_stdout(sys.stderr), results.recording() as record:
        outcome = compress_winner(results, wish=wish, record=record, say=note)
    if arguments.json:
        print_json(_document(results, outcome))
    else:
        _print(results, outcome)
    return DONE if outcome.made is not None else FAILED


def _adopted(arguments: Namespace) -> Results:
    """Return a search that has nothing but the checkpoint that was given."""
    from pathlib import Path

    from raysearch.compression.adopting import adopt
    from raysearch.experiment import load
    from raysearch.results import Results
    from raysearch.run_dir import RunDir

    experiment = load(arguments.experiment)
    path = arguments.run_dir or Path(arguments.storage) / f"{experiment.name}-checkpoint"
    with contextlib.redirect_stdout(sys.stderr):
        adopt(Path(arguments.run), experiment=experiment, run_dir=RunDir(Path(path)))
        results = Results.read(path)
        results.refit()
    return results


def _document(results: Results, outcome: Outcome) -> dict[str, Any]:
    chosen = outcome.chosen
    return {
        "schema_version": 1,
        "run_dir": results.run_dir.path.as_posix(),
        "search": chosen.run_dir.path.as_posix(),
        "max_drop": chosen.bound.max_drop,
        "trials": [
            {
                "id": trial.id,
                "recipe": dict(trial.configuration),
                "status": str(trial.status),
                "error": trial.error,
                "values": dict(trial.last.values) if trial.last else {},
            }
            for trial in chosen.trials
        ],
        "pareto_front": [trial.id for trial in chosen.front],
        "best": chosen.best.trial.id if chosen.best else None,
        "trainings": chosen.best.n_trainings if chosen.best else None,
        "lost": _lost(chosen),
        "compressed": results.to_json()["winner"].get("compressed"),
        "why_not": outcome.why_not,
    }


def _lost(chosen: Chosen) -> dict[str, Any] | None:
    """Return how much quality the chosen recipe loses, and how sure that is; None without one."""
    from raysearch.compression.bound import DROP_ERROR

    if chosen.best is None:
        return None
    values = chosen.best.values
    return {
        "drop": chosen.bound.drop(values),
        "error": values.get(DROP_ERROR),
        "is_sure": chosen.bound.is_sure(values),
    }


def _lost_text(chosen: Chosen) -> str:
    """Return the same in words; empty without a recipe."""
    from raysearch.live.text import short_number

    lost, bound = _lost(chosen), chosen.bound
    if lost is None:
        return ""
    error = lost["error"]
    apart = "" if error is None else f" ± {short_number(error, digits=2)} (standard error)"
    text = f"{short_number(lost['drop'], digits=2)}{apart} lost, {bound.max_drop:.2g} allowed"
    return text if lost["is_sure"] else f"{text}: more may be lost on other data"


def _print(results: Results, outcome: Outcome) -> None:
    from raysearch.cli.screen import print_facts, print_table

    chosen = outcome.chosen
    metric = results.objective.metric
    print(f"What none beats in size, latency and {metric} together:\n")
    header = ["recipe", metric, "bytes", f"ms of {outcome_batch(outcome)}", "ms of 1", "faster"]
    rows = [_row(outcome, trial) for trial in chosen.front]
    print_table(rows, header=header, numbers=header[1:])
    print()
    print_facts(_facts(results, outcome), wrap=False)


def outcome_batch(outcome: Outcome) -> int:
    """Return the examples in the batch whose latency counts."""
    from raysearch.compression.compressing import batch_size_of

    return batch_size_of(outcome.chosen)


def _row(outcome: Outcome, trial: Trial) -> list[str]:
    from raysearch.compression.bound import LATENCY, LATENCY_1, SIZE
    from raysearch.compression.recipe import Recipe
    from raysearch.live.text import short_number

    values = trial.last.values if trial.last else {}
    metric = outcome.chosen.bound.objective.metric
    now, before = values.get(LATENCY), values.get(f"original_{LATENCY}")
    return [
        Recipe.of(trial.configuration).describe(),
        short_number(values.get(metric)),
        f"{values.get(SIZE) or 0:,.0f}",
        short_number(now, digits=3),
        short_number(values.get(LATENCY_1), digits=3),
        f"{before / now:.2f}x" if now and before else "",
    ]


def _facts(results: Results, outcome: Outcome) -> list[tuple[str, str]]:
    from raysearch.compression.bound import LATENCY, LATENCY_1
    from raysearch.compression.recipe import Recipe
    from raysearch.live.text import short_number
    from raysearch.results.messages import to_type

    made, chosen = outcome.made, outcome.chosen
    refused: dict[str, list[str]] = {}
    for trial in chosen.trials:
        if trial.last is None and trial.error:
            name = Recipe.of(trial.configuration).describe()
            refused.setdefault(trial.error.splitlines()[0], []).append(name)
    facts = [("not possible", f"{'; '.join(names)}: {why}") for why, names in refused.items()]
    if made is None:
        return [*facts, ("not compressed", outcome.why_not)]
    values, original = made.values, made.original
    metric = results.objective.metric
    faster = [
        f"{(original[name] or 0) / (values[name] or 1):.2f} times as fast {of}"
        for name, of in (
            (LATENCY, f"in batches of {outcome_batch(outcome)}"),
            (LATENCY_1, "one by one"),
        )
    ]
    facts += [
        ("compressed", f"{results.run_dir.path / made.path} ({made.size_bytes:,} bytes)"),
        ("", f"{Recipe.of(dict(made.recipe)).describe()}"),
        (
            "",
            f"{made.size_bytes / made.original_bytes:.1%} of {made.original_bytes:,} bytes, "
            f"{', '.join(faster)}; onnxruntime, one thread, median of 500",
        ),
        (
            metric,
            f"{short_number(values.get(metric))} on validation data, before the refit"
            f"{_trainings(chosen)}; not compressed {short_number(original.get(metric))}",
        ),
        ("", _lost_text(chosen)),
    ]
    facts += [("left as it was", made.left)] if made.left else []
    outcome_of_test = results.test_outcome
    if outcome_of_test.values is None:
        facts.append(("test", f"both at once: {to_type('test', results.run_dir.path)}"))
    elif outcome_of_test.note:
        facts.append(("test", outcome_of_test.note))
    return facts


def _trainings(chosen: Chosen) -> str:
    n = 0 if chosen.best is None else chosen.best.n_trainings
    return f", mean of {n} trainings" if n > 1 else ""


COMPRESS = Command(
    name="compress",
    help="make the winner smaller and faster, and lose no more than is allowed",
    description="Search for a recipe that makes the winner small and fast: channels or weights "
    "pruned, blocks taken out, layers factorised, or a smaller network, each trained on for some "
    "epochs and taught by the winner; and int8, of weights as they are stored or in all that is "
    "computed. What reaches --size and --speed comes first, the smallest and fastest of it, if it "
    "loses no more than --max-drop, a standard error allowed for, also when it is trained again. "
    "The search is by validation data, on the winner as it was before the refit; the best is then "
    "applied to the model in winner/, and lies in winner/compressed/. Shows what none beats "
    "in size, latency and quality. The test split stays closed. With --experiment, a checkpoint "
    "from anywhere is taken into a run directory of its own first. Exit status 1 when nothing "
    "was compressed.",
    example="compress runs/digits-20261123-170912 --max-drop 0.005",
    add_arguments=_add_arguments,
    execute=_execute,
)

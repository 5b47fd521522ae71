"""How does a person get the winner's model, and its test result, after the search?"""

from __future__ import annotations

import contextlib
import sys
import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from raysearch.cli.command import Command, add_json, add_run, positive

if TYPE_CHECKING:
    from raysearch.results import Results


def _add_refit_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("--trial", metavar="ID", help="this trial instead of the winner")
    parser.add_argument(
        "--seeds",
        type=positive,
        metavar="N",
        help="models to have, each of a seed of its own; those that are there are kept "
        "(as the experiment says)",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="train even if the model is in winner/ already, or could not be trained",
    )
    add_json(parser)


def _refit(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import note, print_facts, print_json
    from raysearch.cli.summary import next_facts, warnings, winner_facts
    from raysearch.results import Results
    from raysearch.results.refit_seeds import say_nothing

    results = Results.read(find_run(arguments.run, storage=arguments.storage).path)
    if arguments.trial is None and results.winner is not None:
        for text in warnings(results):
            note(f"{text}\n")
    with contextlib.redirect_stdout(sys.stderr):
        results.refit(
            trial=arguments.trial,
            again=arguments.again,
            seeds=arguments.seeds,
            say=note if (arguments.seeds or results.seeds_wanted) > 1 else say_nothing,
        )
    show_in_tensorboard(results)
    if arguments.json:
        print_json(results.to_json())
        return 0
    print_facts(winner_facts(results))
    print()
    print_facts(next_facts(results), wrap=False)
    return 0


def show_in_tensorboard(results: Results) -> None:
    """Let TensorBoard show the winner and its pictures; a fault is said and ends nothing."""
    from raysearch.cli.screen import note
    from raysearch.live.pictures import show_pictures

    folder = results.run_dir.tensorboard
    try:
        show_pictures(results.run_dir.path)
        if not folder.is_dir():
            return  # nobody looks there, and TensorBoard need not be loaded
        from raysearch.live.board import show_winner

        show_winner(folder, results.state, at=time.time())
    except OSError as error:
        note(f"TensorBoard does not show the winner's pictures: {error}\n")


REFIT = Command(
    name="refit",
    help="train the winner again on train + validation data, and hand it over",
    description="Train the winner on training and validation data together for as many epochs as "
    "its best epoch took, and write it to winner/. Where the model or the data do not allow that, "
    "or it fails, the best checkpoint is taken as it is, and all output says why; --again tries "
    "again. A trial chosen with --trial becomes the winner, until the search goes on. With --seeds "
    "further models are trained, which differ in nothing but their seeds: their test results say "
    "how much of the winner's was luck. What is in winner/ already is not trained again.",
    example="refit runs/digits-20261123-170912 --trial 0031",
    add_arguments=_add_refit_arguments,
    execute=_refit,
)


def _add_test_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "--force", action="store_true", help="open the test split again; recorded in the journal"
    )
    add_json(parser)


def _test(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import note, print_facts, print_json
    from raysearch.cli.summary import winner_facts
    from raysearch.results import Results

    results = Results.read(find_run(arguments.run, storage=arguments.storage).path)
    for text in results.changed_checkpoints:
        note(f"{text}. The model in winner/ has its own weights, and is what is tested.\n")
    was_known = results.test_outcome.values is not None
    was_opened = bool(results.handover.results)
    with contextlib.redirect_stdout(sys.stderr):
        outcome = results.test(force=arguments.force)
    if outcome.values is not None:
        show_in_tensorboard(results)
    if arguments.force and was_opened:
        note("The test split was opened again, and the journal says so.\n")
    elif was_known:
        note(
            "The test result of this winner is known already; nothing was measured. --force opens "
            "the test split again, and the journal says so.\n"
        )
    if arguments.json:
        print_json(results.to_json())
    else:
        print_facts(winner_facts(results))
    return 1 if outcome.values is None else 0


TEST = Command(
    name="test",
    help="test the winner's model on data that nobody has looked at, once",
    description="Evaluate the model in winner/ on the test split, and with it those of further "
    "seeds. A result that is known already "
    "is shown and not measured again: a test that is repeated after choosing by it is none. "
    "--force opens the split again all the same, and the journal says so. Exit status 1 when there "
    "is no result for this winner, such as when its model has no test_step.",
    example="test runs/digits-20261123-170912",
    add_arguments=_add_test_arguments,
    execute=_test,
)

"""How are the checkpoints that matter brought together in one folder?"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from raysearch.cli.command import Command, add_json, add_run, given, positive

DONE, FAILED = 0, 1


def _add_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("folder", metavar="DIR", type=given, help="where they are copied to")
    parser.add_argument(
        "--top", type=positive, metavar="N", help="also the N best trials' best checkpoints"
    )
    parser.add_argument(
        "--trial", metavar="ID", action="append", default=[], help="also this trial's; may repeat"
    )
    add_json(parser)


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import print_facts, print_json
    from raysearch.live.text import file_size
    from raysearch.results import Results
    from raysearch.results.gathering import MANIFEST, gather

    results = Results.read(find_run(arguments.run, storage=arguments.storage).path)
    named = [results.trial(name) for name in arguments.trial]
    ranked = results.ranking()[: arguments.top or 0]
    if not named and not ranked and (w := results.winner) and results.model_of(w) is None:
        ranked = [w]  # it was not handed over, so its checkpoint is what there is of it
    trials = list({trial.id: trial for trial in (*ranked, *named)}.values())
    gathered = gather(results, to=Path(arguments.folder), trials=trials)
    if arguments.json:
        print_json(
            {
                "schema_version": 1,
                "folder": gathered.folder.as_posix(),
                "files": dict(gathered.sizes),
                "left_out": dict(gathered.left_out),
            }
        )
    else:
        facts = [("collected", str(gathered.folder))]
        facts += [("", f"{name} ({file_size(size)})") for name, size in gathered.sizes.items()]
        facts += [("left out", f"trial {name}: {why}") for name, why in gathered.left_out.items()]
        facts.append(("manifest", str(gathered.folder / MANIFEST)))
        print_facts(facts, wrap=False)
    return FAILED if gathered.left_out else DONE


COLLECT = Command(
    name="collect",
    help="copy the winner's models, and checkpoints of trials, into a folder",
    description="Copy what lies in winner/ into a folder, and the best checkpoints of the trials "
    "that are asked for, with a manifest: of each file the trial, its values, its configuration "
    "and a checksum. Before the winner is handed over, its best checkpoint is taken. A checkpoint "
    "that is damaged is left out, and said to be; the exit status is 1 then.",
    example="collect runs/digits-20261123-170912 models --top 3",
    add_arguments=_add_arguments,
    execute=_execute,
)

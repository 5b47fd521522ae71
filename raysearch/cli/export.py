"""How does a model leave raysearch?"""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from raysearch.cli.command import Command, add_json, add_run, given

if TYPE_CHECKING:
    from raysearch.compression.exporting import Exported
    from raysearch.compression.subject import Subject
    from raysearch.results import Results

DONE, FAILED = 0, 1


def _add_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument(
        "--trial", metavar="ID", help="the best checkpoint of this trial instead of the winner"
    )
    parser.add_argument(
        "--to", metavar="DIR", type=given, help="where to write (winner/export in the run)"
    )
    add_json(parser)


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import print_facts, print_json
    from raysearch.results import Results
    from raysearch.results.messages import refuse_without_winner

    results = Results.read(find_run(arguments.run, storage=arguments.storage).path)
    if arguments.trial is None:
        refuse_without_winner(results)  # before torch is imported
    from raysearch.compression.exporting import export_model
    from raysearch.compression.subject import best_of, handed_over

    if arguments.trial is None:
        subject, place = handed_over(results), results.run_dir.winner
    else:
        trial = results.trial(arguments.trial)
        subject, place = best_of(results, trial), results.run_dir.trial(trial.id)
    folder = place / "export" if arguments.to is None else Path(arguments.to)
    with contextlib.redirect_stdout(sys.stderr):
        exported = export_model(subject, folder=folder, compressed=_compressed(results, subject))
    if arguments.to is None:
        results.run_dir.bring_all()
    if arguments.json:
        print_json(_document(exported))
    else:
        print_facts(_facts(exported), wrap=False)
    return FAILED if exported.left_out else DONE


def _compressed(results: Results, subject: Subject) -> Path | None:
    """Return the compressed form of the model, if there is one."""
    from raysearch.results.winner_folder import compressed_as_it_lies

    if subject.model is None:
        return None
    made = results.handover.compression_of(subject.model)
    lies = compressed_as_it_lies(results.run_dir, made)
    return None if lies is None else results.run_dir.fetched(lies.path)


def _document(exported: Exported) -> dict[str, object]:
    parity = exported.parity
    return {
        "schema_version": 1,
        "folder": exported.folder.as_posix(),
        "files": dict(exported.sizes),
        "left_out": dict(exported.left_out),
        "largest_absolute_difference": None if parity is None else parity.largest_difference,
    }


def _facts(exported: Exported) -> list[tuple[str, str]]:
    from raysearch.live.text import file_size

    sizes, parity = exported.sizes, exported.parity
    facts = [("exported", str(exported.folder))]
    facts += [("", f"{name} ({file_size(size)})") for name, size in sizes.items()]
    if parity is not None:
        facts.append(
            (
                "parity",
                f"onnxruntime differs from torch by {parity.largest_difference:.2g} at most, where "
                f"outputs go up to {parity.largest_output:.3g} ({parity.n_examples} examples)",
            )
        )
        facts.append(("predict", f"python {exported.folder / 'predict.py'}"))
    by_reason: dict[str, list[str]] = {}
    for name, reason in exported.left_out.items():
        by_reason.setdefault(reason, []).append(name)
    facts += [("left out", f"{', '.join(names)}: {why}") for why, names in by_reason.items()]
    return facts


EXPORT = Command(
    name="export",
    help="write the winner as ONNX, torch.export and plain weights, with a model card",
    description="Write the model in winner/ into a folder that needs nothing of raysearch: "
    "model.onnx with a free batch size, compared with the model in onnxruntime; model.pt2 for "
    "torch.export; weights.pt with config.json; a model card; and predict.py, which needs "
    "onnxruntime and numpy alone. What cannot be made is left out, and the reason said; the exit "
    "status is 1 then.",
    example="export runs/digits-20261123-170912 --to model",
    add_arguments=_add_arguments,
    execute=_execute,
)

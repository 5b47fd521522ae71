"""What is known about one trial: what it was, how it went, and why it ended?"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from raysearch.cli.command import Command, add_json, add_run, positive
from raysearch.cli.lineage import inheritance_facts

if TYPE_CHECKING:
    from raysearch.results import Results
    from raysearch.run_dir import Event
    from raysearch.trial import Measurement, Objective, Trial

ROWS = 12
"""Rows of the table of epochs at most."""
CURVE_WIDTH = 40


def _add_arguments(parser: ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("id", metavar="ID", help="a trial's id or number: 0007 or 7")
    add_json(parser)
    parser.add_argument(
        "--rerun",
        action="store_true",
        help="train its configuration again, in this process; breakpoint() works",
    )
    parser.add_argument(
        "--epochs", metavar="N", type=positive, help="with --rerun: stop after N epochs"
    )
    parser.add_argument(
        "--pdb", action="store_true", help="with --rerun: open the debugger at an exception"
    )


def _execute(arguments: Namespace) -> int:
    from raysearch.cli.find import find_run
    from raysearch.cli.screen import note, print_json
    from raysearch.cli.summary import damages
    from raysearch.results import Results

    _check(arguments)
    results = Results.read(find_run(arguments.run, storage=arguments.storage).path)
    trial = results.trial(arguments.id)
    if arguments.rerun:
        from raysearch.cli.rerun import rerun

        return rerun(results, trial, epochs=arguments.epochs, debugs=arguments.pdb)
    events = _events_of(results, trial)
    if arguments.json:
        print_json(to_document(trial, events=events, objective=results.objective))
    else:
        _print(results, trial, events=events)
    for text in damages(results):
        note(f"\n{text}")
    return 0


def _events_of(results: Results, trial: Trial) -> list[Event]:
    """Return what happened to a trial, as far as the journal can be read."""
    from raysearch.run_dir import JournalDamaged

    events = []
    with suppress(JournalDamaged):
        for event in results.run_dir.events():
            if getattr(event, "trial", None) == trial.id:
                events.append(event)
    return events


def _check(arguments: Namespace) -> None:
    """Refuse options that do nothing together.

    Raises:
        ConfigurationError: Such options were given.
    """
    from raysearch.errors import ConfigurationError

    if arguments.rerun and arguments.json:
        raise ConfigurationError("--json and --rerun exclude each other. Give one of them.")
    for option in ("epochs", "pdb"):
        if getattr(arguments, option) and not arguments.rerun:
            raise ConfigurationError(f"--{option} goes with --rerun. Add --rerun, or leave it out.")


TRIAL = Command(
    name="trial",
    help="show all about one trial, or train it again with the debugger at hand",
    description="Show what a trial was, how it went epoch by epoch, what was decided about it and "
    "why, and what went wrong. --rerun trains its configuration again from the start, in this "
    "process and with the full traceback of an exception, and shows each epoch beside the recorded "
    "one. Nothing in the run directory is changed either way. Exit status 1 when that training "
    "fails.",
    example="trial runs/digits-20261123-170912 0007 --rerun --epochs 2",
    add_arguments=_add_arguments,
    execute=_execute,
)


def to_document(trial: Trial, *, events: list[Event], objective: Objective) -> dict[str, Any]:
    """Return what `trial --json` prints: the entry of `results --json`, and all its history."""
    from raysearch.results.document import SCHEMA_VERSION, trial_document
    from raysearch.run_dir import events as ev

    return {
        "schema_version": SCHEMA_VERSION,
        **trial_document(trial, objective=objective),
        "origin": dict(trial.origin),
        "error": trial.error,
        "measurements": [asdict(measurement) for measurement in trial.measurements],
        "checkpoints": [asdict(checkpoint) for checkpoint in trial.checkpoints],
        "decisions": [
            {
                "epoch": event.epoch,
                "kind": event.kind if isinstance(event, ev.Decided) else "exploit",
                "reason": event.reason,
            }
            for event in events
            if isinstance(event, ev.Decided | ev.Exploited)
        ],
        "attempts_made": [
            {
                "attempt": event.attempt,
                "worker": event.worker,
                "from_epoch": event.from_epoch,
                "reason": event.reason,
                "cause": _end_of(event.attempt, events),
            }
            for event in events
            if isinstance(event, ev.AttemptStarted)
        ],
    }


def _end_of(attempt: int, events: list[Event]) -> str | None:
    """Return why an attempt ended before the trial did, None if it did not."""
    from raysearch.run_dir import events as ev

    causes = [e.cause for e in events if isinstance(e, ev.AttemptEnded) and e.attempt == attempt]
    return causes[-1] if causes else None


def _print(results: Results, trial: Trial, *, events: list[Event]) -> None:
    from raysearch.cli.screen import print_facts

    print_facts(_facts(results, trial, events=events))
    if trial.measurements:
        print()
        _print_epochs(trial, events=events, objective=results.objective)
    if trial.error:
        print(f"\n{trial.error.rstrip()}")
    fetched = results.run_dir.fetched
    files = [fetched(f"trials/{trial.id}/{name}") for name in ("error.txt", "log.txt")]
    for path in files:
        if path.is_file():
            print(f"\nSee also {path}")


def _facts(results: Results, trial: Trial, *, events: list[Event]) -> list[tuple[str, str]]:
    from raysearch.cli.aims import measure_facts
    from raysearch.cli.descent import origin_text, repeat_facts, schedule_facts
    from raysearch.cli.folds import fold_facts
    from raysearch.cli.summary import configuration_facts, value_against_default
    from raysearch.counting import counted
    from raysearch.live.text import duration, file_size, first_line
    from raysearch.run_dir.remote.mirrors import place_of

    objective, best = results.objective, trial.best(results.objective)
    why = first_line(trial.reason) or first_line(trial.cause)
    attempts = "" if trial.attempts == 1 else f" in {counted(trial.attempts, 'attempt')}"
    facts = [
        ("trial", f"{trial.id} of {results.run_dir}"),
        ("status", f"{trial.status}{': ' if why else ''}{why}"),
        ("came from", origin_text(trial)),
        *inheritance_facts(results, trial),
        *configuration_facts(results, trial),
        *schedule_facts(results, trial),
        *_place(results, trial),
        *measure_facts(trial),
        ("trained", f"{counted(trial.epochs, 'epoch')} in {duration(trial.seconds)}{attempts}"),
        *repeat_facts(results, trial),
        *_interruptions(events),
    ]
    if best is not None:
        value = f"{objective.metric} {value_against_default(results, trial)}"
        facts += [("best epoch", f"{best.epoch}: {value}"), *fold_facts(trial, objective=objective)]
    for checkpoint in trial.checkpoints:
        size = file_size(checkpoint.size_bytes)
        facts.append(("checkpoint", f"{place_of(results.run_dir.path / checkpoint.path)} ({size})"))
    return [*facts, *_curves(trial, objective=objective)]


def _place(results: Results, trial: Trial) -> list[tuple[str, str]]:
    """Return what of the configuration lies outside the space, if a resume changed that."""
    from raysearch.experiment.space_changes import fit
    from raysearch.space import Space

    if not results.state.space:
        return []
    misplaced = fit(Space.from_json(results.state.space), trial.configuration).misplaced
    if not misplaced:
        return []
    keys = ", ".join(f"{p.key}, now {p.domain.describe()}" for p in misplaced)
    return [("", f"outside the space since that was changed: {keys}")]


def _interruptions(events: list[Event]) -> list[tuple[str, str]]:
    from raysearch.live.text import first_line
    from raysearch.run_dir import events as ev

    said = []
    for event in events:
        if isinstance(event, ev.AttemptStarted) and event.reason:
            said.append(("", f"attempt {event.attempt}: {event.reason}"))
        elif isinstance(event, ev.AttemptEnded):
            why = f" ({first_line(event.error)})" if event.error else ""
            said.append(("", f"attempt {event.attempt}: {event.cause}{why}"))
    return said


def _curves(trial: Trial, *, objective: Objective) -> list[tuple[str, str]]:
    """Return a small curve of each metric, that of the objective first."""
    from raysearch.live.text import short_number, sparkline

    names = dict.fromkeys([objective.metric])
    for measurement in trial.measurements:
        names.update(dict.fromkeys(measurement.values))
    facts = []
    for name in names:
        steps = [(float(m.epoch), m.values[name]) for m in trial.measurements if name in m.values]
        finite = [(epoch, value) for epoch, value in steps if value is not None]
        if len(finite) < 2:
            continue
        width = min(CURVE_WIDTH, int(finite[-1][0] - finite[0][0]) + 1)
        bars = sparkline(finite, end=finite[-1][0], width=width)
        ends = f"{short_number(finite[0][1])} to {short_number(finite[-1][1])}"
        facts.append((name, f"{bars}  {ends}"))
    return facts


def _print_epochs(trial: Trial, *, events: list[Event], objective: Objective) -> None:
    from raysearch.cli.screen import print_table
    from raysearch.live.text import duration, short_number
    from raysearch.run_dir import events as ev
    from raysearch.trial import DecisionKind

    decided: dict[int, str] = {}  # one that was paused has a second decision when it goes on
    for event in events:
        if isinstance(event, ev.Decided | ev.Exploited) and getattr(event, "fold", None) is None:
            kind = event.kind if isinstance(event, ev.Decided) else DecisionKind.EXPLOIT
            before = f"{decided[event.epoch]}; " if event.epoch in decided else ""
            decided[event.epoch] = f"{before}{kind}: {event.reason}"
    names = list(dict.fromkeys(name for m in trial.measurements for name in m.values))
    best, rows = trial.best(objective), []
    for measurement in telling(trial.measurements, always={*decided, best.epoch if best else 0}):
        remark = decided.get(measurement.epoch, "")
        if best is not None and measurement.epoch == best.epoch:
            remark = f"best; {remark}" if remark else "best"
        rows.append(
            [
                str(measurement.epoch),
                *(short_number(measurement.values.get(name)) for name in names),
                duration(measurement.seconds),
                "; ".join(text for text in (remark, measurement.cause) if text),
            ]
        )
    header = ["epoch", *names, "time", "decision"]
    print_table(rows, header=header, numbers=header[:-1], flexible=header[-1:])


def telling(measurements: tuple[Measurement, ...], *, always: set[int]) -> list[Measurement]:
    """Return the measurements worth a row: first, last, those named, and others evenly between.

    Args:
        measurements: In order of epochs.
        always: Epochs that are shown however many there are.
    """
    step = max(1, -(-len(measurements) // ROWS))
    last = len(measurements) - 1
    return [
        measurement
        for position, measurement in enumerate(measurements)
        if position % step == 0 or position == last or measurement.epoch in always
    ]

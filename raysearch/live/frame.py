"""What does the live view show, in the room that there is?

A frame is a list of lines, the most important ones first: where little fits, the lower ones are
left out. Colours are the terminal's own few, without backgrounds, for dark and light terminals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text

from raysearch.engine import Plan
from raysearch.live.estimate import time_left_text
from raysearch.live.phrases import (
    against_default,
    budget_used,
    end_reason,
    front_text,
    goal,
    pace,
    search_ended,
    trial_counts,
)
from raysearch.live.progress import Heading, Running, Snapshot
from raysearch.live.text import (
    changed_first,
    duration,
    printable,
    short_number,
    sparkline,
    without_prefix,
)
from raysearch.trial import Objective, SearchStatus, Trial, TrialStatus

_GOOD, _BAD, _DIM, _HEAD = "green", "red", "dim", "bold"
_INDENT = 7
_TALL = 20
"""Rows from which on the best value has a curve, and its configuration up to three lines."""
_MOST_ENDED = 8
"""Rows of trials that ended, however tall the terminal is: more would only make it jump."""
_WIDEST_CURVE = 40
RUNNING_HEAD = ("trial", "epoch", "now", "best", "time", "differs from the default in")
ENDED_HEAD = ("trial", "epochs", "best", "ended", "because")
_LEFT = {6: (0,), 5: (0, 3)}
"""By number of columns, those aligned to the left."""


def frame(snapshot: Snapshot, *, heading: Heading, width: int, height: int) -> list[Text]:
    """Return the lines of the view, at most `height`, each at most `width` cells wide.

    Args:
        snapshot: The search at this moment.
        heading: Name, run directory and plan.
        width: Columns. At least 20.
        height: Rows. At least 1.
    """
    plan = heading.plan
    rows = 3 if height >= _TALL else 1
    lines = [
        _title(heading),
        *_course(snapshot, plan=plan, width=width),
        *_best(snapshot, objective=plan.objective, width=width, rows=rows),
        *_front(snapshot, plan=plan),
        _labelled("trials", Text(trial_counts(snapshot))),
        *_idle(snapshot),
    ]
    for_running, for_ended = _share(
        height - len(lines), running=len(snapshot.running), ended=len(snapshot.recent)
    )
    if for_running:
        lines += _running_table(snapshot, plan=plan, lines=for_running)
    if for_ended:
        lines += _ended_table(snapshot, objective=plan.objective, lines=for_ended)
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines[:height]


def _title(heading: Heading) -> Text:
    return Text.assemble(
        (printable(heading.name), _HEAD),
        f"  {goal(heading.plan)}",
        (f"  {printable(heading.run_dir)}", _DIM),
    )


def _front(snapshot: Snapshot, *, plan: Plan) -> list[Text]:
    """Return a line with the Pareto front, where there are several objectives."""
    text = front_text(snapshot, plan=plan)
    return [_labelled("front", Text(text))] if text else []


def _idle(snapshot: Snapshot) -> list[Text]:
    """Return a line with what has nothing to do, if anything has not."""
    idle = snapshot.idle
    return [_labelled(idle.kind, Text(idle.share))] if idle is not None else []


def share_used(snapshot: Snapshot, *, plan: Plan) -> float | None:
    """Return how much of the budget that is nearest to its end is used, from 0 to 1, if any is."""
    used = []
    if plan.max_trials and plan.pauses_end:
        used.append(snapshot.done / plan.max_trials)
    elif plan.max_trials:  # all members of a population get to their ends at about the same time
        used.append(snapshot.epochs / (plan.max_trials * plan.max_epochs * plan.n_folds))
    if plan.max_seconds:
        used.append(snapshot.elapsed_s / plan.max_seconds)
    if plan.max_total_epochs:
        used.append(snapshot.epochs / plan.max_total_epochs)
    if plan.max_gpu_hours:
        used.append(snapshot.gpu_seconds / 3600 / plan.max_gpu_hours)
    return min(1.0, max(used)) if used else None


def pace_text(snapshot: Snapshot) -> str:
    """Return for how long the search has run and will run, and how fast it goes."""
    elapsed = f"{duration(snapshot.elapsed_s)} elapsed"
    return " · ".join([elapsed, time_left_text(snapshot.left), *pace(snapshot)])


def _course(snapshot: Snapshot, *, plan: Plan, width: int) -> list[Text]:
    """Return how far the search has got, or how it ended."""
    if snapshot.status is not SearchStatus.RUNNING:
        return [Text(search_ended(snapshot))]
    return [_budget(snapshot, plan=plan, width=width), Text(pace_text(snapshot))]


def _budget(snapshot: Snapshot, *, plan: Plan, width: int) -> Text:
    """Return a bar over the budget that is nearest to its end, with the figures of all."""
    label = budget_used(snapshot, plan=plan)
    used = share_used(snapshot, plan=plan)
    if used is None:
        return Text(label)
    cells = max(4, width - len(label) - 2)
    done = int(cells * used)
    return Text.assemble(("━" * done, _GOOD), ("─" * (cells - done), _DIM), f"  {label}")


def _best(snapshot: Snapshot, *, objective: Objective, width: int, rows: int) -> list[Text]:
    best = snapshot.incumbent
    if best is None:
        return [_labelled("best", Text(f"no {printable(objective.metric)} yet"))]
    default = snapshot.default.configuration if snapshot.default else None
    changed, same = changed_first(best.trial.configuration_at(best.epoch), default=default)
    tokens = [(token, "") for token in changed] + [(token, _DIM) for token in same]
    line = Text.assemble(
        (short_number(best.value), f"bold {_GOOD}"),
        f" (trial {best.trial.id}, {snapshot.unit} {best.epoch})",
    )
    phrase = against_default(snapshot, objective=objective)
    lines = [line.append(f", {phrase}" if phrase else "", style=_DIM)]
    lines += _flow(tokens, width=width - _INDENT, rows=rows)
    if rows > 1 and len(snapshot.curve) > 1:
        lines.append(_curve(snapshot, width=width - _INDENT))
    return [_labelled("best" if i == 0 else "", line) for i, line in enumerate(lines)]


def _curve(snapshot: Snapshot, *, width: int) -> Text:
    """Return the best value over the epochs of all trials."""
    first, last = short_number(snapshot.curve[0][1]), short_number(snapshot.curve[-1][1])
    cells = min(_WIDEST_CURVE, width - len(first) - len(last) - 2)
    if cells < 4:
        return Text(f"{first} {last}")
    curve = sparkline(snapshot.curve, end=snapshot.epochs, width=cells)
    return Text.assemble((first, _DIM), (f" {curve} ", _GOOD), (last, _DIM))


def _share(room: int, *, running: int, ended: int) -> tuple[int, int]:
    """Return how many lines the two tables get, each with a blank line and its heading.

    Example:
        >>> _share(30, running=4, ended=50), _share(9, running=16, ended=50)
        ((6, 10), (6, 3))
        >>> _share(4, running=16, ended=50)
        (4, 0)
    """
    wants_running = running + 2 if running else 0
    wants_ended = min(ended, _MOST_ENDED) + 2 if ended else 0
    for_running = min(wants_running, max(room - wants_ended, room * 2 // 3))
    if room - for_running < 3:
        for_running = min(wants_running, room)
    for_ended = min(wants_ended, room - for_running)
    return (for_running if for_running >= 3 else 0), (for_ended if for_ended >= 3 else 0)


def _running_table(snapshot: Snapshot, *, plan: Plan, lines: int) -> list[Text]:
    room = lines - 2
    shown = snapshot.running[: room if len(snapshot.running) <= room else room - 1]
    rows = [running_row(running, plan=plan, default=snapshot.default) for running in shown]
    table = [Text(), *_columns(RUNNING_HEAD, rows)]
    more = len(snapshot.running) - len(shown)
    return [*table, Text(f"and {more} more in training", style=_DIM)] if more else table


def running_row(running: Running, *, plan: Plan, default: Trial | None) -> tuple[str, ...]:
    """Return the cells of a trial in training, under `RUNNING_HEAD`."""
    trial = running.trial
    now = trial.trained[-1].values.get(plan.objective.metric) if trial.trained else None
    fold = f" of fold {trial.fold + 1}/{plan.n_folds}" if plan.n_folds > 1 else ""
    known = default.configuration if default else None
    changed, same = changed_first(trial.configuration, default=known)
    what = changed or (["nothing"] if default is not None else same)
    return (
        trial.id,
        f"{trial.reached}/{plan.max_epochs}{fold}",
        short_number(now),
        short_number(trial.value(plan.objective)),
        duration(running.seconds),
        " ".join(map(without_prefix, what)),
    )


def _ended_table(snapshot: Snapshot, *, objective: Objective, lines: int) -> list[Text]:
    rows = [ended_row(trial, objective=objective) for trial in snapshot.recent[: lines - 2]]
    table = _columns(ENDED_HEAD, rows)
    for line, trial in zip(table[1:], snapshot.recent, strict=False):
        if trial.status is TrialStatus.FAILED:
            line.stylize(_BAD)
    return [Text(), *table]


def ended_row(trial: Trial, *, objective: Objective) -> tuple[str, ...]:
    """Return the cells of a trial that ended, under `ENDED_HEAD`."""
    return (
        trial.id,
        str(trial.epochs),
        short_number(trial.value(objective)),
        trial.status.value,
        end_reason(trial),
    )


def _columns(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[Text]:
    """Return aligned lines: ids and the last two columns to the left, figures to the right."""
    table = [head, *rows]
    widths = [max(cell_len(row[i]) for row in table) for i in range(len(head) - 1)]
    lines = []
    for row in table:
        cells = [
            cell.ljust(width) if i in _LEFT[len(head)] else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append(Text("  ".join([*cells, row[-1]])))
    lines[0].stylize(_DIM)
    return lines


def _labelled(label: str, line: Text) -> Text:
    return Text.assemble((label.ljust(_INDENT), _HEAD), line)


def _flow(tokens: Iterable[tuple[str, str]], *, width: int, rows: int) -> list[Text]:
    """Return words with their styles on as many lines as they need, at most `rows`."""
    lines = [Text()]
    for token, style in tokens:
        if lines[-1] and lines[-1].cell_len + 1 + cell_len(token) > width:
            if len(lines) == rows:
                lines[-1].append(" …", style=_DIM)
                return lines
            lines.append(Text())
        lines[-1].append((" " if lines[-1] else "") + token, style=style)
    return lines

"""What does the output of a notebook's cell hold, as HTML and as plain text?

The figures and words are those of the terminal view. Colours are few and without backgrounds, for
dark and light notebooks; whatever comes from elsewhere (names, paths, values, errors) is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from raysearch.live.frame import (
    ENDED_HEAD,
    RUNNING_HEAD,
    ended_row,
    frame,
    pace_text,
    running_row,
    share_used,
)
from raysearch.live.phrases import against_default, budget_used, goal, search_ended, trial_counts
from raysearch.live.progress import Heading, Snapshot
from raysearch.live.text import changed_first, printable, short_number, sparkline
from raysearch.trial import SearchStatus, TrialStatus

MOST_RUNNING, MOST_ENDED = 16, 8
"""Rows of the tables."""
CURVE = 40
"""Characters of the curve of the best value."""
WIDTH, HEIGHT = 100, 30
"""Of the plain text."""

_GOOD, _BAD, _DIM = "color:#2e9e5b", "color:#d1453b", "opacity:.6"
_TRACK = "background:rgba(128,128,128,.3);border-radius:3px;max-width:50em;margin:.3em 0"
_CELL = "text-align:left;padding:0 1em 0 0;border:0;vertical-align:top"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is to be seen at one moment."""

    heading: Heading
    snapshot: Snapshot | None
    """None before the search started."""
    said: tuple[str, ...]
    """Lines that stay: stages that are over, notes."""
    stage: str
    """What is waited for, with for how long; empty if nothing is."""


def as_text(page: Page) -> str:
    """Return the page as lines of plain text, as the terminal view has them."""
    lines = [printable(page.heading.name)]
    if page.snapshot is not None:
        shown = frame(page.snapshot, heading=page.heading, width=WIDTH, height=HEIGHT)
        lines = [line.plain.rstrip() for line in shown]
    lines += map(printable, page.said)
    return "\n".join([*lines, f"{printable(page.stage)} ..."] if page.stage else lines)


def as_html(page: Page) -> str:
    """Return the page as one HTML element."""
    parts = [_title(page.heading)]
    if page.snapshot is not None:
        parts += _course(page.snapshot, heading=page.heading)
        parts.append(_facts(page.snapshot, heading=page.heading))
        parts += _tables(page.snapshot, heading=page.heading)
    parts += [_line(_text(line), style=_DIM) for line in page.said]
    if page.stage:
        parts.append(_line(f"{_text(page.stage)} …"))
    return _element("div", "\n".join(parts), style="line-height:1.5")


def _title(heading: Heading) -> str:
    name, improved = _element("b", _text(heading.name)), _text(goal(heading.plan))
    return _line(f"{name} {improved} {_element('span', _text(heading.run_dir), style=_DIM)}")


def _course(snapshot: Snapshot, *, heading: Heading) -> list[str]:
    """Return how far the search has got, with a bar, or how it ended."""
    if snapshot.status is not SearchStatus.RUNNING:
        return [_line(_text(search_ended(snapshot)))]
    used = share_used(snapshot, plan=heading.plan)
    figures = f"{budget_used(snapshot, plan=heading.plan)} · {pace_text(snapshot)}"
    if used is None:
        return [_line(_text(figures))]
    done = f"background:#2e9e5b;border-radius:3px;height:.5em;width:{100 * used:.1f}%"
    return [_line(_line("", style=done), style=_TRACK), _line(_text(figures))]


def _facts(snapshot: Snapshot, *, heading: Heading) -> str:
    rows = [("best", _best(snapshot, heading=heading))]
    if snapshot.incumbent is not None:
        rows.append(("", _configuration(snapshot)))
    if len(snapshot.curve) > 1:
        rows.append(("", _curve(snapshot)))
    rows.append(("trials", _text(trial_counts(snapshot))))
    if snapshot.idle is not None:
        rows.append((snapshot.idle.kind, _text(snapshot.idle.share)))
    cells = [[_element("b", label), content] for label, content in rows]
    return _table(cells)


def _best(snapshot: Snapshot, *, heading: Heading) -> str:
    objective, best = heading.plan.objective, snapshot.incumbent
    if best is None:
        return f"no {_text(objective.metric)} yet"
    value = _element("b", short_number(best.value), style=_GOOD)
    phrase = against_default(snapshot, objective=objective)
    compared = _element("span", f", {_text(phrase)}", style=_DIM) if phrase else ""
    return f"{value} (trial {_text(best.trial.id)}, {snapshot.unit} {best.epoch}){compared}"


def _configuration(snapshot: Snapshot) -> str:
    """Return the best configuration, with what differs from the default in full strength."""
    if snapshot.incumbent is None:
        return ""
    default = snapshot.default.configuration if snapshot.default else None
    best = snapshot.incumbent
    changed, same = changed_first(best.trial.configuration_at(best.epoch), default=default)
    return " ".join(
        [*map(_text, changed), *(_element("span", _text(pair), style=_DIM) for pair in same)]
    )


def _curve(snapshot: Snapshot) -> str:
    first, last = (short_number(snapshot.curve[i][1]) for i in (0, -1))
    bars = sparkline(snapshot.curve, end=snapshot.epochs, width=CURVE)
    curve = _element("span", bars, style=f"{_GOOD};font-family:monospace")
    return f"{first} {curve} {last}"


def _tables(snapshot: Snapshot, *, heading: Heading) -> list[str]:
    plan, tables = heading.plan, []
    if snapshot.running:
        rows = [
            running_row(running, plan=plan, default=snapshot.default)
            for running in snapshot.running[:MOST_RUNNING]
        ]
        tables.append(_table([list(map(_text, row)) for row in rows], head=RUNNING_HEAD))
        more = len(snapshot.running) - len(rows)
        tables += [_line(f"and {more} more in training", style=_DIM)] if more else []
    if ended := snapshot.recent[:MOST_ENDED]:
        cells = [list(map(_text, ended_row(trial, objective=plan.objective))) for trial in ended]
        styles = [_BAD if trial.status is TrialStatus.FAILED else "" for trial in ended]
        tables.append(_table(cells, head=ENDED_HEAD, styles=styles))
    return tables


def _table(
    rows: Sequence[Sequence[str]], *, head: Sequence[str] = (), styles: Sequence[str] = ()
) -> str:
    """Return a table of cells that are HTML; `styles` has one style for each row, or nothing."""
    lines = [[_element("th", cell, style=f"{_CELL};{_DIM}") for cell in head]] if head else []
    for row, style in zip(rows, styles or [""] * len(rows), strict=True):
        lines.append([_element("td", cell, style=f"{_CELL};{style}") for cell in row])
    inside = "\n".join(_element("tr", "".join(cells)) for cells in lines)
    return _element("table", inside, style="border-collapse:collapse;margin:.5em 0")


def _line(content: str, *, style: str = "") -> str:
    return _element("div", content, style=style)


def _element(tag: str, content: str, *, style: str = "") -> str:
    attribute = f' style="{style}"' if style else ""
    return f"<{tag}{attribute}>{content}</{tag}>"


def _text(text: str) -> str:
    return escape(printable(text))

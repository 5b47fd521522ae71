"""How do sections become one HTML file that needs nothing else?

Plotly's JavaScript, the data and the style are all inside it: nothing is loaded from anywhere. The
data are one JSON document: the trials once, and the figures, whose points name trials by number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from importlib.util import find_spec
from typing import Any

from raysearch.errors import ConfigurationError
from raysearch.live.text import duration
from raysearch.report.as_plotly import numbers, to_plotly
from raysearch.report.bundle import slimmed
from raysearch.report.facts import trial_text, why
from raysearch.report.figure import Drawing, Section
from raysearch.report.shown import Shown
from raysearch.trial import Trial

LONGEST = 400
"""Characters of a configuration or a reason in the table of trials."""


def to_html(runs: Sequence[Shown], sections: Sequence[Section], *, title: str, about: str) -> str:
    """Return the page.

    Args:
        runs: At least one.
        sections: In order.
        title: Of the page.
        about: A line below it.

    Raises:
        ConfigurationError: Plotly is not installed.
    """
    figures = [to_plotly(drawing) for section in sections for drawing in section.drawings]
    drawn = {trace["type"] for figure in figures for trace in figure["data"]}
    data = {
        "runs": [run.name for run in runs],
        "metrics": [run.objective.metric for run in runs],
        "trials": [_trial(run, trial) for run in runs for trial in run.trials],
        "order": _order(runs),
        "figures": figures,
    }
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',  # else browsers ask for one
            f"<title>{escape(title)}</title>",
            f"<style>{_own('page.css')}</style></head><body>",
            f'<header><h1>{escape(title)}</h1><p class="soft">{escape(about)}</p></header>',
            _bar(sections),
            "<main>",
            *_sections(
                sections,
                heights=iter([figure["height"] for figure in figures]),
                is_many=len(runs) > 1,
            ),
            _trials(is_many=len(runs) > 1),
            "</main>",
            f'<script type="application/json" id="page-data">{text}</script>',
            f"<script>{slimmed(plotly_script(), traces=drawn)}</script>",
            f"<script>{_own('page.js')}</script>",
            "</body></html>",
        ]
    )


def _own(name: str) -> str:
    return resources.files("raysearch.report").joinpath(name).read_text("utf-8")


def plotly_script() -> str:
    """Return plotly's JavaScript, as its Python package has it.

    Raises:
        ConfigurationError: It is not installed.
    """
    if find_spec("plotly") is None:
        raise ConfigurationError(
            "the report needs the package plotly, which is not installed. Install it: "
            "pip install 'raysearch[report]'. Nothing was written."
        )
    folder = resources.files("plotly").joinpath("package_data")
    return folder.joinpath("plotly.min.js").read_text("utf-8")


def _trial(run: Shown, trial: Trial) -> dict[str, Any]:
    family = trial.configuration.get("model")
    return {
        "run": run.place,
        "id": trial.id,
        "status": str(trial.status),
        "value": numbers([trial.value(run.objective)])[0],
        "epochs": trial.epochs,
        "time": duration(trial.seconds),
        "why": why(trial)[:LONGEST],
        "family": str(family) if family is not None else "",
        "configuration": trial_text(run, trial)[:LONGEST],
    }


def _order(runs: Sequence[Shown]) -> list[int]:
    """Return the owners in the order of the table: best first, those without a value last.

    Runs whose objectives differ come one after the other.
    """
    is_one = len({run.objective for run in runs}) == 1
    keyed = [
        (0 if is_one else run.place, trial.rank_key(run.objective), run.owner(trial.id))
        for run in runs
        for trial in run.trials
    ]
    return [owner for *_, owner in sorted(keyed)]


def _bar(sections: Sequence[Section]) -> str:
    links = "".join(
        f'<a href="#{_anchor(section.title)}">{escape(section.title)}</a>' for section in sections
    )
    boxes = "".join(
        f'<label>{name} <select data-filter="{name}"><option value="">all</option></select></label>'
        for name in ("run", "family", "status")
    )
    return (
        f'<nav><div>{links}<a href="#trials">Trials</a>'
        f'<span class="filter">{boxes}<span id="filters"></span><b id="count"></b>'
        '<button id="reset" hidden>show all</button></span></div></nav>'
    )


def _anchor(title: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in title.lower())


def _sections(sections: Sequence[Section], *, heights: Iterator[int], is_many: bool) -> list[str]:
    found, n = [], 0
    for section in sections:
        parts = [f'<section id="{_anchor(section.title)}"><h2>{escape(section.title)}</h2>']
        parts += [f'<p class="caption">{escape(section.text)}</p>'] if section.text else []
        if section.table:
            parts.append(_table(section.table))
        is_side = is_many and len(section.drawings) > 1 and not section.is_wide
        side = " side" if is_side else ""
        parts.append(f'<div class="drawings{side}">')
        for drawing in section.drawings:
            parts.append(_drawing(drawing, number=n, height=next(heights), of=section))
            n += 1
        parts.append("</div></section>")
        found.append("".join(parts))
    return found


def _drawing(drawing: Drawing, *, number: int, height: int, of: Section) -> str:
    head = "" if drawing.title == of.title else f"<h3>{escape(drawing.title)}</h3>"
    return (
        f'<figure id="{escape(drawing.key)}"><figcaption>{head}'
        f'<span class="caption">{escape(drawing.caption)}</span></figcaption>'
        f'<div data-figure="{number}" style="min-height:{height}px"></div></figure>'
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table; with an empty first row it has no header."""
    head, *others = rows
    kind = "" if any(head) else ' class="facts"'
    header = "".join(f"<th>{escape(cell)}</th>" for cell in head) if any(head) else ""
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in others
    )
    return f'<div class="scroll"><table{kind}><tr>{header}</tr>{body}</table></div>'


def _trials(*, is_many: bool) -> str:
    names = ["trial", "status", "value", "epochs", "time", "why", "differs from the default in"]
    header = "".join(f"<th>{name}</th>" for name in (["run", *names] if is_many else names))
    return (
        '<section id="trials"><h2>Trials</h2><p class="caption">Best first. A click shows one '
        'trial alone, in all figures.</p><div class="scroll"><table>'
        f'<thead><tr>{header}</tr></thead><tbody id="trial-rows"></tbody></table></div>'
        '<p class="caption" id="more"></p></section>'
    )

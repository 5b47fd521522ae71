"""What does the winner look like, and what does it get wrong?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from raysearch.counting import counted
from raysearch.live.text import short_number
from raysearch.report.figure import Axis, Drawing, Figure, Panel, Series
from raysearch.report.shown import WINNER, Shown
from raysearch.space.genome import Connection, levels
from raysearch.space.graph_text import BEGINNING

if TYPE_CHECKING:
    from raysearch.training.inspecting import Inspected, Layer, Predictions

MOST_LAYERS = 60
LONGEST_NAME = 34
ROW = 22
_KINDS = ("#2f6f9f", "#c2410c", "#3c9d6b", "#8e6bb0", "#b0891a", "#5c6670", "#1f9aa8", "#a33b62")


def architecture(run: Shown, seen: Inspected) -> Figure | None:
    """Return the layers of the winner in the order in which they are called; None without any."""
    layers = list(seen.layers)[:MOST_LAYERS]
    if not layers or run.winner is None:
        return None
    total = sum(layer.n_parameters for layer in seen.layers)
    kinds = list(dict.fromkeys(layer.kind for layer in layers))
    more = len(seen.layers) - len(layers)
    return Figure(
        key=f"architecture-{run.place}",
        title="The winner's architecture",
        caption=f"Trial {run.winner.id}: {counted(len(seen.layers), 'layer')} in the order in "
        f"which they are called, {counted(total, 'parameter')}. Bars are parameters; behind them, "
        f"what comes out for one example.{f' {more} more layers are not drawn.' if more else ''}",
        panels=(
            Panel(
                series=tuple(
                    _bars(layers, kind=kind, color=_KINDS[n % len(_KINDS)])
                    for n, kind in enumerate(kinds)
                ),
                x=Axis(
                    title="parameters",
                    ends=(0.0, 1.35 * max(1, *(layer.n_parameters for layer in layers))),
                ),
                y=Axis(
                    ticks=tuple(enumerate(_names(layers))),
                    ends=(len(layers) - 0.4, -0.6),
                ),
            ),
        ),
        height=130 + ROW * len(layers),
    )


def _bars(layers: Sequence[Layer], *, kind: str, color: str) -> Series:
    rows = [(n, layer) for n, layer in enumerate(layers) if layer.kind == kind]
    return Series(
        kind="bars",
        x=[layer.n_parameters for _, layer in rows],
        y=[n for n, _ in rows],
        texts=[_text(layer) for _, layer in rows],
        name=kind,
        color=color,
        is_labelled=True,
    )


def _text(layer: Layer) -> str:
    shape = layer.output_shape
    out = f"{' x '.join(map(str, shape)) or '1'}" if shape is not None else ""
    amount = f"{layer.n_parameters}, " if layer.n_parameters else ""
    return f"{amount}{out}".removesuffix(", ")


def _names(layers: Sequence[Layer]) -> list[str]:
    """Return the names of layers, without the parts that all of them begin with."""
    parts = [layer.name.split(".") for layer in layers]
    shortest = min(len(names) for names in parts)
    first = next((n for n in range(shortest - 1) if len({p[n] for p in parts}) > 1), shortest - 1)
    return [_short(".".join(names[first:])) for names in parts]


def _short(name: str) -> str:
    """Return a name without its beginning where it is long.

    Example:
        >>> _short("stem.0"), len(_short("encoder." * 8 + "norm"))
        ('stem.0', 34)
    """
    return name if len(name) <= LONGEST_NAME else "\u2026" + name[1 - LONGEST_NAME :]


def graphs(run: Shown) -> list[Figure]:
    """Return the evolved graphs of the winner, if its configuration has any."""
    configuration = {} if run.winner is None else _learnt(run)
    return [
        _graph(run, key, json.loads(text))
        for key, text in configuration.items()
        if isinstance(text, str) and text.startswith(BEGINNING)
    ]


def _learnt(run: Shown) -> dict[str, Any]:
    """Return the winner's configuration, with what training has changed of it."""
    if run.winner is None:
        return {}
    best = run.winner.best(run.objective)
    return {**run.winner.configuration, **(best.learnt if best else {})}


def _graph(run: Shown, key: str, genome: dict[str, Any]) -> Figure:
    n_inputs, n_outputs = genome["inputs"], genome["outputs"]
    enabled = [Connection(s, t, w, bool(e)) for s, t, w, e in genome["connections"] if e]
    depth = levels(n_inputs, enabled) or {}
    nodes = dict.fromkeys(range(n_inputs), ("input", 0.0))
    nodes |= {node: (activation, bias) for node, activation, bias in genome["nodes"]}
    outputs = set(range(n_inputs, n_inputs + n_outputs))
    last = max([1, *depth.values()])
    places = _places(nodes, {n: last if n in outputs else depth.get(n, 0) for n in nodes})
    links = [(places[c.source], places[c.target]) for c in enabled]
    return Figure(
        key=f"graph-{run.place}-{key.replace('.', '-')}",
        title=f"The winner's {key}",
        caption=f"{counted(n_inputs, 'input')} on the left, {counted(n_outputs, 'output')} on the "
        f"right, {len(nodes) - n_inputs - n_outputs} nodes between, "
        f"{counted(len(enabled), 'connection')} that are enabled.",
        panels=(
            Panel(
                series=(
                    Series(
                        kind="line",
                        x=[x for one, other in links for x in (one[0], other[0], None)],
                        y=[y for one, other in links for y in (one[1], other[1], None)],
                        color="#98a4b0",
                        opacity=0.7,
                    ),
                    Series(
                        kind="points",
                        x=[place[0] for place in places.values()],
                        y=[place[1] for place in places.values()],
                        texts=[nodes[n][0] for n in places],
                        color="#12466b",
                        weight=9,
                        is_labelled=len(nodes) <= 60,
                    ),
                ),
                x=Axis(title="level", ends=(-0.3, last + 0.3)),
                y=Axis(ticks=((0.5, ""),), ends=(-0.05, 1.12)),
            ),
        ),
        height=420,
    )


def _places(nodes: dict[int, Any], depth: dict[int, int]) -> dict[int, tuple[float, float]]:
    """Return where each node is drawn: its level, and evenly spread within it."""
    by_level: dict[int, list[int]] = {}
    for node in nodes:
        by_level.setdefault(depth[node], []).append(node)
    return {
        node: (float(level), (n + 0.5) / len(members))
        for level, members in by_level.items()
        for n, node in enumerate(members)
    }


def mistakes(run: Shown, found: Predictions) -> Drawing:
    """Return the confusion matrix of a classification, or the residuals of a regression."""
    if found.task == "classification":
        return _confusion(run, found)
    return _residuals(run, found)


def _confusion(run: Shown, found: Predictions) -> Figure:
    classes = sorted({int(c) for c in (*found.truth, *found.predicted)})
    counts = Counter(zip(map(int, found.truth), map(int, found.predicted), strict=True))
    right = sum(counts[c, c] for c in classes)
    ticks = tuple((float(n), str(c)) for n, c in enumerate(classes))
    edge = len(classes) - 0.5
    return Figure(
        key=f"confusion-{run.place}",
        title="Confusion matrix",
        caption=f"{counted(len(found.truth), 'validation example')}, {right} of them right "
        f"({right / len(found.truth):.1%}): the winner of the search at its best epoch, before it "
        "was trained on these, too.",
        panels=(
            Panel(
                series=(
                    Series(
                        kind="cells",
                        x=list(range(len(classes))),
                        y=list(range(len(classes))),
                        matrix=[
                            [counts[true, guess] or None for guess in classes] for true in classes
                        ],
                        is_labelled=len(classes) <= 20,
                    ),
                ),
                x=Axis(title="predicted class", ticks=ticks, ends=(-0.5, edge)),
                y=Axis(title="true class", ticks=ticks, ends=(edge, -0.5)),
            ),
        ),
        height=max(320, min(640, 120 + 34 * len(classes))),
    )


def _residuals(run: Shown, found: Predictions) -> Figure:
    residuals = [p - t for t, p in zip(found.truth, found.predicted, strict=True)]
    mean = sum(residuals) / len(residuals)
    spread = (sum(r * r for r in residuals) / len(residuals)) ** 0.5
    ends = [min(found.truth), max(found.truth)]
    return Figure(
        key=f"residuals-{run.place}",
        title="Residuals",
        caption=f"{counted(len(found.truth), 'validation value')} as the model sees them: "
        f"predicted minus true, {short_number(mean)} on average, root mean square "
        f"{short_number(spread)}. The winner of the search at its best epoch, before it was "
        "trained on these, too.",
        panels=(
            Panel(
                series=(
                    Series(kind="line", x=ends, y=ends, color=WINNER, weight=1.5),
                    _cloud(found.truth, found.predicted),
                ),
                x=Axis(title="true"),
                y=Axis(title="predicted"),
            ),
            Panel(
                series=(
                    Series(kind="line", x=ends, y=[0.0, 0.0], color=WINNER, weight=1.5),
                    _cloud(found.truth, residuals),
                ),
                x=Axis(title="true"),
                y=Axis(title="predicted - true"),
            ),
        ),
        columns=2,
        height=360,
    )


def _cloud(x: Sequence[float], y: Sequence[float]) -> Series:
    return Series(kind="points", x=x, y=y, color="#2f6f9f", weight=2.5, opacity=0.6)

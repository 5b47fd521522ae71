"""How is TensorBoard told what belongs together, and who won?

The page CUSTOM SCALARS has the objective of all trials in one chart, the losses of training and
validation beside each other, and what optimisers used. The page TEXT has the winner in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event  # noqa: TID253 - loaded with the writer only
from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: TID253 - as above
from tensorboard.plugins.custom_scalar import layout_pb2  # noqa: TID253 - as above
from tensorboard.plugins.custom_scalar import metadata as custom_scalar  # noqa: TID253 - as above
from tensorboard.plugins.text import metadata as text  # noqa: TID253 - as above
from tensorboard.util import tensor_util  # noqa: TID253 - as above

from raysearch.engine.state import SearchState
from raysearch.live import event_files
from raysearch.live.hparams import BEST
from raysearch.live.pictures import WINNER
from raysearch.live.text import difference, short_number, value_text
from raysearch.trial import Objective, Trial, are_trainings_of_one, trial_id

LAYOUT = f"{event_files.PREFIX}0000000000.layout"
WORDS = f"{event_files.PREFIX}0000000000.words"
APPLIED = "applied/"
_SPLIT = re.compile(r"^(train(ing)?|val(id(ation)?)?)([/_.])")


def layout(metrics: Iterable[str], *, objective: Objective, search: str, at: float) -> Any:
    """Return the event that gives the page CUSTOM SCALARS its charts.

    Args:
        metrics: What trials report.
        objective: Comes first.
        search: Tag of the best value over all trials.
        at: Unix time in seconds.
    """
    first, known = objective.metric, sorted(set(metrics))
    charts = {"objective": {first: [first], "best so far": [BEST + first], "search": [search]}}
    together: dict[str, list[str]] = {}
    for name in known:
        together.setdefault(_SPLIT.sub("", name), []).append(name)
    charts["metrics"] = {name: tags for name, tags in together.items() if tags != [first]}
    message = layout_pb2.Layout()
    for title, by_name in charts.items():
        category = message.category.add(title=title)
        for name, tags in by_name.items():
            chart = category.chart.add(title=name)
            chart.multiline.tag.extend(f"^{re.escape(tag)}$" for tag in tags)
    in_use = message.category.add(title="in use", closed=True).chart.add(title="hyperparameters")
    in_use.multiline.tag.append(f"^{APPLIED}")
    kind = custom_scalar.create_summary_metadata()
    return _event(custom_scalar.CONFIG_SUMMARY_TAG, message.SerializeToString(), kind, at=at)


def show_winner(folder: Path, state: SearchState, *, at: float) -> None:
    """Write who won for the page TEXT, in the place of who won before.

    Args:
        folder: Where TensorBoard is pointed to.
        state: Of the search; nothing is written before a model was handed over.
        at: Unix time in seconds.

    Side effects:
        Replaces a file in `winner/` atomically.
    """
    words = winner_words(state)
    if words:
        kind = text.create_summary_metadata(display_name=None, description=None)
        event = _event(WINNER, words.encode(), kind, at=at)
        event_files.replace(folder / WINNER / WORDS, event)


def winner_words(state: SearchState) -> str:
    """Return in Markdown which model was handed over, and what it is worth; empty before."""
    refit, objective = state.handover.refit, state.objective
    trial = None if refit is None else state.trials.get(refit.trial)
    if trial is None or refit is None or objective is None:
        return ""
    best, default = trial.best(objective), state.trials.get(trial_id(0))
    made = "trained again on train + validation data" if refit.refit else "as the search left it"
    facts = [("trial", trial.id), ("model", f"{made}, {refit.epochs} epochs")]
    if best is not None:
        value = best.values[objective.metric]
        other = None
        if default is not None and not are_trainings_of_one(default, trial):
            other = default.value(objective)
        compared = difference(value, than=other, objective=objective) if other is not None else ""
        apart = f", {compared} the default ({short_number(other)})" if compared else ""
        facts.append((objective.metric, f"{short_number(value)} at epoch {best.epoch}{apart}"))
    opening = state.handover.result_of(refit)
    facts += [(name, short_number(v)) for name, v in ((opening and opening.values) or {}).items()]
    return f"{_table('', '', facts)}\n\n{_table('parameter', 'value', _configuration(trial))}"


def _configuration(trial: Trial) -> list[tuple[str, str]]:
    return [(key, value_text(value)) for key, value in trial.configuration.items()]


def _table(left: str, right: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return a table in Markdown.

    Example:
        >>> print(_table("a", "b", [("x|y", "1")]))
        | a | b |
        | --- | --- |
        | x/y | 1 |
    """
    lines = [(left, right), ("---", "---"), *rows]
    return "\n".join(f"| {a.replace('|', '/')} | {b.replace('|', '/')} |" for a, b in lines)


def _event(tag: str, content: bytes, kind: Any, *, at: float) -> Any:
    tensor = tensor_util.make_tensor_proto(content, dtype=np.object_)
    value = Summary.Value(tag=tag, metadata=kind, tensor=tensor)
    return Event(wall_time=at, summary=Summary(value=[value]))

"""What did the test show, in words?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.cli.command import PROGRAM
from raysearch.compression.recipe import Recipe
from raysearch.counting import counted
from raysearch.live.text import file_size, printable, short_number, with_spread
from raysearch.results import Results
from raysearch.results.bootstrap import interval_text
from raysearch.results.spread import Spread
from raysearch.results.winner_folder import compressed_as_it_lies
from raysearch.run_dir import events as ev
from raysearch.run_dir.remote.mirrors import place_of
from raysearch.training.outcomes import on_test_split

Facts = list[tuple[str, str]]


def outcome_facts(results: Results) -> Facts:
    """Return what the winner reached on the test split, or why there is no result.

    With several seeds the metrics have their mean and standard deviation beside them.
    """
    outcome = results.test_outcome
    if outcome.values is None:
        return _with_command("test", outcome.reason, results=results)
    counterpart = on_test_split(results.objective.metric)
    ordered = sorted(outcome.values.items(), key=lambda item: item[0] != counterpart)
    told = outcome.intervals
    texts = [
        f"{name} {short_number(value)}{interval_text(told.get(name), write=short_number)}"
        for name, value in ordered
    ]
    if outcome.spread is None:
        facts = [("test", ", ".join(texts))]
    else:
        facts = _over_seeds(texts, [name for name, _ in ordered], spread=outcome.spread)
    facts += _of_intervals(told, [name for name, _ in ordered])
    if outcome.compressed is not None:
        small = [f"{name} {short_number(outcome.compressed.get(name))}" for name, _ in ordered]
        facts.append(("", f"compressed: {', '.join(small)}"))
    return [*facts, *(_with_command("", outcome.note, results=results) if outcome.note else [])]


def _of_intervals(told: Mapping[str, Any], names: Sequence[str]) -> Facts:
    """Return what the brackets mean, and why the first metric has none if that is so."""
    known = [told[name] for name in names if "low" in told.get(name, {})]
    lines = []
    if known:
        lines.append(
            f"in brackets what {known[0]['n']} test examples say of others like them, at "
            f"{known[0]['level']:.0%} (bootstrap, {known[0]['resamples']} resamples)"
        )
    first = told.get(names[0], {}) if names else {}
    if "reason" in first:
        lines.append(f"{names[0]} has no interval: {printable(first['reason'])}")
    return [("", line) for line in lines]


def compressed_facts(results: Results, model: ev.Refitted) -> Facts:
    """Return where the compressed form of the winner lies, if there is one."""
    made = compressed_as_it_lies(results.run_dir, results.handover.compression_of(model))
    if made is None:
        return []
    share = made.size_bytes / made.original_bytes
    recipe = Recipe.of(dict(made.recipe)).describe()
    path = place_of(results.run_dir.path / made.path)
    return [("", f"compressed: {path} ({file_size(made.size_bytes)}, {share:.0%}; {recipe})")]


def _with_command(label: str, text: str, *, results: Results) -> Facts:
    """Return a text whose command, if it ends with one, has a line of its own to be copied."""
    reason, _, command = text.partition(f": {PROGRAM} ")
    if not command or results.damage is not None:  # then the command is refused
        return [(label, reason.partition(". To ")[0])]
    return [(label, f"{reason}:"), ("", f"{PROGRAM} {command}")]


def _over_seeds(texts: list[str], names: list[str], *, spread: Spread) -> Facts:
    """Return the first metric with its spread, and the others in a line below."""
    apart = [over_seeds(spread, name) for name in names]
    lines = [f"{texts[0]} \u00b7 over {spread.n} seeds {apart[0]}"] if texts else []
    if len(texts) > 1:
        pairs = zip(texts[1:], apart[1:], strict=True)
        lines.append(", ".join(f"{text} ({mean})" for text, mean in pairs))
    lines += _added(spread)
    return [("" if number else "test", line) for number, line in enumerate(lines)]


def _added(spread: Spread) -> list[str]:
    n = spread.added_after_test
    if not n:
        return []
    return [f"{n} of the {counted(spread.n, 'model')} joined after an earlier test of the others"]


def over_seeds(spread: Spread, metric: str) -> str:
    """Return mean and standard deviation of a metric over the seeds.

    Example:
        >>> spread = Spread(values=({"test/f1": 0.99}, {"test/f1": 0.984}, {"test/f1": None}))
        >>> over_seeds(spread, "test/f1"), over_seeds(Spread(values=spread.values[:2]), "test/f1")
        ('not all finite', '0.987 ± 0.004')
    """
    mean, std = spread.mean[metric], spread.std[metric]
    return "not all finite" if mean is None or std is None else with_spread(mean, std)

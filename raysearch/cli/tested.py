"""What did the test show, in words?"""

from __future__ import annotations

import math
import re

from raysearch.cli.command import PROGRAM
from raysearch.compression.recipe import Recipe
from raysearch.counting import counted
from raysearch.live.text import file_size, short_number
from raysearch.results import Results
from raysearch.results.spread import Spread
from raysearch.results.winner_folder import compressed_as_it_lies
from raysearch.run_dir import events as ev
from raysearch.run_dir.remote.mirrors import place_of

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
    texts = [f"{name} {short_number(value)}" for name, value in ordered]
    if outcome.spread is None:
        facts = [("test", ", ".join(texts))]
    else:
        facts = _over_seeds(texts, [name for name, _ in ordered], spread=outcome.spread)
    if outcome.compressed is not None:
        small = [f"{name} {short_number(outcome.compressed.get(name))}" for name, _ in ordered]
        facts.append(("", f"compressed: {', '.join(small)}"))
    return [*facts, *(_with_command("", outcome.note, results=results) if outcome.note else [])]


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


def with_spread(mean: float, std: float) -> str:
    """Return a mean with its standard deviation, to the digits that this leaves meaning to.

    The deviation has one significant digit, or two if the first is 1; the mean ends where it does.

    Args:
        mean: Any finite number.
        std: At least 0.

    Example:
        >>> with_spread(0.99012, 0.00213), with_spread(0.5, 0.0), with_spread(1234.5, 17.2)
        ('0.990 ± 0.002', '0.5 ± 0', '1234 ± 17')
        >>> with_spread(0.0314, 0.00139), with_spread(0.25, 1e-9)
        ('0.0314 ± 0.0014', '0.25 ± 1e-9')
    """
    exponent = math.floor(math.log10(std)) if std else 0
    digits = 2 if std and std < 2 * 10.0**exponent else 1
    decimals = max(0, digits - 1 - exponent)
    if not std or decimals > MOST_DECIMALS:
        return f"{short_number(mean)} ± {short_number(std, digits=1)}"
    return f"{mean:.{decimals}f} ± {std:.{decimals}f}"


MOST_DECIMALS = 6
"""Beyond these a deviation is written with a power of ten."""


def on_test_split(metric: str) -> str:
    """Return the name that a validation metric has on the test split, by the usual habits.

    Example:
        >>> [on_test_split(name) for name in ("val/accuracy", "val_loss", "valid_f1", "loss")]
        ['test/accuracy', 'test_loss', 'test_f1', 'loss']
    """
    return re.sub(r"^val(id(ation)?)?(?=[/_.])", "test", metric)

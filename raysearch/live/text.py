"""How are numbers, durations, sizes and configurations written for a person?

Pure functions from values to short text, shared by everything that prints.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from raysearch.space.graph_text import summary
from raysearch.trial import Configuration, Objective, Value

NOTHING = "-"
"""Stands where there is no number: not measured yet, or not finite."""


def short_number(value: float | None, *, digits: int = 4) -> str:
    """Return a number with a few significant digits; integers below a million in full.

    Args:
        value: The number, or None for one that does not exist.
        digits: Significant digits. At least 1.

    Example:
        >>> [short_number(x) for x in (0.98123, 0.5, 12, 123456, 1234567, 1e-4, 0.0012345, None)]
        ['0.9812', '0.5', '12', '123456', '1.235e6', '1e-4', '0.001234', '-']
        >>> short_number(-123456.7), short_number(0.98123, digits=2)
        ('-123457', '0.98')
    """
    if value is None:
        return NOTHING
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    exponent = math.floor(math.log10(abs(value)))
    if not -3 <= exponent < 6:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        return f"{_without_zeros(mantissa)}e{int(power)}"
    if isinstance(value, int):
        return str(value)
    return _without_zeros(f"{value:.{max(0, digits - 1 - exponent)}f}")


MOST_DECIMALS = 6
"""Beyond these a deviation is written with a power of ten."""


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


def mean_text(mean: float | None, std: float | None) -> str:
    """Return the mean of several models with its standard deviation, or why there is none.

    Args:
        mean: None where one of them had no finite value.
        std: None where there is one model only.

    Example:
        >>> mean_text(0.99012, 0.00213), mean_text(0.99012, None), mean_text(None, None)
        ('0.990 ± 0.002', '0.9901', 'not all finite')
    """
    if mean is None:
        return "not all finite"
    return short_number(mean) if std is None else with_spread(mean, std)


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units; tenths below ten seconds.

    Args:
        seconds: At least 0; less counts as 0, as clocks that are set back produce it.

    Example:
        >>> [duration(s) for s in (0.04, 3.14, 59.6, 80, 3725, 100_000)]
        ['0.0s', '3.1s', '1m 0s', '1m 20s', '1h 2m', '1d 3h']
    """
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    unit, size, part, part_size = next(u for u in _UNITS if whole >= u[1])
    return f"{whole // size}{unit} {whole % size // part_size}{part}"


_UNITS = (("d", 86_400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1))


def energy(joules: float) -> str:
    """Return an energy in the unit that reads well.

    Example:
        >>> [energy(joules) for joules in (3.14, 4200.0, 7_200_000.0)]
        ['3.14 J', '4.2 kJ', '2 kWh']
    """
    for unit, size in (("kWh", 3.6e6), ("kJ", 1e3)):
        if joules >= size:
            return f"{joules / size:.3g} {unit}"
    return f"{joules:.3g} J"


def rate(per_second: float, noun: str) -> str:
    """Return how often something happens, per second, minute or hour, whichever reads well.

    Example:
        >>> [rate(r, "epochs") for r in (12.34, 0.5, 0.05, 0.001)]
        ['12.3 epochs/s', '0.5 epochs/s', '3 epochs/min', '3.6 epochs/h']
    """
    for unit, length_s in (("s", 1), ("min", 60)):
        if per_second * length_s >= 0.5:
            return f"{short_number(per_second * length_s, digits=3)} {noun}/{unit}"
    return f"{short_number(per_second * 3600, digits=3)} {noun}/h"


def file_size(size_bytes: float) -> str:
    """Return a size in bytes with a decimal unit, three digits at most.

    Example:
        >>> [file_size(n) for n in (0, 999, 1000, 12_345_678, 5e9)]
        ['0 B', '999 B', '1 kB', '12.3 MB', '5 GB']
    """
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{short_number(size, digits=3)} {unit}"
        size /= 1000
    return f"{short_number(size, digits=3)} TB"


def value_text(value: Value) -> str:
    """Return a value of a configuration as an experiment file has it, numbers shortened.

    Graphs, which are long texts, are described.

    Example:
        >>> [value_text(v) for v in (True, None, 0.0123456, 1234567, "adam")]
        ['true', 'null', '0.01235', '1234567', 'adam']
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return short_number(value)
    return printable(summary(value) or str(value))


def changed_first(
    configuration: Configuration, *, default: Configuration | None = None
) -> tuple[list[str], list[str]]:
    """Return the "key=value" of what differs from the default, and those of all the rest.

    Args:
        configuration: Flat, dotted keys.
        default: The configuration to compare with; None if it is not known, and then nothing
            counts as different. A parameter that the default does not have differs.

    Example:
        >>> changed_first({"width": 32, "lr": 0.1}, default={"width": 32, "lr": 0.01})
        (['lr=0.1'], ['width=32'])
    """
    changed: list[str] = []
    same: list[str] = []
    for key, value in configuration.items():
        differs = default is not None and (key not in default or default[key] != value)
        (changed if differs else same).append(f"{printable(key)}={value_text(value)}")
    return changed, same


def without_prefix(pair: str) -> str:
    """Return a "key=value" with the last part of the key only, where room is short.

    Example:
        >>> without_prefix("data.batch_size=64"), without_prefix("path=a.b")
        ('batch_size=64', 'path=a.b')
    """
    key, equals, value = pair.partition("=")
    return f"{key.rpartition('.')[2]}{equals}{value}"


def configuration_line(
    configuration: Configuration, *, default: Configuration | None = None
) -> str:
    """Return a configuration on one line, what differs from the default first.

    Example:
        >>> best = {"model": "cnn", "cnn.width": 48, "learning_rate": 0.012345}
        >>> configuration_line(best)
        'model=cnn cnn.width=48 learning_rate=0.01235'
        >>> configuration_line(best, default={**best, "cnn.width": 32, "learning_rate": 0.1})
        'cnn.width=48 learning_rate=0.01235 model=cnn'
    """
    changed, same = changed_first(configuration, default=default)
    return " ".join([*changed, *same])


def difference(value: float | None, *, than: float, objective: Objective) -> str:
    """Return how a value of the objective compares with another one that follows in the text.

    Args:
        value: The value, None for the worst.
        than: What it is compared with.
        objective: Says what is better.

    Example:
        >>> loss = Objective(metric="val/loss", direction="minimize")
        >>> [difference(x, than=0.25, objective=loss) for x in (0.21, 0.25, 0.35, None)]
        ['0.04 better than', 'no better than', '0.1 worse than', 'worse than']
    """
    if value is None:
        return "worse than"
    if value == than:
        return "no better than"
    word = "better" if objective.is_better(value, than) else "worse"
    return f"{short_number(abs(value - than), digits=3)} {word} than"


def sparkline(steps: Sequence[tuple[float, float]], *, end: float, width: int) -> str:
    """Return a curve of bars, one character for each of `width` equal parts of the x axis.

    Args:
        steps: (x, value) with x increasing; a value holds until the next step. Not empty.
        end: Where the x axis ends; it begins at the first step.
        width: Characters. At least 1.

    Example:
        >>> sparkline([(0, 0.5), (2, 0.8), (6, 0.9)], end=7, width=8)
        '▁▁▆▆▆▆██'
    """
    values = [value for _, value in steps]
    low, high = min(values), max(values)
    span = (high - low) or 1.0  # in whose place its inverse may be infinite
    start = steps[0][0]
    bars: list[str] = []
    position = 0
    for column in range(width):
        x = start + (end - start) * column / max(1, width - 1)
        while position + 1 < len(steps) and steps[position + 1][0] <= x:
            position += 1
        bars.append(_BARS[round((values[position] - low) / span * (len(_BARS) - 1))])
    return "".join(bars)


_BARS = "▁▂▃▄▅▆▇█"


def first_line(text: str | None) -> str:
    r"""Return the first line that says something, fit to be shown; empty if there is none.

    Example:
        >>> first_line("\nValueError: width is 0 (nets.py, line 31)\nTraceback ...")
        'ValueError: width is 0 (nets.py, line 31)'
    """
    lines = (line.strip() for line in (text or "").splitlines())
    return printable(next((line for line in lines if line), ""))


def printable(text: str) -> str:
    """Return the text with a question mark for each character that would steer a terminal.

    Example:
        >>> printable("red" + chr(27) + "[31m")
        'red?[31m'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def counts_line(counts: Mapping[str, int]) -> str:
    """Return how many trials have each status, those that occur.

    Example:
        >>> counts_line({"running": 2, "stopped": 20, "failed": 0})
        '2 running, 20 stopped'
    """
    return ", ".join(f"{number} {status}" for status, number in counts.items() if number)


def _without_zeros(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number

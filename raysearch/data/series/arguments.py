"""What may be said about time series in an experiment, and is it said in the right form?

Needs neither torch nor pandas, and does not read a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from raysearch.data.splits import FRACTIONS, LARGEST_SEED, split_sizes
from raysearch.errors import ConfigurationError, unknown_name
from raysearch.space import Choice, Domain, Int

SeriesTask = Literal["classification", "regression", "forecasting"]
Layout = Literal["long", "wide"]
Lengths = Literal["equal", "unequal"]
Missing = Literal["refuse", "interpolate", "drop"]
SeriesScaling = Literal["channel", "common", "series", "none"]

ARGUMENTS: dict[str, Domain] = {
    **FRACTIONS,
    "split_seed": Int(0, LARGEST_SEED, default=0),
    "stride": Int(1, 1_000_000, default=1),
    "scaling": Choice(["channel", "common", "series", "none"], default="channel"),
    "missing": Choice(["refuse", "interpolate", "drop"], default="refuse"),
}
"""The arguments that are a number or a choice: their legal values and defaults."""

_OPTIONAL: dict[str, Domain] = {
    "task": Choice(["classification", "regression", "forecasting"]),
    "layout": Choice(["long", "wide"]),
    "lengths": Choice(["equal", "unequal"]),
    "decimal": Choice([".", ","]),
    "horizon": Int(1, 100_000),
    "window": Int(1, 1_000_000),
}
"""Those that may be left out, and then follow from the file or from others."""

_LISTS = ("target", "channels", "ignore")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesArguments:
    """All that an experiment may say about time series.

    Example:
        >>> arguments = SeriesArguments.read({"path": "/data/beats.ts", "test_path": "/data/t.ts"})
        >>> arguments.missing, arguments.to_json()["target"]
        ('refuse', [])
    """

    path: str
    """The file: .npz, .csv, .ts or Parquet. Absolute."""
    test_path: str | None = None
    """A file with the test series alone; None if `path` has those too."""
    task: SeriesTask | None = None
    """What is learnt; None to tell by `horizon`, the file and the targets."""
    target: tuple[str, ...] = ()
    """The column or array with the class or number of each series, which .ts files say themselves;
    of forecasting the channels that are forecast, empty for all."""
    layout: Layout | None = None
    """Of tables: "long" has a row for each step, "wide" one for each series, of a single channel.
    None for long if `series` or `time` is given, or it is forecasting."""
    series: str | None = None
    """Of long tables: the column that says to which series a row belongs; None if all are one."""
    time: str | None = None
    """Of long tables: the column by which the steps of a series are ordered; None if they are."""
    channels: tuple[str, ...] = ()
    """Of long tables: the columns with numbers to learn from; empty for all that are left."""
    ignore: tuple[str, ...] = ()
    """Columns to leave out."""
    horizon: int | None = None
    """Of forecasting: how many of the next steps are to be told."""
    window: int | None = None
    """Of forecasting: how many steps they are told from; None for three times the horizon."""
    stride: int = 1
    """Of forecasting: steps from the beginning of one window to that of the next."""
    split: str | None = None
    """Column or array that says train, validation or test of each series."""
    group: str | None = None
    """Column or array with the group of each series; a group is never parted by the split."""
    order_by: str | None = None
    """Column or array of dates or numbers: the latest series are the test. May be `time`."""
    validation: float = 0.2
    """Share for validation, from 0.05 to 0.45; with `split` only where no series is told to be."""
    test: float = 0.2
    """Share for the test, from 0.05 to 0.45; has no effect with `split` or `test_path`."""
    split_seed: int = 0
    """Governs which series or groups each split holds, where they are drawn."""
    scaling: SeriesScaling = "channel"
    """Which numbers get mean 0 and standard deviation 1 together."""
    missing: Missing = "refuse"
    """What to do about values that are missing or not finite, and series without length or
    target; "interpolate" fills gaps in a line, but of forecasting with the last value before."""
    lengths: Lengths | None = None
    """Whether series may differ in length; with "unequal" they end where nothing but gaps follow.
    None for whatever the file says."""
    separator: str | None = None
    """Of a CSV file, between two values; None to tell by the first lines."""
    decimal: str | None = None
    """Of numbers in text, "." or ","; None to tell by the values."""
    encoding: str | None = None
    """Of a CSV or .ts file; None to tell by its bytes."""
    fingerprint: str | None = None
    """Of the content of `path`, which is refused if it has another; None to take it as it is."""
    test_fingerprint: str | None = None
    """The same of `test_path`."""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> SeriesArguments:
        """Return checked arguments.

        Raises:
            ConfigurationError: With every fault; each text begins with the argument's name.
        """
        faults = [fault for name in given for fault in _faults_of(name, given[name])]
        if given.get("path") is None:
            faults.append("path is missing. Give the path of a .npz, .csv, .ts or Parquet file.")
        if not faults:
            faults += _contradictions(given)
        if faults:
            raise ConfigurationError(faults)
        return cls(**{name: _canonical(name, value) for name, value in given.items()})

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {**plain, **{name: list(plain[name]) for name in _LISTS}}

    @property
    def is_forecast(self) -> bool:
        """Whether the next values of the series themselves are to be told."""
        return self.task == "forecasting" or self.horizon is not None

    @property
    def steps_read(self) -> int:
        """Of forecasting: how many steps a forecast is made from."""
        return self.window or 3 * (self.horizon or 1)


NAMES = tuple(entry.name for entry in fields(SeriesArguments))
"""Every argument."""


def _faults_of(name: str, value: Any) -> list[str]:
    """Return what is wrong with one argument by itself."""
    if name not in NAMES:
        return [unknown_name(name, kind="an argument of series", valid=NAMES)]
    if value is None and name not in ARGUMENTS:
        return []
    right = _right_form(name, value)
    return [f"{name} is {value!r}. {right}"] if right else []


def _right_form(name: str, value: Any) -> str | None:
    """Return what an argument must be, if it is not, else None."""
    domain = ARGUMENTS.get(name) or _OPTIONAL.get(name)
    if domain is not None:
        is_wrong = domain.explain(value) is not None
        return f"It must be {domain.describe()}." if is_wrong else None
    if name in _LISTS:
        is_names = isinstance(value, str) or (
            isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        )
        return None if is_names else "It must be a name, or a list of names."
    if name == "separator" and not (isinstance(value, str) and len(value) == 1):
        return 'It must be one character, such as ";" or "\\t"; null tells by the first lines.'
    if name == "encoding" and not _is_encoding(value):
        return "It must be an encoding that Python knows, such as utf-8 or latin-1."
    return None if value and isinstance(value, str | Path) else "It must be a text."


def _contradictions(given: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with several arguments together."""
    told = {name for name, value in given.items() if value is not None}
    faults = []
    ways = [name for name in ("split", "group", "order_by") if name in told]
    if len(ways) > 1:
        faults.append(f"{ways[1]} and {ways[0]} both say how to split. Give one of them.")
    if {"split", "test_path"} <= told:
        faults.append("split and test_path both say which series are the test. Give one of them.")
    task, has_horizon = given.get("task"), "horizon" in told
    if task == "forecasting" and not has_horizon:
        faults.append("horizon is missing. Say how many of the next steps are to be forecast.")
    if has_horizon and task not in (None, "forecasting"):
        faults.append(f"horizon is for forecasting, but task is {task}. Leave one of them out.")
    is_forecast = has_horizon or task == "forecasting"
    if "window" in told and not is_forecast:
        faults.append("window is for forecasting. Give horizon too, or leave it out.")
    if is_forecast and given.get("scaling") == "series":
        faults.append("scaling is series, which a forecast cannot undo. Choose channel or common.")
    if is_forecast and "order_by" in told:
        faults.append("order_by is for whole series; forecasts are always split by time.")
    if not is_forecast and len(_canonical("target", given.get("target"))) > 1:
        faults.append("target is a list. Only forecasting can have several.")
    shares = {name: given.get(name, 0.2) for name in FRACTIONS}
    if given.get("split") is not None or given.get("test_path") is not None:
        shares["test"] = 0.05  # the smallest legal share stands in for one without effect
    try:
        split_sizes(1, **shares)
    except ConfigurationError as error:
        faults += [text.replace("data.", "") for text in error.faults]
    return faults


def _canonical(name: str, value: Any) -> Any:
    if name in _LISTS:
        return (value,) if isinstance(value, str) else tuple(value or ())
    if value is None:
        return None
    if name in ("path", "test_path"):
        return str(Path(value).expanduser().absolute())
    domain = ARGUMENTS.get(name) or _OPTIONAL.get(name)
    return value if domain is None else domain.canonical(value)


def _is_encoding(value: Any) -> bool:
    try:
        "a".encode(value)  # a codec that is not of text, such as hex, is refused here
    except (LookupError, TypeError, ValueError):
        return False
    return True

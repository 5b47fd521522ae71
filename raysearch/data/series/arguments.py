"""What may be said about time series in an experiment, and is it said in the right form?

Needs neither torch nor pandas, and does not read a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from raysearch.data.arguments import (
    COLUMNS,
    ENCODING,
    SEPARATOR,
    TEXT,
    Form,
    absolute,
    check_form,
    optional,
    share_faults,
)
from raysearch.data.files import Source, sources_of
from raysearch.data.splits import FRACTIONS, LARGEST_SEED
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

_TEXTS = (
    "path",
    "test_path",
    "series",
    "time",
    "split",
    "group",
    "order_by",
    "fingerprint",
    "test_fingerprint",
)

OTHERS: dict[str, Form] = {
    **{name: optional(domain) for name, domain in _OPTIONAL.items()},
    **dict.fromkeys(_LISTS, (COLUMNS[0], "It must be a name, or a list of names.")),
    **dict.fromkeys(_TEXTS, TEXT),
    "separator": SEPARATOR,
    "encoding": ENCODING,
}

_KINDS = ".npz, .csv, .ts or Parquet"
"""All other arguments: whether a value has the right form, and what to say where not."""

REQUIRED = {"path": f"Give the path of a {_KINDS} file."}
"""Arguments that must be given -> what to give."""


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
        check_form(
            given,
            kind="series",
            domains=ARGUMENTS,
            forms=OTHERS,
            required=REQUIRED,
            searched=("batch_size",),
            contradictions=_contradictions,
        )
        return cls(**{name: _canonical(name, value) for name, value in given.items()})

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `read` takes, every argument among them."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {**plain, **{name: list(plain[name]) for name in _LISTS}}

    @property
    def sources(self) -> dict[str, Source]:
        """The files there are, by their argument."""
        return sources_of({"path": self.path, "test_path": self.test_path}, kinds=_KINDS)

    @property
    def is_forecast(self) -> bool:
        """Whether the next values of the series themselves are to be told."""
        return self.task == "forecasting" or self.horizon is not None

    @property
    def steps_read(self) -> int:
        """Of forecasting: how many steps a forecast is made from."""
        return self.window or 3 * (self.horizon or 1)


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
    return faults + share_faults(given, told=("test",) if {"split", "test_path"} & told else ())


def _canonical(name: str, value: Any) -> Any:
    if name in _LISTS:
        return (value,) if isinstance(value, str) else tuple(value or ())
    if value is None:
        return None
    if name in ("path", "test_path"):
        return absolute(value)
    domain = ARGUMENTS.get(name) or _OPTIONAL.get(name)
    return value if domain is None else domain.canonical(value)

"""What does TensorBoard's HParams page know of a search?

A typed column for each key of the space, with its domain for the filters, and one for each metric.
Conditional parameters leave their cells empty where they are not active. A key that occurs several
times in the space is one column, whose domain holds all its values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event  # noqa: TID253 - loaded with the writer only
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # noqa: TID253 - as above
from tensorboard.plugins.hparams import api_pb2 as api  # noqa: TID253 - as above
from tensorboard.plugins.hparams import metadata, plugin_data_pb2  # noqa: TID253 - as above

from raysearch.space import Bool, Choice, Domain, Fixed, Float, Int, Space
from raysearch.space.graph_text import summary
from raysearch.trial import Configuration, TrialStatus, Value

BEST = "best/"
"""Prefix of the tag that holds the best value of the objective so far."""

_STATUSES = {
    TrialStatus.COMPLETED: api.STATUS_SUCCESS,
    TrialStatus.STOPPED: api.STATUS_SUCCESS,
    TrialStatus.FAILED: api.STATUS_FAILURE,
    TrialStatus.REJECTED: api.STATUS_UNKNOWN,
}


@dataclass(slots=True)
class Column:
    """A column of hyperparameters: its type, and which values it may hold."""

    type: int
    low: float | None = None
    """Smallest number; None where the values are listed instead."""
    high: float | None = None
    listed: list[Value] = field(default_factory=list)
    is_common: bool = False
    """Whether every trial has a value here."""

    def merged(self, other: Column) -> Column:
        """Return the column for both; texts if the types differ.

        Example:
            >>> both = _column(Int(8, 64)).merged(_column(Choice([128, 256])))
            >>> both.low, both.high, both.listed
            (8, 256, [])
        """
        if self.type != other.type or self.is_open or other.is_open:
            return Column(api.DATA_TYPE_STRING)
        if self.low is None and other.low is None:
            new = [value for value in other.listed if not self.holds(value)]
            return Column(self.type, listed=self.listed + new)
        ends = [x for c in (self, other) for x in (c.low, c.high, *c.listed) if x is not None]
        numbers = [x for x in ends if isinstance(x, int | float)]
        return Column(self.type, low=min(numbers), high=max(numbers))

    def holds(self, value: Value) -> bool:
        """Return whether the column says that it may hold the value.

        Example:
            >>> _listed([True, 2]).holds(1), _listed([1, 2]).holds(1.0), _listed([1, 2]).holds(None)
            (False, True, False)
        """
        if self.is_open or not self.takes(value):
            return self.is_open
        if self.low is None or self.high is None:
            written = _field(value, type=self.type)
            return any(_field(listed, type=self.type) == written for listed in self.listed)
        return isinstance(value, int | float) and self.low <= value <= self.high

    def takes(self, value: Value) -> bool:
        """Return whether the value can be written in the column's type: all can as texts."""
        return self.type in (api.DATA_TYPE_STRING, _listed([value]).type)

    @property
    def is_open(self) -> bool:
        """Whether it may hold anything, written as text."""
        return self.low is None and not self.listed

    @property
    def is_single(self) -> bool:
        """Whether all trials have the same value."""
        return self.low == self.high if self.low is not None else len(self.listed) == 1


def columns(space: Space) -> dict[str, Column]:
    """Return the columns by key, in the order of the space."""
    found: dict[str, Column] = {}
    for parameter in space.parameters:
        column = _column(parameter.domain)
        column.is_common = not parameter.when
        known = found.get(parameter.key)
        found[parameter.key] = column if known is None else known.merged(column)
    return found


def widened(
    by_key: Mapping[str, Column], *, configurations: Iterable[Configuration]
) -> dict[str, Column]:
    """Return the columns with room for these configurations, some of another space perhaps.

    The page would hide what lies beyond the ends of a column. A column gets a value of another
    type by becoming one of texts that may hold anything, since numbers are not hidden there.

    Example:
        >>> by_key = columns(Space({"width": Int(8, 64)}))
        >>> wide = widened(by_key, configurations=[{"width": 4}, {"width": 100}])
        >>> wide["width"].low, wide["width"].high
        (4, 100)
    """
    found = dict(by_key)
    for configuration in configurations:
        for key, value in configuration.items():
            known, own = found.get(key), _listed([value])
            if known is None:
                found[key] = own
            elif not known.holds(value):
                merged = known.merged(own)
                merged.is_common = known.is_common
                found[key] = merged
    return found


def experiment(by_key: Mapping[str, Column], *, metrics: Iterable[str], at: float) -> Any:
    """Return the event that gives the page its columns.

    Args:
        by_key: The columns of hyperparameters.
        metrics: Tags of scalars; those that begin with `BEST` come first.
        at: Unix time in seconds.
    """
    message = api.Experiment(description="raysearch", time_created_secs=at)
    for key, column in by_key.items():
        message.hparam_infos.append(_info(key, column))
    for tag in sorted(metrics, key=lambda tag: not tag.startswith(BEST)):
        message.metric_infos.append(_metric(tag))
    return _event(metadata.EXPERIMENT_TAG, at=at, experiment=message)


def session_start(
    configuration: Configuration, *, by_key: Mapping[str, Column], group: str, at: float
) -> Any:
    """Return the event that puts a trial with its configuration onto the page.

    A value that its column does not take, as one of a former space, is written in its own type.

    Args:
        configuration: The trial's.
        by_key: The columns of the page.
        group: The row's name. Sessions of one name are averaged into one row, so it is unique
            among all searches that TensorBoard may be pointed to at once.
        at: Unix time in seconds.
    """
    message = plugin_data_pb2.SessionStartInfo(group_name=group, start_time_secs=at)
    for key, value in configuration.items():
        column = by_key.get(key)
        if column is None or not column.takes(value):
            column = _listed([value])
        name, plain = _field(value, type=column.type)
        setattr(message.hparams[key], name, plain)
    return _event(metadata.SESSION_START_INFO_TAG, at=at, session_start_info=message)


def session_end(status: TrialStatus, *, at: float) -> Any:
    """Return the event that says how a trial ended."""
    message = plugin_data_pb2.SessionEndInfo(status=_STATUSES[status], end_time_secs=at)
    return _event(metadata.SESSION_END_INFO_TAG, at=at, session_end_info=message)


def _column(domain: Domain) -> Column:
    match domain:
        case Int(low=low, high=high) | Float(low=low, high=high):
            return Column(api.DATA_TYPE_FLOAT64, low=low, high=high)
        case Bool():
            return _listed([False, True])
        case Choice(values=values):
            return _listed(values)
        case Fixed(value=value):
            return _listed([value])
    return Column(api.DATA_TYPE_STRING)


def _listed(values: Iterable[Value]) -> Column:
    values = list(values)
    if all(isinstance(value, bool) for value in values):
        return Column(api.DATA_TYPE_BOOL, listed=values)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return Column(api.DATA_TYPE_FLOAT64, listed=values)
    return Column(api.DATA_TYPE_STRING, listed=values)


def _info(key: str, column: Column) -> Any:
    info = api.HParamInfo(name=key, display_name=key, type=column.type)
    # the page shows five columns at first: those marked here, by name
    info.differs = column.is_common and not column.is_single
    if column.low is not None:
        info.domain_interval.min_value = column.low
        info.domain_interval.max_value = column.high
    for value in column.listed:
        name, plain = _field(value, type=column.type)
        info.domain_discrete.values.add(**{name: plain})
    return info


def _metric(tag: str) -> Any:
    info = api.MetricInfo(name=api.MetricName(tag=tag), dataset_type=_dataset(tag))
    info.display_name = f"best {tag.removeprefix(BEST)}" if tag.startswith(BEST) else tag
    return info


def _dataset(tag: str) -> int:
    kind = api.DATASET_TRAINING if "train" in tag else api.DATASET_VALIDATION
    return int(kind)


def _field(value: Value, *, type: int) -> tuple[str, Value]:
    """Return how a value is written in a column of this type: the field's name, and the value."""
    if type == api.DATA_TYPE_BOOL:
        return "bool_value", value
    if type == api.DATA_TYPE_FLOAT64:
        return "number_value", value
    text = value if isinstance(value, str) else json.dumps(value)
    return "string_value", summary(value) or text  # a graph is too long for a table


def _event(tag: str, *, at: float, **content: Any) -> Any:
    plugin_data = plugin_data_pb2.HParamsPluginData(**content)
    kind: SummaryMetadata = metadata.create_summary_metadata(plugin_data)
    value = Summary.Value(tag=tag, metadata=kind, tensor=metadata.NULL_TENSOR)
    return Event(wall_time=at, summary=Summary(value=[value]))

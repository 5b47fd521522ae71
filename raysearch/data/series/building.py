"""Which inputs and targets do series become, whole or in windows?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raysearch.counting import counted
from raysearch.data.arguments import listed
from raysearch.data.room import room_for
from raysearch.data.series.advice import forecast_notes, leak_notes, window_notes
from raysearch.data.series.arguments import SeriesArguments
from raysearch.data.series.labels import Labels, read_labels
from raysearch.data.series.preprocessing import Preprocessing
from raysearch.data.series.raw import RawSeries
from raysearch.data.series.scaling import Scales, are_constant, fit_scales
from raysearch.data.series.splitting import Parts, check_classes, fold_arrays, split_series
from raysearch.data.series.windows import Windows, cut_windows
from raysearch.data_spec import DataSpec
from raysearch.errors import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Examples, and what is known about them."""

    arrays: Arrays
    spec: DataSpec
    notes: Sequence[str]
    preprocessing: Preprocessing


def whole_series(raws: Sequence[RawSeries], *, arguments: SeriesArguments) -> Built:
    """Return an example for each series: to be classified, or to be told a number from.

    Raises:
        ConfigurationError: The series cannot be split, or the targets not be learnt.
    """
    import numpy as np

    labels = _labels(raws, arguments=arguments)
    is_regression = labels.task == "regression"
    classes = None if is_regression else labels.values
    parts, split_notes = split_series(raws, classes=classes, arguments=arguments)
    notes = [*labels.notes, *split_notes]
    if not is_regression:
        notes += check_classes(parts, labels=labels.values, classes=labels.classes, raws=raws)
    values = [series for raw in raws for series in raw.values]
    scales = fit_scales([values[number] for number in parts["train"]], kind=arguments.scaling)
    targets, mean, std = _targets(labels, training=parts["train"], source=raws[0])
    lengths = np.array([series.shape[1] for series in values], dtype=np.int64)
    allocate = room_for(
        4 * len(values) * len(values[0]) * int(lengths.max()),
        what=f"path is {arguments.path}, whose {len(values)} series, filled up to the longest of "
        f"{lengths.max()} steps,",
        remedy="Take the longest out, or cut the series into parts",
    )
    has_lengths = bool((lengths != lengths.max()).any())
    prepared: Arrays = {}
    for part, members in parts.items():
        inputs = allocate((len(members), len(values[0]), int(lengths.max())), np.float32)
        _fill(inputs, [values[number] for number in members], scales=scales)
        prepared[f"{part}_inputs"], prepared[f"{part}_targets"] = inputs, targets[members]
        if has_lengths:
            prepared[f"{part}_lengths"] = lengths[members]
    prepared |= fold_arrays(raws[0], parts, arguments=arguments)
    counts = np.bincount(labels.values[parts["train"]]).tolist() if not is_regression else ()
    spec = DataSpec(
        task=labels.task,
        input_shape=(len(values[0]), int(lengths.max())),
        n_outputs=1 if is_regression else len(labels.classes),
        n_train=len(parts["train"]),
        class_counts=tuple(counts),
        has_lengths=has_lengths,
        target_scale=std,
    )
    notes += [_sizes(spec, parts, lengths), *leak_notes(raws, parts=parts)]
    preprocessing = Preprocessing(
        task="regression" if is_regression else "classification",
        channels=raws[0].channels,
        scales=scales,
        classes=labels.classes,
        means=(mean,) if is_regression else (),
        stds=(std,) if is_regression else (),
    )
    return Built(arrays=prepared, spec=spec, notes=notes, preprocessing=preprocessing)


def forecasts(raws: Sequence[RawSeries], *, arguments: SeriesArguments) -> Built:
    """Return an example for each window: some steps, and the steps that follow, to be told.

    A target is flat: the steps of the first channel, then those of the next one. It is in the unit
    of the data, divided by `DataSpec.target_scale`, where one channel is told or `scaling` is
    common; else each channel is in its own standard deviations.

    Raises:
        ConfigurationError: There are too few steps, or nothing to be told.
    """
    told = _told_channels(raws[0], arguments=arguments)
    windows = cut_windows(raws, arguments=arguments)
    training = [
        series[:, :n] for series, n in zip(windows.values, windows.n_learnt, strict=True) if n
    ]
    scales = fit_scales(training, kind=arguments.scaling)
    _check_told(training, told, source=raws[0])
    stds = {scales.stds[channel] for channel in told}
    unit = stds.pop() if len(stds) == 1 else 1.0
    prepared = _windows(windows, scales=scales, told=told, arguments=arguments) | windows.of_folds
    spec = DataSpec(
        task="regression",
        input_shape=(len(windows.values[0]), arguments.steps_read),
        n_outputs=(arguments.horizon or 1) * len(told),
        n_train=len(prepared["train_inputs"]),
        target_scale=unit,
    )
    names = [raws[0].channels[channel] for channel in told]
    notes = [
        *windows.notes,
        *forecast_notes(prepared, told=told, names=names, spec=spec),
        *window_notes(prepared, place=lambda part, row: windows.place(raws, part, row)),
    ]
    preprocessing = Preprocessing(
        task="forecasting",
        channels=raws[0].channels,
        scales=scales,
        told=tuple(names),
        means=tuple(scales.means[channel] for channel in told),
        stds=tuple(scales.stds[channel] for channel in told),
        window=arguments.steps_read,
        horizon=arguments.horizon or 1,
    )
    return Built(arrays=prepared, spec=spec, notes=notes, preprocessing=preprocessing)


def _labels(raws: Sequence[RawSeries], *, arguments: SeriesArguments) -> Labels:
    for raw in raws:
        if raw.labels is None:
            raise raw.source.fault(
                "whose series have no class or number to learn. Give a file that has, or tell "
                "their next values: give horizon."
            )
    return read_labels(raws, arguments=arguments)


def _targets(
    labels: Labels, *, training: NDArray[np.intp], source: RawSeries
) -> tuple[NDArray[Any], float, float]:
    """Return the targets of all series, and mean and standard deviation of those for training."""
    import numpy as np

    if labels.task == "classification":
        return labels.values, 0.0, 1.0
    values = labels.values[training]
    mean, std = float(values.mean()), float(values.std())
    if not std > 0:
        raise source.source.fault(
            f"whose targets are {mean:g} in all training series. There is nothing to learn; "
            "choose another target, or another split."
        )
    return ((labels.values - mean) / std)[:, None].astype(np.float32), mean, std


def _fill(
    padded: NDArray[np.float32], series: Sequence[NDArray[np.float64]], *, scales: Scales
) -> None:
    """Write series of several lengths, scaled, into zeros (N, C, T), which stay behind them."""
    for row, values in zip(padded, series, strict=True):
        row[:, : values.shape[1]] = scales.apply(values)


def _told_channels(raw: RawSeries, *, arguments: SeriesArguments) -> list[int]:
    """Return the channels that are forecast."""
    for name in arguments.target:
        if name not in raw.channels:
            raise raw.source.fault(
                f"which has no channel {name}, as target says. "
                f"{did_you_mean(name, raw.channels)}Channels: {listed(raw.channels)}."
            )
    return [raw.channels.index(name) for name in arguments.target or raw.channels]


def _check_told(
    training: Sequence[NDArray[np.float64]], told: Sequence[int], *, source: RawSeries
) -> None:
    import numpy as np

    values = np.concatenate([series[list(told)] for series in training], axis=1)
    for channel, row, is_constant in zip(told, values, are_constant(values), strict=True):
        if is_constant:
            raise source.source.fault(
                f"whose channel {source.channels[channel]} has the value {np.nanmean(row):g} in "
                "all training steps. There is nothing to tell; choose another one as target."
            )


def _windows(
    windows: Windows, *, scales: Scales, told: Sequence[int], arguments: SeriesArguments
) -> Arrays:
    """Return inputs and targets of each split."""
    import numpy as np

    scaled = [scales.apply(series).astype(np.float32) for series in windows.values]
    read, horizon = arguments.steps_read, arguments.horizon or 1
    prepared: Arrays = {}
    for part, starts in windows.starts.items():
        inputs = windows.allocate((len(starts), len(scaled[0]), read), np.float32)
        targets = windows.allocate((len(starts), len(told), horizon), np.float32)
        for place, (number, start) in enumerate(starts):
            inputs[place] = scaled[number][:, start : start + read]
            targets[place] = scaled[number][told, start + read : start + read + horizon]
        prepared[f"{part}_inputs"] = inputs
        # (N, told channels, horizon) -> (N, K)
        prepared[f"{part}_targets"] = targets.reshape(len(starts), -1)
    return prepared


def _sizes(spec: DataSpec, parts: Parts, lengths: NDArray[np.int64]) -> str:
    counts = ", ".join(f"{len(members)} for {part}" for part, members in parts.items())
    n_channels, longest = spec.input_shape
    of_steps = counted(longest, "step")
    if spec.has_lengths:
        of_steps = f"{lengths.min()} to {of_steps}"
    return f"Series of {counted(n_channels, 'channel')} and {of_steps}: {counts}."

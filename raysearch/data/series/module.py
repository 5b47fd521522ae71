"""How are time series cut into batches, and their scales kept with the model?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.meaning import Meaning
from raysearch.data.preparation import as_text
from raysearch.data.series.arguments import (
    Layout,
    Lengths,
    Missing,
    SeriesScaling,
    SeriesTask,
)
from raysearch.data.series.preparing import PREPARATION
from raysearch.data.series.preprocessing import STATE, Preprocessing
from raysearch.data.state import check_state
from raysearch.data.tensors import InMemoryData, Splits, prepared_splits


class Data(InMemoryData):
    """Time series from a file: to be classified, to be told a number from, or to be forecast.

    All that is measured is measured on the training split alone, and stays so when a model is
    trained again on training and validation together: its inputs do not change.

    Args:
        batch_size: Series or windows in a training batch, at least 1.
        seed: Has no effect: the split has a seed of its own, since the unit of a forecast depends
            on it.
        path: The file: .npz, .csv, .ts or Parquet.
        test_path: A file with the test series alone; None if `path` has those too.
        task: "classification", "regression" or "forecasting"; None to tell by `horizon`, the file
            and the targets.
        target: Column or array with the class or number of each series, which .ts files say
            themselves; of forecasting, the channels to be forecast, empty for all.
        layout: Of tables: "long", a row for each step, or "wide", a row for each series of one
            channel; None for long if `series` or `time` is given, or it is forecasting.
        series: Of long tables: the column that tells the series apart; None if all rows are one.
        time: Of long tables: the column, numbers or dates, that orders the steps of a series.
        channels: Of long tables: the columns with numbers; empty for all that are left.
        ignore: Columns to leave out.
        horizon: Of forecasting: how many of the next steps are told.
        window: Of forecasting: from how many steps; None for three times the horizon.
        stride: Of forecasting: steps from the beginning of one window to that of the next.
        split: Column or array that says train, validation or test of each series.
        group: Column or array with groups that the split never parts.
        order_by: Column or array of dates or numbers: the latest series are the test.
        validation: Share for validation, from 0.05 to 0.45.
        test: Share for the test, from 0.05 to 0.45; both together at most 0.5.
        split_seed: Governs which series or groups each split holds, where they are drawn.
        scaling: "channel" (each channel by itself), "common" (one unit for all), "series" (each
            series by itself) or "none".
        missing: What to do about values that are missing or not finite: "refuse" with file and
            place, "interpolate", or "drop" the series, or the windows of a forecast.
        lengths: "equal" refuses series of several lengths, "unequal" lets them end where nothing
            but gaps follow; None takes what the file says.
        separator: Of a CSV file; None to tell by its first lines.
        decimal: Decimal mark, "." or ","; None to tell by the values.
        encoding: Of a CSV file; None to tell by its bytes.
        fingerprint: Of `path`, which is refused if it has another; None to take it as it is.
        test_fingerprint: The same of `test_path`.

    Shapes:
        inputs: (B, C, T) float32, 0 behind the end of a series
        lengths: (B,) int64, only where series differ in length
        targets: (B,) int64 classes; (B, 1) float32 standardised; of a forecast (B, K) float32
            standardised, the horizon of one channel after the other
        B batch, C channels, T steps of the longest series or the window, K channels x horizon

    Raises:
        ConfigurationError: An argument is wrong, or a file does not fit it.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int = 0,
        path: str,
        test_path: str | None = None,
        task: SeriesTask | None = None,
        target: str | Sequence[str] | None = None,
        layout: Layout | None = None,
        series: str | None = None,
        time: str | None = None,
        channels: Sequence[str] = (),
        ignore: Sequence[str] = (),
        horizon: int | None = None,
        window: int | None = None,
        stride: int = 1,
        split: str | None = None,
        group: str | None = None,
        order_by: str | None = None,
        validation: float = 0.2,
        test: float = 0.2,
        split_seed: int = 0,
        scaling: SeriesScaling = "channel",
        missing: Missing = "refuse",
        lengths: Lengths | None = None,
        separator: str | None = None,
        decimal: str | None = None,
        encoding: str | None = None,
        fingerprint: str | None = None,
        test_fingerprint: str | None = None,
    ) -> None:
        given = {
            name: value
            for name, value in locals().items()
            if name not in ("self", "__class__", "batch_size", "seed")
        }
        super().__init__()
        raise_faults(integer_fault("data.batch_size", batch_size, at_least=1))
        self.arguments = PREPARATION.settled(given)
        self._about = PREPARATION.about(self.arguments)
        self.spec = self._about.spec
        self.batch_size = batch_size

    @property
    def preprocessing(self) -> Preprocessing:
        """What turns raw series into inputs, and outputs into answers."""
        return Preprocessing.from_json(self._about.preprocessing)

    @property
    def meaning(self) -> Meaning:
        """What a model's outputs mean."""
        known = self.preprocessing
        return Meaning(classes=known.classes, means=known.means, stds=known.stds)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the data: the preprocessing, as plain JSON values."""
        return {STATE: dict(self._about.preprocessing)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Refuse a checkpoint of a model whose inputs were prepared in another way.

        Raises:
            ConfigurationError: They were.
        """
        now = self._about.preprocessing
        check_state(state_dict, now=now, path=self.arguments.path, key=STATE)

    def _splits(self) -> Splits:
        return prepared_splits(PREPARATION, as_text(self.arguments))

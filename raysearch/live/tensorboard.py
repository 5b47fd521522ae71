"""How do the trials of a search appear in TensorBoard while they run?

`<folder>/<trial id>/` holds the curves of a trial, one step an epoch: its metrics, the best value
of the objective so far under `best/`, and the hyperparameters in use under `applied/`. It also
holds what the HParams page shows of it. Of a trial that is trained on several folds it is the mean,
at its end, and `<folder>/<trial id>/fold-01/` holds the curve of a fold while it is trained.
`<folder>/search/` holds the page's columns, the charts of the page CUSTOM SCALARS, and the best
value over all trials, one step an epoch of any trial.
`<folder>/winner/` holds the winner in words, and the pictures that it drew, if it did.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from raysearch.engine import SearchState
from raysearch.live import board, event_files, hparams
from raysearch.live.pictures import show_pictures
from raysearch.run_dir import events as ev
from raysearch.run_dir.events import Event
from raysearch.space import Space
from raysearch.trial import Measurement, Objective, Trial, TrialStatus

SEARCH = "search"
"""Name of the run that belongs to no trial."""
COLUMNS = f"{event_files.PREFIX}0000000000.columns"
"""File with the columns of the HParams page; its name sorts first, as TensorBoard needs it."""


@dataclass(slots=True)
class _Run:
    """An event file that grows, and how far it has come."""

    path: Path
    step: int
    """Last step that was written, here or in an earlier file beside it."""
    best: float | None = None


class TensorBoardWriter:
    """A listener that writes event files.

    No file is open between two events. After a resume, a trial that goes on gets a new file, which
    begins after the last epoch in those beside it, so that no point appears twice and none is
    missing. A disk that cannot be written to ends the files, not the search: `warn` is called once.

    Args:
        folder: Where TensorBoard is pointed to.
        objective: Whose best values are written, and shown first.
        space: Gives the HParams page its columns.
        warn: Called with one line if the files cannot be written.

    Side effects:
        Adds files below the folder, and replaces the columns in `search/` atomically.
    """

    def __init__(
        self,
        folder: Path,
        *,
        objective: Objective,
        space: Space,
        warn: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
    ) -> None:
        self._folder = folder
        self._search_name = folder.absolute().parent.name  # the run directory's
        self._objective = objective
        self._columns = hparams.columns(space)
        self._warn = warn
        self._runs: dict[str, _Run] = {}
        self._metrics: set[str] = set()
        self._search: _Run | None = None
        self._is_off = False

    def __call__(self, event: Event, state: SearchState) -> None:
        """Write what the event brought."""
        if self._is_off:
            return
        try:
            self._write(event, state)
        except OSError as error:
            self._is_off = True
            self._warn(
                f"TensorBoard's files cannot be written: {error}. The search goes on without them, "
                f"and nothing else is lost. Mend it, and `resume` writes what the trials that are "
                f"not at their end lack."
            )

    def _write(self, event: Event, state: SearchState) -> None:
        trial = state.trials.get(getattr(event, "trial", ""))
        if trial is None:
            return
        match event:
            case ev.TrialCreated() | ev.AttemptStarted():
                self._run(trial, at=event.at)
            case ev.Measured(repeat=0) if state.account.n_folds > 1:
                self._write_columns(event.measurement, state, at=event.at)
                self._write_fold(event)
            case ev.Measured(repeat=0):
                self._write_columns(event.measurement, state, at=event.at)
                self._write_measurements(trial, at=event.at)
                self._write_incumbent(event.measurement, state, at=event.at)
            case ev.Decided(fold=int(fold)):
                self._runs.pop(_fold_name(trial.id, fold - 1), None)
            case ev.Exploited():  # what it is from here on has a row of its own
                self._end(self._of_before(trial), TrialStatus.STOPPED, at=event.at)
                self._run(trial, at=event.at)
            case ev.TrialEnded():
                self._write_measurements(trial, at=event.at)
                self._end(_name(trial), trial.status, at=event.at)
                self._runs.pop(_fold_name(trial.id, trial.fold - 1), None)
                self._write_incumbent(None, state, at=event.at)
            case ev.Refitted():
                show_pictures(self._folder.absolute().parent)
                board.show_winner(self._folder, state, at=event.at)
            case ev.Tested():
                board.show_winner(self._folder, state, at=event.at)

    def _run(self, trial: Trial, *, at: float) -> _Run:
        """Return the trial's file, begun if this session has not written to it yet."""
        name = _name(trial)
        run = self._runs.get(name)
        if run is None:
            run = self._runs[name] = self._begin(name, at=at)
            run.step = max(run.step, trial.takeovers[-1].epoch if trial.takeovers else 0)
            known = [m for m in trial.measurements if m.epoch <= run.step]
            run.best = self._best_of(known)
            event_files.append(
                run.path,
                hparams.session_start(
                    trial.configuration,
                    by_key=self._columns,
                    group=f"{self._search_name}/{name}",
                    at=trial.created_at,
                ),
            )
        return run

    def _end(self, name: str, status: TrialStatus, *, at: float) -> None:
        run = self._runs.pop(name, None)
        if run is not None:
            event_files.append(run.path, hparams.session_end(status, at=at))

    def _of_before(self, trial: Trial) -> str:
        """Return the name that a trial's file had before it took over weights."""
        return _name(replace(trial, takeovers=trial.takeovers[:-1]))

    def _begin(self, name: str, *, at: float) -> _Run:
        folder = self._folder / name
        path = folder / f"{event_files.PREFIX}{at:017.6f}"
        return _Run(path=path, step=event_files.last_step(folder) or 0)

    def _write_measurements(self, trial: Trial, *, at: float) -> None:
        """Write those epochs that the files do not hold yet: mostly the latest one."""
        run = self._run(trial, at=at)
        latest = takewhile(lambda m: m.epoch > run.step, reversed(trial.measurements))
        events = []
        for measurement in reversed(list(latest)):
            run.best = self._better(measurement, than=run.best)
            events.append(
                event_files.scalars(
                    dict(self._tags(measurement, best=run.best)),
                    step=measurement.epoch,
                    at=at - (trial.seconds - measurement.seconds),
                )
            )
            run.step = measurement.epoch
        if events:
            event_files.append(run.path, *events)

    def _write_fold(self, event: ev.Measured) -> None:
        """Write an epoch of one of a trial's folds; their mean is written at its end."""
        name = _fold_name(event.trial, event.fold)
        run = self._runs.get(name)
        if run is None:
            run = self._runs[name] = self._begin(name, at=event.at)
        if event.epoch > run.step:
            run.step = event.epoch
            tags = dict(self._tags(event.measurement, best=None))
            event_files.append(run.path, event_files.scalars(tags, step=event.epoch, at=event.at))

    def _tags(
        self, measurement: Measurement, *, best: float | None
    ) -> Iterator[tuple[str, float | None]]:
        yield from measurement.values.items()
        if best is not None:
            yield hparams.BEST + self._objective.metric, best
        for name, value in measurement.applied.items():
            if isinstance(value, int | float):
                yield f"applied/{name}", value

    def _write_columns(self, measurement: Measurement, state: SearchState, *, at: float) -> None:
        """Write the page's columns when a metric is first met, which mostly happens once."""
        if self._metrics >= measurement.values.keys():
            return
        last = (trial.last for trial in state.trials.values())
        self._metrics = {name for m in last if m is not None for name in m.values}
        first = self._objective.metric
        tags = [
            hparams.BEST + first,
            *sorted(self._metrics, key=lambda name: (name != first, name)),
        ]
        known = [trial.configuration for trial in state.trials.values()]
        by_key = hparams.widened(self._columns, configurations=known)
        columns = hparams.experiment(by_key, metrics=tags, at=at)
        event_files.replace(self._folder / SEARCH / COLUMNS, columns)
        charts = board.layout(
            self._metrics, objective=self._objective, search=f"{SEARCH}/{first}", at=at
        )
        event_files.replace(self._folder / SEARCH / board.LAYOUT, charts)

    def _write_incumbent(
        self, measured: Measurement | None, state: SearchState, *, at: float
    ) -> None:
        """Write the best value over all trials when it improves, and when a trial ends."""
        if self._search is None:
            self._search = self._begin(SEARCH, at=at)
            best = self._best_of(m for t in state.trials.values() for m in t.measurements)
        else:
            best = self._better(measured, than=self._search.best)
        if state.account.n_folds > 1:  # a value of some folds is none to compare
            best = state.spent.best_value
        run, has_ended = self._search, measured is None
        is_news = best is not None and (has_ended or best != run.best)
        run.best = best
        if is_news and state.epochs > run.step:
            run.step = state.epochs
            values = {f"{SEARCH}/{self._objective.metric}": best}
            event_files.append(run.path, event_files.scalars(values, step=run.step, at=at))

    def _better(self, measurement: Measurement | None, *, than: float | None) -> float | None:
        value = None if measurement is None else measurement.values.get(self._objective.metric)
        return value if self._objective.is_better(value, than) else than

    def _best_of(self, measurements: Iterable[Measurement]) -> float | None:
        best = None
        for measurement in measurements:
            best = self._better(measurement, than=best)
        return best


def _fold_name(trial: str, fold: int) -> str:
    """Return the folder of the files of one of a trial's folds, from 0."""
    return f"{trial}/fold-{fold + 1:02d}"


def _name(trial: Trial) -> str:
    """Return the folder of a trial's files: another one each time that it took over weights.

    A page of TensorBoard shows one configuration for each.
    """
    if not trial.takeovers:
        return trial.id
    return f"{trial.id}/from-epoch-{trial.takeovers[-1].epoch:04d}"

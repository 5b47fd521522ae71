"""What did a search find? Everything that its journal and its files say, without changing anything.

`Results` is this and what can be done with it; the functions that do it take what was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Literal

from raysearch.engine.handover import Handover
from raysearch.engine.state import SearchState
from raysearch.errors import ConfigurationError
from raysearch.experiment import Experiment, from_settings
from raysearch.experiment.refit import seeds_of
from raysearch.experiment.select import select_in
from raysearch.imports import Kind
from raysearch.init_from import change_of
from raysearch.results.front import by_choice, pareto_front
from raysearch.results.kinds import written_kind
from raysearch.results.leaders import Leader, are_told_apart, by_mean, leaders_of
from raysearch.results.selection import (
    Selection,
    best_checkpoint,
    checkpoint_fault,
    rank,
    select,
)
from raysearch.results.winner_folder import as_it_lies
from raysearch.run_dir import JournalDamaged, Lease, RunDir
from raysearch.run_dir import events as ev
from raysearch.run_dir.damage import tells_of_test
from raysearch.trial import Objective, SearchStatus, Trial, trial_id

ChosenBy = Literal["value", "front", "searcher", "seeds", "person"]
"""What made a trial the winner: its value, the choice among a Pareto front, the searcher's
recommendation, the mean over further seeds, or `refit --trial`."""


class Found:
    """A search as its run directory has it, to be read.

    Args:
        run_dir: The run directory.
        state: What its journal comes to. Where something else writes the journal, such as an
            engine, it is that one's state.
        experiment: The experiment if it is at hand; else it is made from the journal's settings
            when it is first needed.
        damage: What says that the journal is damaged, and the state that of the events before.
    """

    def __init__(
        self,
        run_dir: RunDir,
        *,
        state: SearchState,
        experiment: Experiment | None = None,
        damage: JournalDamaged | None = None,
    ) -> None:
        self.run_dir = run_dir
        self.state = state
        self.damage = damage
        if experiment is not None:
            self.experiment = experiment

    def __repr__(self) -> str:
        return f"Results({str(self.run_dir)!r}, {self.status}, {len(self.state.trials)} trials)"

    # ---- what was searched

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment as it was last resolved.

        Raises:
            ConfigurationError: This version of raysearch cannot make it of the settings, or a class
                of the user's own cannot be found here.
        """
        source = str(self.run_dir.experiment_file)
        experiment = from_settings(dict(self.state.settings), source=source)
        return replace(experiment, fingerprints=self.state.fingerprints)

    @property
    def changed_checkpoints(self) -> list[str]:
        """What has become of the checkpoints that models begin from; a phrase for each change."""
        known = self.state.fingerprints.items()
        return [text for path, sha256 in known if (text := change_of(path, sha256=sha256))]

    @property
    def objective(self) -> Objective:
        """What was improved."""
        return Objective(**self.state.settings["objective"])

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """All that was improved: the only objective, or several, `objective` first."""
        several = self.state.settings.get("objectives") or [self.state.settings["objective"]]
        return tuple(Objective(**each) for each in several)

    @property
    def front(self) -> list[Trial]:
        """The trials on the Pareto front, the best of the first objective first."""
        return pareto_front(self.state.trials.values(), self.objectives)

    def kind_of(self, trial: Trial) -> Kind:
        """Return what trained the trial: a module, a builder's module, or a function by itself."""
        configuration = trial.best_configuration(self.objective)
        kind = written_kind(configuration, settings=self.state.settings)
        if kind is not None:
            return kind
        try:
            return self.experiment.bind(configuration).kind
        except ConfigurationError:  # its source is not here, and nearly all are classes
            return "module"

    @property
    def seeds_wanted(self) -> int:
        """With how many seeds the winner is to be trained again, on all data but the test split.

        0 where the experiment says that it is not.
        """
        return seeds_of(self.state.settings)

    def seeds_to_have(self, model: ev.Refitted) -> int:
        """Return how many models of a winner there are to be.

        As many as the experiment says; or as the call did that made it, if that were more, which
        may have been interrupted, unless the experiment was changed since.
        """
        if self.handover.is_setting_newer:
            return max(1, self.seeds_wanted)
        return max(self.seeds_wanted, model.seeds)

    def wants_refit(self, trial: Trial) -> bool:
        """Return whether the trial is to be trained again to be handed over; functions never."""
        return self.seeds_wanted > 0 and self.kind_of(trial) != "function"

    @property
    def status(self) -> SearchStatus:
        """Where the search stands; one whose driver was killed is interrupted."""
        is_running = self.state.status is SearchStatus.RUNNING
        if is_running and Lease.holder(self.run_dir.path.absolute()) is None:
            return SearchStatus.INTERRUPTED
        return self.state.status

    # ---- what was found

    @property
    def handover(self) -> Handover:
        """Refits and tests of winners so far."""
        return self.state.handover

    @cached_property
    def was_tested_aside(self) -> bool:
        """Whether what was set aside of a damaged journal tells that the test split was opened."""
        return tells_of_test(self.run_dir.storage)

    def ranking(self) -> list[Trial]:
        """Return the trials with a finite value, best first; see `selection` for ties."""
        return rank(self.state.trials.values(), objective=self.objective)

    @property
    def recommendation(self) -> ev.Recommended | None:
        """What the searcher would hand over; None if it did not say, or more was measured since."""
        return self.state.recommendation

    @property
    def selection(self) -> Selection:
        """The first trial whose model can be had, and those before it whose model is lost.

        First come the leaders in the order of their means, where they were told apart by further
        seeds; then the others as the search ranks them.
        """
        return self.select(self.order())

    def order(self) -> Iterator[Trial]:
        """Yield the trials in the order in which they would win; see `selection`."""
        leaders = self.leaders
        if not are_told_apart(leaders):
            yield from self._as_searched()
            return
        first = by_mean(leaders, self.objectives, choose=self.state.settings.get("choose", {}))
        ids = {trial.id for trial in first}
        yield from first
        yield from (trial for trial in self._as_searched() if trial.id not in ids)

    @property
    def leaders(self) -> tuple[Leader, ...]:
        """The trials that are to be told apart by further seeds, best first by the search.

        None where the experiment does not want it.
        """
        wanted = select_in(self.state.settings)
        if wanted is None:
            return ()
        return leaders_of(
            self._as_searched(),
            select=wanted,
            repeats=self.handover.repeats,
            objective=self.objective,
            can_win=lambda trial: self._fault_of(trial) is None,
        )

    def _as_searched(self) -> Iterator[Trial]:
        """Yield the trials in the order in which the search alone would have them win.

        First what the searcher recommends, then the ranking; of several objectives, what the
        experiment chooses of the Pareto front, then what it would choose of the others.
        """
        if len(self.objectives) > 1:
            trials, choose = list(self.state.trials.values()), self.state.settings.get("choose", {})
            yield from by_choice(trials, self.objectives, choose=choose)
            return
        ranking, recommended = self.ranking(), self.recommendation
        if recommended is not None:
            ranking.sort(
                key=lambda trial: trial.id != recommended.trial
            )  # the others stay in order
        yield from ranking

    def _fault_of(self, trial: Trial) -> str | None:
        """Return what keeps a trial from winning: its model is not there, and it needs one."""
        fault = checkpoint_fault(trial, objective=self.objective, run_dir=self.run_dir)
        return None if fault is None or self.is_without_model(trial) else fault

    def select(self, ranking: Iterable[Trial]) -> Selection:
        """Return the first of a ranking that can be the winner, and those passed over."""
        return select(
            ranking,
            objective=self.objective,
            run_dir=self.run_dir,
            needs_model=lambda trial: not self.is_without_model(trial),
        )

    def is_without_model(self, trial: Trial) -> bool:
        """Return whether there is no model of the trial because its function kept none."""
        is_kept = best_checkpoint(trial, objective=self.objective) is not None
        return not is_kept and self.kind_of(trial) == "function"

    @property
    def winner(self) -> Trial | None:
        """The trial that won, so far if the search goes on; None if none can.

        It is the trial whose model was handed over last, as long as nothing was measured since;
        otherwise the one that the searcher recommends, and then the best one, of those with a
        checkpoint on disk. A function may write none; then it needs none.
        """
        if self.handover.refit is not None and self.handover.is_settled:
            return self.state.trials[self.handover.refit.trial]
        return self.selection.winner

    def chosen_by(self, winner: Trial) -> ChosenBy:
        """Return what made a trial the winner; see `ChosenBy`."""
        chosen = self.selection.winner
        is_chosen = chosen is not None and chosen.id == winner.id
        if are_told_apart(self.leaders):
            return "seeds" if is_chosen else "person"
        if len(self.objectives) > 1:
            return "front" if is_chosen else "person"
        ranking = self.ranking()
        if self.recommendation is not None and self.recommendation.trial == winner.id:
            return "searcher"
        best = self.select(ranking).winner
        return "value" if best is not None and best.id == winner.id else "person"

    @property
    def default(self) -> Trial | None:
        """Trial 0000, the default configuration; None before it was created."""
        return self.state.trials.get(trial_id(0))

    # ---- the winner's model

    def record_of(self, trial: Trial) -> ev.Refitted | None:
        """Return the record of the model handed over last, if it is of this trial."""
        record = self.handover.refit
        return record if record is not None and record.trial == trial.id else None

    def model_of(self, trial: Trial) -> ev.Refitted | None:
        """Return the record of the trial's model in `winner/`, if it is there and whole.

        Models of further seeds are in it as far as they are there and whole, too.

        Its path is empty if the trial, of a function, has no model, and that is settled.
        """
        record = self.record_of(trial)
        return None if record is None else as_it_lies(self.run_dir, record)

"""What is done with the winner at the end of a search, and is anything left to be done?"""

from __future__ import annotations

from dataclasses import asdict

from raysearch.driving.drive import Drive, plan_of
from raysearch.engine import Engine, SearchState
from raysearch.errors import ConfigurationError, TrialFailed
from raysearch.results import Executor, Results
from raysearch.results.examples import keep_outcomes
from raysearch.results.messages import shortage
from raysearch.trial import SearchStatus
from raysearch.trying import Stage


def tell_apart(drive: Drive, engine: Engine, *, executor: Executor, stage: Stage) -> None:
    """Train the leaders again, where the experiment says so, so that the best mean wins."""
    results = Results(drive.run_dir, state=engine.state, experiment=drive.experiment)
    results.tell_apart(executor=executor, record=engine.record, say=stage)


def hand_over(drive: Drive, engine: Engine, *, executor: Executor, stage: Stage) -> None:
    """Refit the winner and open the test split."""
    results = Results(drive.run_dir, state=engine.state, experiment=drive.experiment)
    if results.winner is None:
        return
    model = results.refit(executor=executor, record=engine.record, say=stage)
    if model.is_refused or model.seeds_reason:
        stage(shortage(model, seeds=results.seeds_to_have(model)))
    keep_outcomes(results, executor=executor)
    _compress(drive, engine, results=results, stage=stage)
    if not results.test_outcome.is_final:
        of_models = f", {model.n_models} models" if model.n_models > 1 else ""
        stage(f"testing the winner{of_models}, once")
        tested = results.test(executor=executor, record=engine.record)
        if tested.values is None:
            stage(tested.reason)
    elif results.test_outcome.note:
        stage(results.test_outcome.note)


def _compress(drive: Drive, engine: Engine, *, results: Results, stage: Stage) -> None:
    """Make the winner smaller if the experiment says so and it is not; said where it cannot be."""
    wanted, winner = drive.experiment.compress, results.winner
    model = None if winner is None else results.model_of(winner)
    if wanted is None or model is None or results.handover.compression_of(model) is not None:
        return
    from raysearch.compression.compressing import compress_winner
    from raysearch.compression.wish import Wish

    stage("searching a recipe that makes the winner smaller")
    try:
        wish = Wish(**asdict(wanted))
        outcome = compress_winner(results, wish=wish, record=engine.record, say=stage)
    except (ConfigurationError, TrialFailed) as error:
        stage(f"not compressed: {error}")
        return
    if outcome.why_not:
        stage(f"not compressed: {outcome.why_not}")


def is_all_done(drive: Drive) -> bool:
    """Return whether the search has ended and its winner is handed over and tested."""
    results = Results.open(drive.run_dir.path)
    state, winner = results.state, results.winner
    if state.status is not SearchStatus.FINISHED or winner is None:
        return False
    sections = {key.partition(".")[0] for key in drive.changed}
    if sections and _goes_on(drive, state, has_other_scheduler="scheduler" in sections):
        return False
    if sections & {"select", "refit", "compress"}:
        return False  # the winner was chosen, and made, as the setting before said
    if any(leader.missing for leader in results.leaders):
        return False
    model = results.model_of(winner)
    is_handed_over = model is not None and model.is_enough(seeds=results.seeds_to_have(model))
    return is_handed_over and results.test_outcome.is_final


def _goes_on(drive: Drive, state: SearchState, *, has_other_scheduler: bool) -> bool:
    """Return whether anything is to be trained with the settings as they are now."""
    plan = plan_of(drive.experiment)
    if plan.limit_reached(state.spent, seconds=state.seconds):
        return False
    is_resting = not has_other_scheduler and len(state.paused) == len(state.live)
    return not (is_resting and plan.used_up(state, now=state.last_at))

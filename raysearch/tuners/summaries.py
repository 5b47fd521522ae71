"""What does a tuner print?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from raysearch.results import Results
from raysearch.space import Space
from raysearch.trial import Trial, TrialStatus
from raysearch.tuners.entries import HyperParameter
from raysearch.tuners.objective import Objective
from raysearch.tuners.ranking import ranked


def space_lines(space: Space, *, extended: bool) -> Iterator[str]:
    """Yield the lines about a search space.

    Args:
        space: It.
        extended: Whether also what is not active by default is shown.
    """
    default = space.active(space.default())
    shown = [parameter for parameter in space if extended or parameter in default]
    yield "Search space summary"
    yield f"Default search space size: {len(default)}"
    for parameter in shown:
        entry = HyperParameter.of(parameter)
        config = {key: value for key, value in entry.get_config().items() if key != "name"}
        yield f"{entry.name} ({entry.kind})"
        yield str(config)
    if len(shown) < len(space):
        more = len(space) - len(shown)
        yield f"{more} more under conditions: search_space_summary(extended=True)"


def results_lines(
    results: Results, *, objectives: Sequence[Objective], num_trials: int
) -> Iterator[str]:
    """Yield the lines about the best trials.

    Args:
        results: The search.
        objectives: What it improves.
        num_trials: Trials shown at most.
    """
    ranking = ranked(results)[:num_trials]
    trials = results.state.trials.values()
    yield "Results summary"
    yield f"Results in {results.run_dir}"
    yield f"Showing {len(ranking)} best trials of {len(trials)}{_apart(trials)}"
    yield from map(str, objectives)
    for best in ranking:
        trial = best.trial
        yield ""
        yield f"Trial {trial.id} summary"
        yield "Hyperparameters:"
        for name, value in trial.configuration.items():
            yield f"{name}: {value}"
        yield f"Score: {', '.join(map(str, best.scores))}" + (
            f", mean of {best.n_executions} executions" if best.n_executions > 1 else ""
        )
        if trial.status is TrialStatus.FAILED:
            yield f"failed later: {trial.error or trial.cause}"


def _apart(trials: Iterable[Trial]) -> str:
    """Return how many have failed, and how many are paused, where there are any."""
    words = {TrialStatus.FAILED: "failed", TrialStatus.PAUSED: "paused"}
    counts = {words[s]: sum(trial.status is s for trial in trials) for s in words}
    told = [f"{number} {word}" for word, number in counts.items() if number]
    return f", of which {' and '.join(told)}" if told else ""

"""What made the winner the winner, in words?"""

from __future__ import annotations

from raysearch.live.text import printable, short_number
from raysearch.results import Results
from raysearch.results.front import why_chosen
from raysearch.results.leaders import why_best_mean
from raysearch.trial import Trial


def better_one(results: Results, winner: Trial) -> str:
    """Return which trial is better, where the winner was chosen or better ones are lost."""
    best = results.ranking()[0]
    if best.id == winner.id:
        return ""
    chosen_by = results.chosen_by(winner)
    if chosen_by == "front":
        of = results.objective.metric
        return f" (chosen of the front; the best {of} is that of {best.id})"
    if chosen_by == "searcher":
        return f" (chosen by the searcher; the best observed is {best.id})"
    if chosen_by == "seeds":
        return f" (the best mean over seeds; the best observed is {best.id})"
    return f" (the best on validation data is {best.id})"


def chosen_facts(results: Results, winner: Trial) -> list[tuple[str, str]]:
    """Return why the winner was chosen: of a front, or by the searcher where it is not the best."""
    chosen_by = results.chosen_by(winner)
    if chosen_by == "seeds":
        why = why_best_mean(results.leaders)
        return [("chosen for", why), *_other_values(results, winner)]
    if chosen_by == "front":
        why = why_chosen(results.state.settings.get("choose", {}), front=results.front)
        return [("chosen for", why), *_other_values(results, winner)]
    recommended = results.recommendation
    if recommended is None or recommended.trial != winner.id:
        return []
    return [("chosen for", printable(recommended.reason))] if better_one(results, winner) else []


def _other_values(results: Results, winner: Trial) -> list[tuple[str, str]]:
    """Return the winner's values of the objectives beside the first."""
    best = winner.best(results.objective)
    values = {} if best is None else best.values
    return [
        (objective.metric, short_number(values.get(objective.metric)))
        for objective in results.objectives[1:]
    ]

"""Which hyperparameters mattered, in a few lines for a person?"""

from __future__ import annotations

from raysearch.counting import counted
from raysearch.live.text import short_number, value_text
from raysearch.results import Results
from raysearch.results.importance import Effect, importance, ranked_trials
from raysearch.results.marginal import best_part, parts
from raysearch.space import Space

MOST = 4
"""Parameters that are named, each in a line of its own."""
FEWEST_IN_PART = 3


def importance_facts(results: Results) -> list[tuple[str, str]]:
    """Return which hyperparameters mattered, of how many trials that is said, and what was best.

    Nothing while there are too few trials to say anything.
    """
    found = importance(results)
    if not found.effects:
        is_remedy = "pip install" in found.reason
        return [("mattered", f"not known: {found.reason}")] if is_remedy else []
    told = [effect for effect in found.effects if effect.stands_out][:MOST]
    basis = f"PED-ANOVA, the {found.n_best} best of {counted(found.n_trials, 'trial')}"
    if not told:
        return [("mattered", f"none that can be told from chance ({basis})")]
    lines = [_text(results, effect) for effect in told]
    return [("mattered", lines[0]), *(("", line) for line in lines[1:]), ("", basis)]


def _text(results: Results, effect: Effect) -> str:
    space = Space.from_json(results.state.space)
    parameter = next(p for p in space.parameters if p.label == effect.label)
    found = parts(parameter, ranked_trials(results, space=space), objective=results.objective)
    best = best_part(found, objective=results.objective, at_least=FEWEST_IN_PART)
    share = f"{effect.label} {effect.share:.0%} of {counted(effect.n_trials, 'trial')}"
    if best is None:
        return share
    low, high = value_text(best.low), value_text(best.high)
    values = low if low == high else f"{low} to {high}"
    return (
        f"{share}; best {values}, median {short_number(best.median)} of "
        f"{counted(best.n_trials, 'trial')}"
    )

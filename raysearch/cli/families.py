"""How do the families of a search compare, in a few lines for a person?"""

from __future__ import annotations

from raysearch.counting import counted
from raysearch.live.text import short_number
from raysearch.results import Results
from raysearch.results.families import LEVEL, Interval, Standing, standings
from raysearch.results.family_tests import family_tests
from raysearch.results.paired import paired_text
from raysearch.trial import Objective


def family_facts(results: Results) -> list[tuple[str, str]]:
    """Return the best of each family with its interval, best first; nothing for a single one."""
    found = standings(results)
    if len(found) < len(("this one", "that one")):
        return []
    texts = [_text(standing) for standing in found]
    notes = dict.fromkeys(
        _meaning(s.interval, objective=results.objective) for s in found if s.interval
    )
    lines = [*texts, *notes, *_tests(results)]
    return [("best of each", lines[0]), *(("", line) for line in lines[1:])]


def _tests(results: Results) -> list[str]:
    """Return how the best family compares with each other one, where that is known."""
    lines = []
    for test in family_tests(results):
        best, other = test.best, test.other
        if test.paired is None or best.best is None or other.best is None:
            continue
        text = paired_text(test.paired, one=best.best.id, other=other.best.id)
        judged = "more than" if test.is_sure else "no more than"
        lines.append(f"{best.family} against {other.family}: {text}, {judged} chance gives")
    if len(lines) > 1:
        lines.append("whether it is more than chance is judged with all comparisons in mind (Holm)")
    return lines


def _text(standing: Standing) -> str:
    trials = counted(standing.n_trials, "trial")
    if standing.best is None:
        return f"{standing.family}: none, of {trials}"
    within = standing.interval
    ends = f" [{short_number(within.low)}, {short_number(within.high)}]" if within else ""
    value = short_number(standing.value)
    return f"{standing.family}: {value}{ends}, trial {standing.best.id} of {trials}"


def _meaning(interval: Interval, *, objective: Objective) -> str:
    sure = f"{LEVEL:.0%}"
    if interval.of == "examples":
        return (
            f"in brackets what {interval.n} validation examples say of {objective.metric} on "
            f"others like them, at {sure}"
        )
    worse = "low" if objective.direction == "maximize" else "high"
    return (
        f"in brackets what the best of as many trials would be, were they drawn again: with {sure} "
        f"not beyond the {worse} end"
    )

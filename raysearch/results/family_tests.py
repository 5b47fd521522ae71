"""Is the best family better than the others on the same validation examples?

The best trial of the best family is compared with that of each other one, by a paired test: see
`paired`. The p of each also comes as it is when all of them are allowed for (Holm).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from raysearch.results.examples import compared, kept
from raysearch.results.families import Standing, family_documents, standings
from raysearch.results.found import Found
from raysearch.results.paired import SURE, Paired, holm


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTest:
    """How the best family compares with another one."""

    best: Standing
    other: Standing
    paired: Paired | None
    """With the best family first; None where that is not known."""
    p_of_all: float | None
    """Its p, allowing for all the comparisons."""
    reason: str = ""
    """Why it is not known, a phrase for a person."""

    @property
    def is_sure(self) -> bool:
        """Whether the difference is more than chance, allowing for all the comparisons."""
        return self.p_of_all is not None and self.p_of_all < SURE


def family_tests(found: Found) -> tuple[FamilyTest, ...]:
    """Return how the best family compares with each other one that has a value; none for one."""
    ranked = [each for each in standings(found) if each.best is not None]
    if len(ranked) < len(("this one", "that one")):
        return ()
    best, *others = ranked
    seen = {each.family: kept(found, each.best) for each in ranked if each.best is not None}
    results = [
        compared(seen[best.family], seen[other.family], metric=found.objective.metric)
        for other in others
    ]
    adjusted = iter(holm([each.p for each in results if isinstance(each, Paired)]))
    return tuple(
        FamilyTest(best=best, other=other, paired=each, p_of_all=next(adjusted))
        if isinstance(each, Paired)
        else FamilyTest(best=best, other=other, paired=None, p_of_all=None, reason=each)
        for other, each in zip(others, results, strict=True)
    )


def tested_family_documents(found: Found) -> list[dict[str, Any]]:
    """Return the list "families" of the document that `results RUN --json` prints."""
    tests = {test.other.family: _document(test) for test in family_tests(found)}
    return [{**each, "paired": tests.get(each["family"])} for each in family_documents(found)]


def _document(test: FamilyTest) -> dict[str, Any]:
    if test.paired is None:
        return {"against": test.best.family, "reason": test.reason}
    return {"against": test.best.family, **test.paired.to_json(), "p_of_all": test.p_of_all}

"""What made the winner the winner, for programs?"""

from __future__ import annotations

from typing import Any

from raysearch.results.found import Found
from raysearch.results.front import why_chosen
from raysearch.results.leaders import why_best_mean
from raysearch.trial import Trial


def chosen_document(found: Found, winner: Trial) -> dict[str, Any]:
    """Return what made a trial the winner, and which one has the best value observed."""
    chosen_by, recommended = found.chosen_by(winner), found.recommendation
    ranking, because = found.ranking(), None
    if chosen_by == "front":
        because = why_chosen(found.state.settings.get("choose", {}), front=found.front)
    elif recommended and chosen_by == "searcher":
        because = recommended.reason
    elif chosen_by == "seeds":
        because = why_best_mean(found.leaders)
    return {
        "chosen_by": chosen_by,
        "chosen_because": because,
        "best_observed": ranking[0].id if ranking else None,
    }

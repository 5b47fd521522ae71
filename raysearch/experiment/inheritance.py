"""Can models begin with their parents' weights, where the searcher of an experiment wants it?"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.errors import one_of
from raysearch.experiment.families import Family
from raysearch.experiment.report import Report
from raysearch.init_from import INIT_FROM
from raysearch.models import families_that_grow, package_of
from raysearch.space import Space


def check_heirs(
    searcher: object, *, families: Sequence[Family], space: Space, report: Report
) -> None:
    """Report models that cannot begin with another architecture's weights, if they are to.

    Args:
        searcher: Made for the space; one that wants it has a true `inherits_weights`.
        families: The models.
        space: What is searched.
        report: Where the faults go.
    """
    if not getattr(searcher, "inherits_weights", False):
        return
    path = ("searcher", "inherit")
    unable = [f.choice.name for f in families if package_of(f.choice.class_path) is None]
    if unable:
        report.add(
            path,
            f"searcher.inherit is weights, and {', '.join(unable)} cannot begin with the weights "
            f"of another architecture. Families that can: {one_of(families_that_grow())}. Search "
            "these alone, or leave inherit out.",
        )
    keys = [family.choice.prefix + INIT_FROM for family in families]
    starts = any((family.choice.start or {}).get(INIT_FROM) for family in families)
    if starts or any(key in space for key in keys):
        report.add(
            path,
            "searcher.inherit is weights, and init_from names a checkpoint to begin from. A model "
            "has the one or the other: leave one of them out.",
        )

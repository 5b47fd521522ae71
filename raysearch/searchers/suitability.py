"""Can a search method take a space at all?"""

from __future__ import annotations

from raysearch.errors import one_of
from raysearch.imports import load_object
from raysearch.searchers import SEARCHERS
from raysearch.space import Space


def graph_fault(class_path: str, *, name: str, space: Space) -> str | None:
    """Return why a method cannot search a space with, or without, a Graph; None if it can.

    Args:
        class_path: Import path of the method's class.
        name: What the method is called in an experiment.
        space: What is to be searched.

    Example:
        >>> from raysearch.space import Graph
        >>> space = Space({"graph": Graph(64, 10)})
        >>> print(graph_fault(SEARCHERS["grid"], name="grid", space=space))
        grid cannot search graph, which is a Graph: graphs have neither vectors nor a grid.
        Searchers that can: neat, random. Or fix the graph.
    """
    graphs = [parameter.label for parameter in space if not parameter.domain.has_places]
    if graphs and not _says(class_path, "takes_graphs"):
        able = [known for known, path in SEARCHERS.items() if _says(path, "takes_graphs")]
        return (
            f"{name} cannot search {graphs[0]}, which is a Graph: graphs have neither vectors nor "
            f"a grid. Searchers that can: {one_of(able)}. Or fix the graph."
        )
    if not graphs and _says(class_path, "needs_graphs"):
        able = [known for known, path in SEARCHERS.items() if not _says(path, "needs_graphs")]
        return (
            f"{name} evolves graphs, and the space has none. Search the family graph, or use one "
            f"of {one_of(able)}."
        )
    return None


def _says(class_path: str, attribute: str) -> bool:
    return bool(getattr(load_object(class_path), attribute, False))

"""How does an evolved graph, a long text in a configuration, appear where a person reads?"""

from __future__ import annotations

import json

BEGINNING = '{"inputs":'
"""What the text of every graph begins with, and no other value of a configuration does."""


def summary(value: object) -> str | None:
    """Return how large a graph is, from its text; None for any other value.

    Nodes are inputs, outputs and hidden ones; of connections those that are enabled count.

    Example:
        >>> nodes = '"inputs":2,"outputs":1,"nodes":[[2,"identity",0.0]]'
        >>> summary(f'{{{nodes},"connections":[[0,2,1.0,1]]}}')
        'graph of 3 nodes, 1 connection'
        >>> summary("relu")
    """
    if type(value) is not str or not value.startswith(BEGINNING):
        return None
    try:
        graph = json.loads(value)
        n_nodes = graph["inputs"] + len(graph["nodes"])
        n_connections = sum(bool(enabled) for *_, enabled in graph["connections"])
    except (ValueError, TypeError, KeyError):
        return None
    plural = "" if n_connections == 1 else "s"
    return f"graph of {n_nodes} nodes, {n_connections} connection{plural}"

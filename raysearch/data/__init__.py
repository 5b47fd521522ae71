"""Which data sets are built in? The table from short name to package.

Each package has `space.py`, which needs no torch: `ARGUMENTS`, what an experiment may fix, with
`data_spec(**arguments)`; and `search_space(data)`, what it may search, with `legal_domains(data)`.
`module.py` has the Lightning data module `Data(*, batch_size, seed, **arguments)`.

Where arguments are more than numbers and choices, as for a file of one's own, `space.py` also has
`check_arguments(arguments)`, which returns them checked and complete, and `advice(**arguments)`,
what a person should know about how the data were understood.
"""

from __future__ import annotations

DATA = {
    "cbf": "raysearch.data.cbf",
    "diabetes": "raysearch.data.diabetes",
    "digits": "raysearch.data.digits",
    "images": "raysearch.data.images",
    "listops": "raysearch.data.listops",
    "pairs": "raysearch.data.pairs",
    "scan": "raysearch.data.scan",
    "scenes": "raysearch.data.scenes",
    "series": "raysearch.data.series",
    "table": "raysearch.data.table",
    "text": "raysearch.data.text",
    "trees": "raysearch.data.trees",
}
"""Name in an experiment file -> package."""

__all__ = ["DATA"]

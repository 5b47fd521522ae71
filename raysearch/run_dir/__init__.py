"""Where does a search keep its state of record, and how is it read back?

A run directory holds the resolved settings, a journal of events, checkpoints, TensorBoard files and
the winner. Everything that is known about a search is a fold over its journal.
"""

from __future__ import annotations

from raysearch.run_dir.damage import Damage, JournalDamaged
from raysearch.run_dir.events import Event
from raysearch.run_dir.journal import Journal, read_journal
from raysearch.run_dir.layout import RunDir
from raysearch.run_dir.lease import Lease
from raysearch.run_dir.storage import LocalStorage, Storage

__all__ = [
    "Damage",
    "Event",
    "Journal",
    "JournalDamaged",
    "Lease",
    "LocalStorage",
    "RunDir",
    "Storage",
    "read_journal",
]

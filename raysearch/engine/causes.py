"""Why did an attempt or a trial end, in the words of the journal? Only ever add."""

from __future__ import annotations

WORKER_LOST = "worker lost"
"""Cause of an attempt whose process or node went away."""

INTERRUPTED = "interrupted"
"""Cause of an attempt that ended with its session."""

NOT_MEASURED = "not measured"
"""Cause of a trial that ended before it measured anything: it would do so again."""

NOT_FINITE = "not finite"
"""Cause of a trial whose objective was NaN or infinite at its end."""

DISK_FULL = "disk full"
"""Cause of an attempt that could not write: no evidence against its configuration."""

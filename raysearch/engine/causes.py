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

LOST_CONTACT = "lost contact"
"""Cause of an attempt of several processes, all of them there, of which one could not reach the
others."""

OUT_OF_MEMORY = "out of memory"
"""Cause of a failure for want of memory, of the machine or a GPU."""

DISK_FULL = "disk full"
"""Cause of an attempt that could not write: no evidence against its configuration."""

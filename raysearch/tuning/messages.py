"""What does a worker say to the driver, and how does Ray Tune transport it?"""

from __future__ import annotations

import json
from typing import Any, Literal

from raysearch.trial import Checkpoint, Measurement

Kind = Literal["ready", "started", "gauged", "measured", "ended", "failed"]


def message(kind: Kind, **content: Any) -> dict[str, Any]:
    """Return a message as Ray transports it: flat, because Ray Tune flattens what is nested."""
    return {"kind": kind, "content": json.dumps(content, allow_nan=False)}


def read_message(result: dict[str, Any]) -> tuple[Kind, dict[str, Any]]:
    """Return kind and content of a message; measurement and checkpoint as records."""
    content = json.loads(result["content"])
    if "measurement" in content:
        content["measurement"] = Measurement(**content["measurement"])
        checkpoint = content["checkpoint"]
        content["checkpoint"] = checkpoint and Checkpoint(**checkpoint)
    return result["kind"], content


def cause_of(result: dict[str, Any]) -> str | None:
    """Return why a fit failed, if that is what a message says.

    Example:
        >>> cause_of(message("failed", cause="timeout", error="...")), cause_of(message("ended"))
        ('timeout', None)
    """
    return str(json.loads(result["content"])["cause"]) if result["kind"] == "failed" else None

"""What is to be said of a training that reports nothing any more?

That it hangs shows from outside only; where it hangs is what its thread is doing. Nothing here
loads torch.
"""

from __future__ import annotations

import sys
import traceback

from raysearch.training.failure import Failure, place

TIMEOUT = "timeout"
"""Cause of trials that were silent for too long."""


def describe_silence(thread: int, *, silent_s: float, since: str) -> Failure:
    """Return what is known of a training that was silent for too long.

    Args:
        thread: Identifier of the thread that trains, which need not live any more.
        silent_s: How long it was silent, in seconds.
        since: The last sign of life, for a person, such as "epoch 3".

    Example:
        >>> describe_silence(0, silent_s=600.2, since="epoch 3").summary
        'nothing was reported for 600 s since epoch 3, longer than failures.timeout_s allows'
    """
    frame = sys._current_frames().get(thread)
    stack = traceback.extract_stack(frame) if frame is not None else []
    summary = (
        f"nothing was reported for {silent_s:.0f} s since {since}, longer than failures.timeout_s "
        f"allows{place(stack)}"
    )
    details = "".join(
        [f"{summary}\nStack (most recent call last):\n", *traceback.format_list(stack)]
    )
    return Failure(cause=TIMEOUT, summary=summary, details=details)

"""A module that starts a thread when it is imported, so that its process must not be forked."""

from __future__ import annotations

import sys
import threading

if "pytest" not in sys.modules:  # which imports all modules as it collects
    threading.Thread(target=threading.Event().wait, args=[3600], daemon=True).start()

"""A store in memory whose answers fail as a test wants, for tests of what stands above it."""

from __future__ import annotations

from pathlib import Path

from raysearch.run_dir.remote.client import Stored
from raysearch.run_dir.remote.faults import Unreachable


class MemoryObjects:
    """`Objects` in memory, with versions."""

    def __init__(self):
        self.held = {}
        self.puts = []
        self._n = 0

    def get(self, key):
        if key not in self.held:
            raise FileNotFoundError(2, "there is no such object")
        return self.held[key]

    def head(self, key):
        data, version = self.get(key)
        return Stored(key, len(data), version)

    def put(self, key, data, *, replaces=None):
        there = self.held.get(key, (b"", ""))[1]
        if replaces is not None and replaces != there:
            raise FileExistsError(17, "there is another version of the object")
        self._n += 1
        data = data.read_bytes() if isinstance(data, Path) else data
        self.held[key] = (data, str(self._n))
        self.puts.append(key)
        return str(self._n)

    def list(self, prefix):
        below = f"{prefix}/" if prefix else ""
        found = [(key, held) for key, held in self.held.items() if key.startswith(below)]
        return sorted(Stored(key, len(data), version) for key, (data, version) in found)

    def folders(self):
        return sorted({key.partition("/")[0] for key in self.held if "/" in key})

    def copy(self, key, to):
        self.put(to, self.get(key)[0])

    def delete(self, keys):
        for key in keys:
            self.held.pop(key, None)


class Flaky:
    """`Objects` that fail by turns, before or after they did what was asked.

    Args:
        objects: What does it.
        faults: For each call in turn: "" for none, "before", or "after" it was done. Those behind
            the last one do not fail.
    """

    def __init__(self, objects, *, faults):
        self._objects = objects
        self._faults = list(faults)

    def __getattr__(self, name):
        method = getattr(self._objects, name)

        def call(*arguments, **keywords):
            fault = self._faults.pop(0) if self._faults else ""
            if fault == "before":
                raise Unreachable("503 Slow Down (SlowDown)")
            found = method(*arguments, **keywords)
            if fault == "after":
                raise Unreachable("connection reset")
            return found

        return call


class Time:
    """A clock that goes forward when somebody waits."""

    def __init__(self):
        self.now_s = 0.0
        self.pauses_s = []

    def sleep(self, seconds):
        self.pauses_s.append(seconds)
        self.now_s += seconds

    def clock(self):
        self.now_s += 0.001
        return self.now_s

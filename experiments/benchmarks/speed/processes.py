"""How much processor time does each process below this one use?"""

from __future__ import annotations

import os
import threading
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LOOK_EVERY_S = 0.5


class ProcessorTime:
    """Looks again and again, so that those that end meanwhile are counted, too; on Linux alone.

    Side effects:
        A thread that reads /proc twice a second, which takes about a hundredth of a core.
    """

    def __init__(self) -> None:
        self._used: dict[int, tuple[str, float]] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, float]:
        """Return seconds by the name of the process, those of one name together."""
        self._done.set()
        self._thread.join()
        self._look()
        found: dict[str, float] = {}
        for name, seconds in self._used.values():
            found[name] = round(found.get(name, 0.0) + seconds, 2)
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def _look_on(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            self._look()

    def _look(self) -> None:
        for process, stat in _descendants(os.getpid()).items():
            try:
                name = _name(process)
            except OSError:
                continue  # it has ended meanwhile
            before = self._used.get(process, (name, 0.0))[0]
            kept = before if name in ("", "ray::IDLE") else name  # it was an actor, or is to be one
            self._used[process] = kept, sum(map(int, stat[11:13])) / TICKS_PER_S


def _descendants(root: int) -> dict[int, list[str]]:
    """Return a process and all below it, each with what /proc tells from its state on."""
    stats: dict[int, list[str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stats[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
    found = [root] if root in stats else []
    for process in found:
        found += [child for child, stat in stats.items() if int(stat[1]) == process]
    return {process: stats[process] for process in found}


def _name(process: int) -> str:
    """Return a name that tells a person what the process is."""
    if process == os.getpid():
        return "driver"
    words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    if words[0].startswith("ray::"):
        return words[0].partition(".")[0]
    scripts = [word for word in words if word.endswith(".py")]
    return Path(scripts[0] if scripts else words[0]).name

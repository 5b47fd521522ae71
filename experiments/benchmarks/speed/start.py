"""How long is it from the command to the first measurement?"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from speed.plan import ROOT, environment, raysearch_run, rounded, show, show_medians, temporary

LOOK_EVERY_S = 0.2
PATIENCE_S = 300.0
"""How long the first measurement may take, in seconds."""

BOTH = """
import time
import pytorch_lightning
imported_at = time.time()
import ray
ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
print("at", imported_at, time.time())
"""
"""What neither side of the comparison can do without, one after the other."""

MARKS: dict[str, type] = {
    "search_started": ev.SearchStarted,
    "first attempt_started": ev.AttemptStarted,
    "first measured": ev.Measured,
}
"""What the journal tells."""

STAGES = {"starting Ray": "file read"}
"""What the command says as a stage begins -> what is over by then."""


def start(*, rounds: int) -> None:
    """Time both in turn, and print their ratio."""
    told = []
    for number in range(1, rounds + 1):
        both, ours = import_and_init(), first_measurement()
        ratio = rounded(ours["first measured"] / both["ray.init"])
        show({"round": number, "import and ray.init, s": both})
        show({"round": number, "raysearch, s": ours})
        figures = {"first measured / both": ratio, "first measured, s": ours["first measured"]}
        told.append({**figures, "both, s": both["ray.init"]})
        show({"round": number, "figures": told[-1]})
    show_medians(told, of="figures")


def import_and_init() -> dict[str, float]:
    """Return the seconds from the start of a process to the end of each of the two."""
    with temporary() as folder:
        begun_at = time.time()
        process = subprocess.run(
            [sys.executable, "-c", BOTH],
            cwd=folder,
            env=environment(Path(folder)),
            capture_output=True,
            text=True,
            check=True,
        )
    line = next(line for line in process.stdout.splitlines() if line.startswith("at "))
    imported_at, ready_at = map(float, line.split()[1:])
    return {
        "import pytorch_lightning": rounded(imported_at - begun_at),
        "ray.init": rounded(ready_at - begun_at),
    }


def first_measurement() -> dict[str, float]:
    """Return the seconds from the start of the command to what it tells, then end it."""
    with temporary() as name:
        run_dir, said = Path(name) / "run", Said()
        begun_at = time.time()
        process = subprocess.Popen(
            raysearch_run(run_dir),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        listener = threading.Thread(target=said.listen, args=[process.stderr], daemon=True)
        listener.start()
        try:
            while not _has_measured(run_dir):
                if process.poll() is not None or time.time() - begun_at > PATIENCE_S:
                    sys.exit(f"raysearch measured nothing:\n{said.text()[-2000:]}")
                time.sleep(LOOK_EVERY_S)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
            listener.join()
        at = {**said.stages(), **_marks(run_dir)}
    return {mark: rounded(then - begun_at) for mark, then in at.items()}


@dataclass(slots=True)
class Said:
    """What a command has said on standard error, and when."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    """Unix time, and the line."""

    def listen(self, stream: Iterable[str]) -> None:
        """Take line after line, until the stream ends."""
        for line in stream:
            self.lines.append((time.time(), line))

    def text(self) -> str:
        """Return all of it."""
        return "".join(line for _, line in self.lines)

    def stages(self) -> dict[str, float]:
        """Return when each stage began that was said."""
        return {
            stage: at
            for begins, stage in STAGES.items()
            for at, line in self.lines
            if begins in line
        }


def _has_measured(run_dir: Path) -> bool:
    return any('"event":"measured"' in p.read_text() for p in run_dir.glob("journal/*.jsonl"))


def _marks(run_dir: Path) -> dict[str, float]:
    events = list(RunDir(run_dir).events())
    return {
        name: next(event.at for event in events if isinstance(event, kind))
        for name, kind in MARKS.items()
    }

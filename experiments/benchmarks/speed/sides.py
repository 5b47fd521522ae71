"""Who is compared with whom, and what is one side's command?"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speed.floor import bare_s, networks_of
from speed.plan import BASELINES, EPOCHS, ROOT, WORKERS, environment, raysearch_run, temporary

SIDES = ("raysearch", "tutorial", "reuse", "optuna", "bare")
FEWEST_ONLY = ("tutorial", "reuse", "bare")
"""Sides that take minutes with many trials, or are told by the epoch anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One side with one number of trials."""

    side: str
    trials: int
    loop: str = ""
    """Of raysearch alone."""

    @property
    def name(self) -> str:
        """The side, with its loop if it has one: "raysearch lean"."""
        return f"{self.side} {self.loop}".rstrip()

    def command(self, folder: Path) -> list[str]:
        """Return the command line."""
        trials, epochs = str(self.trials), str(EPOCHS)
        if self.side == "raysearch":
            settings = (f"budget.trials={trials}", f"loop={self.loop}")
            return raysearch_run(folder / "run", *settings)
        words = {
            "tutorial": ["ray_tune_lightning.py", trials, "--epochs", epochs],
            "reuse": ["ray_tune_lightning.py", trials, "--epochs", epochs, "--reuse-actors"],
            "optuna": ["optuna_lightning.py", trials, epochs],
            "bare": ["bare_torch.py", str(self.trials * EPOCHS)],
        }[self.side]
        return [sys.executable, str(BASELINES / words[0]), *words[1:]]


def check_installed(sides: Sequence[str]) -> None:
    """End the process with what to do if a side cannot be run."""
    if "optuna" in sides and importlib.util.find_spec("optuna") is None:
        others = " ".join(side for side in sides if side != "optuna")
        sys.exit(
            f"optuna is not installed for {sys.executable}, so that side cannot be run. Install it "
            f"(`{sys.executable} -m pip install optuna`), or leave it out: --sides {others}"
        )


def timed(run: Run) -> dict[str, Any]:
    """Run a side as a process of its own, and return what it took and did.

    Side effects:
        Ends this process if the side fails, or did not train what it should. What the side writes
        is removed.
    """
    with temporary() as name:
        folder = Path(name)
        own = folder if run.side != "raysearch" else None  # which clears away what is its own
        begun_s = time.monotonic()
        process = subprocess.run(
            run.command(folder),
            cwd=ROOT,
            env=environment(own),
            capture_output=True,
            text=True,
            check=False,
        )
        total_s = time.monotonic() - begun_s
        if process.returncode:
            sys.exit(f"{run.name} ended with {process.returncode}:\n{process.stderr[-2000:]}")
        floor = {}
        if run.side == "raysearch":  # which networks it trained is its searcher's choice
            networks = networks_of(folder / "run")
            floor = {
                "bare_s": round(bare_s(networks, at_once=1), 2),
                "bare_at_once_s": round(bare_s(networks, at_once=WORKERS), 2),
            }
    printed = json.loads(process.stdout[process.stdout.index("{") :])
    epochs = printed["totals"]["epochs"] if run.side == "raysearch" else printed["epochs"]
    if epochs != run.trials * EPOCHS:
        sys.exit(f"{run.name} trained {epochs} epochs, not {run.trials * EPOCHS}")
    figures = {"side": run.name, "trials": run.trials, "total_s": round(total_s, 2)}
    inside = {k: v for k, v in printed.items() if k in ("import_s", "init_s", "s_per_epoch")}
    return {**figures, "epochs": epochs, **inside, **floor}

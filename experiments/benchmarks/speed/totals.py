"""How long does a whole search take on each side, and each further epoch of it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from speed.plan import WORKERS, rounded, show, show_medians
from speed.sides import FEWEST_ONLY, Run, timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is compared."""

    sides: tuple[str, ...]
    loops: tuple[str, ...]
    """Of raysearch."""
    trials: tuple[int, ...]
    """Ascending."""
    is_every_size: bool
    """Whether those sides that take minutes run with each number of trials, too."""

    def runs(self) -> list[Run]:
        """Return what is run in each round."""
        found = []
        for trials in self.trials:
            for side in self.sides:
                is_slow = side in FEWEST_ONLY and not (self.is_every_size and side != "bare")
                if is_slow and trials != self.trials[0]:
                    continue
                loops = self.loops if side == "raysearch" else ("",)
                found += [Run(side=side, trials=trials, loop=loop) for loop in loops]
        return found


def totals(wanted: Wanted, *, rounds: int) -> None:
    """Run all sides in turn, round by round; another one begins each round."""
    runs, told = wanted.runs(), []
    for number in range(1, rounds + 1):
        shift = (number - 1) % len(runs)
        done: dict[tuple[str, int], dict[str, Any]] = {}
        for run in [*runs[shift:], *runs[:shift]]:
            done[run.name, run.trials] = timed(run)
            show({"round": number, **done[run.name, run.trials]})
        figures = {**_ratios(done, trials=wanted.trials[0]), **_further(done, wanted=wanted)}
        show({"round": number, "figures": figures})
        told.append(figures)
    show_medians(told, of="figures")


def _ratios(done: dict[tuple[str, int], dict[str, Any]], *, trials: int) -> dict[str, float]:
    """Return the seconds of raysearch as a share of each other side's, with the fewest trials."""
    total_s = {name: run["total_s"] for (name, n), run in done.items() if n == trials}
    ours = [name for name in total_s if name.startswith("raysearch")]
    others = [name for name in total_s if name not in [*ours, "bare"]]
    return {
        f"{mine} / {other}, {trials} trials": rounded(total_s[mine] / total_s[other])
        for mine in ours
        for other in others
    }


def _further(done: dict[tuple[str, int], dict[str, Any]], *, wanted: Wanted) -> dict[str, float]:
    """Return the seconds of each further epoch, from the fewest trials to the most."""
    fewest, most = wanted.trials[0], wanted.trials[-1]
    found = {}
    for name, n in done:
        if n == most != fewest and (name, fewest) in done:
            before, after = done[name, fewest], done[name, most]
            seconds, epochs = (after[key] - before[key] for key in ("total_s", "epochs"))
            found[f"{name}, s per further epoch"] = seconds / epochs
            for key, how in {"bare_s": "alone", "bare_at_once_s": "two at once"}.items():
                if key not in after:
                    continue
                floor_s = (after[key] - before[key]) / WORKERS
                found[f"half of the same bare {how}, of {name}"] = floor_s / epochs
                found[f"{name}, further epoch / half of the same bare {how}"] = seconds / floor_s
    bare = next((run["s_per_epoch"] for (name, _), run in done.items() if name == "bare"), None)
    if bare is not None:
        found |= {"bare, s per epoch": bare, "bare, on two cores": bare / WORKERS}
    return {name: rounded(value) for name, value in found.items()}

"""What is lost when a search is killed again and again?

    python experiments/benchmarks/chaos.py [--kills 20] [--what driver workers] [--parallel 1 2]

Runs experiments/benchmarks/chaos.yaml, 40 trials on the digits, and sends SIGKILL at random moments
to its driver, which is then resumed, or to random processes that train. Prints one line of JSON for
each kind of disturbance: finished trials that were trained again, trials that are missing, the most
training that was repeated after a kill, and whether the end is that of an undisturbed search, which
is promised for one worker.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from raysearch.errors import RunDirectoryError
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev

EXPERIMENT = Path(__file__).with_name("chaos.yaml")
LONGEST_WAIT_S = 12.0
"""The most that a session is left alone after its first measurement, in seconds."""


def main() -> None:
    """Disturb a search in each of the ways asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--what", nargs="+", choices=["driver", "workers"], default=["driver"])
    parser.add_argument("--parallel", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which it is killed")
    arguments = parser.parse_args()
    for parallel in arguments.parallel:
        undisturbed = Path(tempfile.mkdtemp()) / "run"
        wait(start(undisturbed, parallel=parallel))
        for what in arguments.what:
            moments = random.Random(arguments.seed)
            run_dir = Path(tempfile.mkdtemp()) / "run"
            begun_s = time.monotonic()
            disturb = kill_drivers if what == "driver" else kill_workers
            kills = disturb(run_dir, parallel=parallel, kills=arguments.kills, moments=moments)
            line = {
                "killed": what,
                "kills": kills,
                "parallel": parallel,
                "total_s": round(time.monotonic() - begun_s, 1),
                **losses(run_dir),
                "same_trials": configurations(run_dir) == configurations(undisturbed),
                "same_winner": winner(run_dir) == winner(undisturbed),
            }
            print(json.dumps(line), flush=True)


def start(run_dir: Path, *, parallel: int, resume: bool = False) -> subprocess.Popen[bytes]:
    """Start the search, or resume it."""
    words = (
        ["resume", str(run_dir)]
        if resume
        else ["run", str(EXPERIMENT), f"parallel={parallel}", "--run-dir", str(run_dir)]
    )
    command = [sys.executable, "-m", "raysearch", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a session, which must be a good one."""
    _, err = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"status {process.returncode}: {err.decode()}")


def kill_drivers(run_dir: Path, *, parallel: int, kills: int, moments: random.Random) -> int:
    """Kill the driver so often, and resume after each; return how often it was killed."""
    for number in range(kills):
        process = start(run_dir, parallel=parallel, resume=RunDir(run_dir).has_search())
        measured = n_measured(run_dir)
        while process.poll() is None and n_measured(run_dir) == measured:
            time.sleep(0.05)
        deadline_s = time.monotonic() + moments.uniform(0.0, LONGEST_WAIT_S)
        while process.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.02)
        if process.poll() is not None:
            wait(process)
            return number
        process.kill()
        process.communicate()
    wait(start(run_dir, parallel=parallel, resume=True))
    return kills


def kill_workers(run_dir: Path, *, parallel: int, kills: int, moments: random.Random) -> int:
    """Kill processes that train at random moments; return how many were killed."""
    process = start(run_dir, parallel=parallel)
    killed = 0
    while process.poll() is None and killed < kills:
        time.sleep(moments.uniform(0.5, LONGEST_WAIT_S / 2))
        training = workers(run_dir)
        if training:
            try:
                os.kill(moments.choice(training), signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
    wait(process)
    return killed


def events(run_dir: Path) -> Iterator[ev.Event]:
    """Yield what has happened so far; nothing before the search has begun."""
    try:
        yield from RunDir(run_dir).events()
    except RunDirectoryError:
        return


def n_measured(run_dir: Path) -> int:
    """Return how many measurements there are."""
    return sum(isinstance(event, ev.Measured) for event in events(run_dir))


def workers(run_dir: Path) -> list[int]:
    """Return the processes that train, as the journal has them."""
    training: dict[str, int] = {}
    for event in events(run_dir):
        if isinstance(event, ev.AttemptStarted):
            training[event.trial] = int(event.worker.rpartition(":")[2])
        elif isinstance(event, ev.AttemptEnded | ev.TrialEnded):
            training.pop(event.trial, None)
    return sorted(set(training.values()))


def losses(run_dir: Path) -> dict[str, object]:
    """Return what the journal says was trained again, lost, or repeated."""
    ended: set[str] = set()
    again: set[str] = set()
    last: dict[str, ev.Measured] = {}
    repeated_epochs, repeated_s = 0, 0.0
    begun_at: dict[str, float] = {}
    for event in events(run_dir):
        if isinstance(event, ev.TrialEnded):
            ended.add(event.trial)
        elif isinstance(event, ev.AttemptStarted):
            if event.trial in ended:
                again.add(event.trial)
            if event.trial in last:
                lost = last[event.trial].epoch - event.from_epoch
                repeated_epochs = max(repeated_epochs, lost)
                before = seconds_at(run_dir, event.trial, event.from_epoch)
                repeated_s = max(repeated_s, last[event.trial].seconds - before)
            begun_at[event.trial] = event.at
        elif isinstance(event, ev.Measured):
            last[event.trial] = event
    state = Results.open(run_dir).state
    return {
        "trials": len(state.trials),
        "finished_trained_again": len(again),
        "not_ended": len(state.live),
        "restarts": state.restarts,
        "most_epochs_repeated": repeated_epochs,
        "most_seconds_repeated": round(repeated_s, 2),
    }


def seconds_at(run_dir: Path, trial: str, epoch: int) -> float:
    """Return the training time of a trial up to an epoch."""
    measurements = Results.open(run_dir).state.trials[trial].measurements
    return max((m.seconds for m in measurements if m.epoch <= epoch), default=0.0)


def configurations(run_dir: Path) -> list[object]:
    """Return what was tried and what came of it, without times."""
    return [
        (
            t.id,
            dict(t.configuration),
            str(t.status),
            [(m.epoch, dict(m.values)) for m in t.measurements],
        )
        for t in Results.open(run_dir).state.trials.values()
    ]


def winner(run_dir: Path) -> str | None:
    """Return the id of the winning trial."""
    found = Results.open(run_dir).winner
    return None if found is None else found.id


if __name__ == "__main__":
    main()

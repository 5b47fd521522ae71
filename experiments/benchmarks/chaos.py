"""What is lost when a search is killed again and again?

    python experiments/benchmarks/chaos.py [--kills 20] [--parallel 1 2]
        [--what driver workers nodes]

Runs experiments/benchmarks/chaos.yaml, 40 trials on the digits, undisturbed and then with SIGKILL
at random moments: for its driver, which is then resumed; for random processes that train; or for a
random node of a cluster of three, which another one replaces. Prints one line of JSON for each kind
of disturbance: finished trials that were trained again, trials that are missing, the most training
that was repeated after a kill and whether it is within the bound of one epoch or the five seconds
of `checkpoint.every`, and whether the end is that of the undisturbed search, which is promised for
one worker.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ray.cluster_utils import Cluster

from raysearch.errors import RunDirectoryError
from raysearch.results import Results
from raysearch.run_dir import RunDir
from raysearch.run_dir import events as ev
from raysearch.tuning.switches import loopback_only

EXPERIMENT = Path(__file__).with_name("chaos.yaml")

BOUND_EPOCHS, BOUND_S = 1, 5.0
"""The most that may be repeated, whichever is longer."""

SPREAD = 0.7
"""The share of the undisturbed training over which the kills are spread; the rest makes it likely
that all of them find the search still under way."""

LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one search is disturbed."""

    run_dir: Path
    parallel: int
    kills: int
    moments: random.Random
    every_s: float
    """Seconds of training between two kills, on average."""

    def wait_s(self) -> float:
        """Return how long nothing is done before the next kill, in seconds."""
        return self.moments.uniform(0.0, 2 * self.every_s)


def main() -> None:
    """Disturb a search in each of the ways asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--what", nargs="+", choices=list(DISTURBANCES), default=["driver"])
    parser.add_argument("--parallel", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which it is killed")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="as for `run`")
    arguments = parser.parse_intermixed_args()
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))  # kept when something goes wrong
    for parallel in arguments.parallel:
        words = [f"parallel={parallel}", *arguments.overrides]
        undisturbed = folder / f"undisturbed-{parallel}"
        wait(start(undisturbed, words))
        for what in arguments.what:
            plan = Plan(
                run_dir=folder / f"{what}-{parallel}",
                parallel=parallel,
                kills=arguments.kills,
                moments=random.Random(arguments.seed),
                every_s=SPREAD * trained_s(undisturbed) / (arguments.kills + 1),
            )
            begun_s = time.monotonic()
            kills = DISTURBANCES[what](plan, words)
            line = {
                "killed": what,
                "kills": kills,
                "parallel": parallel,
                "total_s": round(time.monotonic() - begun_s, 1),
                **losses(plan.run_dir),
                "same_trials": evidence(plan.run_dir) == evidence(undisturbed),
                "same_winner": winner(plan.run_dir) == winner(undisturbed),
            }
            print(json.dumps(line), flush=True)
    shutil.rmtree(folder)


# ---- sessions


def start(run_dir: Path, words: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start the search, or resume it if it was begun."""
    begins = (
        ["resume", str(run_dir)]
        if RunDir(run_dir).has_search()
        else ["run", str(EXPERIMENT), "--run-dir", str(run_dir), *words]
    )
    command = [sys.executable, "-m", "raysearch", *begins]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a session, which must be a good one."""
    _, err = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"status {process.returncode}: {err.decode()}")


def goes_on(process: subprocess.Popen[bytes], *, until: Callable[[], bool]) -> bool:
    """Wait until something holds; return False if the session ended before."""
    while not until():
        if process.poll() is not None:
            return False
        time.sleep(LOOK_EVERY_S)
    return process.poll() is None


def waits(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait so long; return False if the session ended before."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    return process.poll() is None


def trains(plan: Plan, process: subprocess.Popen[bytes]) -> bool:
    """Wait for the next measurement; return False if the session ended before."""
    measured = n_measured(plan.run_dir)
    return goes_on(process, until=lambda: n_measured(plan.run_dir) > measured)


# ---- disturbances


def kill_drivers(plan: Plan, words: Sequence[str]) -> int:
    """Kill the driver so often, and resume after each; return how often it was killed."""
    for number in range(plan.kills):
        process = start(plan.run_dir, words)
        if not trains(plan, process) or not waits(process, plan.wait_s()):
            wait(process)
            return number
        process.kill()
        process.communicate()
    wait(start(plan.run_dir))
    return plan.kills


def kill_workers(plan: Plan, words: Sequence[str]) -> int:
    """Kill processes that train at random moments; return how many were killed."""
    process = start(plan.run_dir, words)
    killed = 0
    while killed < plan.kills and trains(plan, process) and waits(process, plan.wait_s()):
        training = workers(plan.run_dir)
        if training:
            with suppress(ProcessLookupError):
                os.kill(plan.moments.choice(training), signal.SIGKILL)
                killed += 1
    wait(process)
    return killed


def kill_nodes(plan: Plan, words: Sequence[str]) -> int:
    """Kill all processes of a node at random moments, and add one; return how many were killed.

    The head node trains nothing, since a cluster does not outlive it.
    """
    killed = 0
    with cluster_of_three(cpus=plan.parallel) as cluster:
        process = start(plan.run_dir, [*words, "--address", cluster.address])
        try:
            while killed < plan.kills and trains(plan, process) and waits(process, plan.wait_s()):
                node = plan.moments.choice(sorted(cluster.worker_nodes, key=lambda n: n.node_id))
                cluster.remove_node(node, allow_graceful=False)
                killed += 1
                cluster.add_node(num_cpus=plan.parallel)
            wait(process)
        finally:
            process.kill()
    return killed


@contextmanager
def cluster_of_three(*, cpus: int) -> Iterator[Cluster]:
    """Start a cluster of three nodes on loopback, two of which train."""
    with loopback_only():
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
        try:
            for _ in range(2):
                cluster.add_node(num_cpus=cpus)
            yield cluster
        finally:
            cluster.shutdown()


DISTURBANCES: dict[str, Callable[[Plan, Sequence[str]], int]] = {
    "driver": kill_drivers,
    "workers": kill_workers,
    "nodes": kill_nodes,
}


# ---- what the journal says


def events(run_dir: Path) -> Iterator[ev.Event]:
    """Yield what has happened so far; nothing before the search has begun."""
    try:
        yield from RunDir(run_dir).events()
    except RunDirectoryError:
        return


def n_measured(run_dir: Path) -> int:
    """Return how many measurements there are."""
    return sum(isinstance(event, ev.Measured) for event in events(run_dir))


def trained_s(run_dir: Path) -> float:
    """Return the seconds from the first measurement to the last one."""
    moments = [event.at for event in events(run_dir) if isinstance(event, ev.Measured)]
    return moments[-1] - moments[0]


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
    """Return what was trained again, lost, or repeated."""
    ended: set[str] = set()
    again: set[str] = set()
    seconds: dict[str, dict[int, float]] = {}  # trial -> epoch -> training time until then
    repeated: list[tuple[int, float]] = []
    for event in events(run_dir):
        if isinstance(event, ev.TrialEnded):
            ended.add(event.trial)
        elif isinstance(event, ev.AttemptStarted):
            if event.trial in ended:
                again.add(event.trial)
            until = seconds.setdefault(event.trial, {0: 0.0})
            last = max(until)
            repeated.append((last - event.from_epoch, until[last] - until[event.from_epoch]))
        elif isinstance(event, ev.Measured):
            seconds[event.trial][event.epoch] = event.seconds
    state = Results.open(run_dir).state
    return {
        "trials": len(state.trials),
        "finished_trained_again": len(again),
        "not_ended": len(state.live),
        "restarts": state.restarts,
        "most_epochs_repeated": max(epochs for epochs, _ in repeated),
        "most_seconds_repeated": round(max(lost_s for _, lost_s in repeated), 2),
        "within_bound": all(
            epochs <= BOUND_EPOCHS or lost_s <= BOUND_S for epochs, lost_s in repeated
        ),
    }


def evidence(run_dir: Path) -> list[object]:
    """Return what was tried and what came of it, without times."""
    return [
        (t.id, dict(t.configuration), t.status, [(m.epoch, dict(m.values)) for m in t.measurements])
        for t in Results.open(run_dir).state.trials.values()
    ]


def winner(run_dir: Path) -> str | None:
    """Return the id of the winning trial."""
    found = Results.open(run_dir).winner
    return None if found is None else found.id


if __name__ == "__main__":
    main()

"""Do the nodes of a cluster always have work, also when one goes and one comes?

    python experiments/benchmarks/nodes.py [--trials 32] [--epochs 4] [--seconds 1.0] [--gpus 0]
        [--what idle change throughput] [--nodes 1 2 4] [--small]

A Ray of several nodes on this machine, each with one logical CPU, and GPU if wanted, whose trials
sleep: what is measured is who has work, not how fast the cores are, of which all nodes share the
same few. Prints one line of JSON each:

* `idle`: as many nodes as the most. For each, the longest time between the end of an epoch and the
  beginning of the next one, of whichever trial, from its first measurement on and as long as trials
  wait: where the same process went on (2 s are allowed), and where a new one was started (6 s).
* `change`: the same, where one node is killed after a third of the trials, and another one added
  when the journal says that one is gone: seconds from its joining to its first epoch's beginning
  (15 are allowed), and what was lost: trials that did not end, and epochs that are missing. Epochs
  that were trained again are counted; and what the journal says of how many nodes there were, the
  head included, one after the other.
* `throughput`: epochs per second with 1, 2 and 4 nodes, from when all nodes have measured to the
  beginning of the last trial, and as a share of what as many sleepers could do without any search.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

from nodes.notes import Gap, gaps, rate
from nodes.sleepers import Load, cluster_of

from raysearch.trial import TrialStatus

MOST_IDLE_S, MOST_START_S, MOST_JOIN_S = 2.0, 6.0, 15.0


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=1.0, help="of an epoch")
    parser.add_argument("--gpus", type=int, default=0, help="of a node, which no trial looks for")
    parser.add_argument("--what", nargs="+", default=["idle", "change", "throughput"])
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--small", action="store_true", help="the least that shows everything")
    given = parser.parse_args()
    if given.small:
        given.trials, given.epochs, given.nodes = 20, 2, [2]
    load = Load(trials=given.trials, epochs=given.epochs, seconds=given.seconds, gpus=given.gpus)
    most = max(given.nodes)
    if "idle" in given.what:
        _idle(load, n=most)
    if "change" in given.what:
        _change(load, n=most)
    for n in given.nodes if "throughput" in given.what else ():
        _throughput(load, n=n)


def _idle(load: Load, *, n: int) -> None:
    with cluster_of(n, load=load) as bench:
        bench.search(load).finish()
        found = gaps(bench.notes())
    _say(what="idle", nodes=n, **_longest(found), is_within=_are_short(found))


def _change(load: Load, *, n: int) -> None:
    with cluster_of(n, load=load) as bench:
        search = bench.search(load)
        wanted = load.trials * load.epochs // 3
        search.wait(lambda: sum(note["what"] == "rests" for note in bench.notes()) >= wanted)
        gone = bench.remove()
        search.wait(lambda: n in search.n_nodes())  # with the head, there were one more
        joined_at = time.time()
        new = bench.add()
        state = search.finish()
        notes, n_nodes = bench.notes(), search.n_nodes()
        found = gaps(notes, until=bench.removed_at)
    begun = [note["at"] for note in notes if note["node"] == new]
    not_ended = [t for t in state.trials.values() if t.status is not TrialStatus.COMPLETED]
    n_measured = sum(len(trial.measurements) for trial in state.trials.values())
    join_s = min(begun) - joined_at if begun else None
    lost = load.trials - len(state.trials) + len(not_ended)
    missing = load.trials * load.epochs - n_measured
    _say(
        what="change",
        nodes=n,
        removed=gone,
        joined_to_training_s=None if join_s is None else round(join_s, 2),
        trials_lost=lost,
        epochs_missing=missing,
        epochs_trained_again=sum(note["what"] == "rests" for note in notes) - n_measured,
        restarts=state.restarts,
        nodes_journalled=n_nodes,
        **_longest(found),
        is_within=join_s is not None
        and join_s <= MOST_JOIN_S
        and not lost + missing
        and n_nodes == [n + 1, n, n + 1]
        and _are_short(found),
    )


def _throughput(load: Load, *, n: int) -> None:
    with cluster_of(n, load=load) as bench:
        bench.search(load).finish()
        found = rate(bench.notes())
    share = None if found is None else round(found / (n / load.seconds), 3)
    _say(
        what="throughput",
        nodes=n,
        epochs_per_s=None if found is None else round(found, 3),
        share=share,
    )


def _longest(found: Sequence[Gap]) -> dict[str, object]:
    """Return how many times without work there were, and the longest of each kind."""
    warm = max((gap.seconds for gap in found if not gap.is_new), default=0.0)
    new = max((gap.seconds for gap in found if gap.is_new), default=0.0)
    return {
        "gaps": len(found),
        "longest_s": round(warm, 2),
        "longest_with_a_new_process_s": round(new, 2),
    }


def _are_short(found: Sequence[Gap]) -> bool:
    return all(gap.seconds <= (MOST_START_S if gap.is_new else MOST_IDLE_S) for gap in found)


def _say(**line: object) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()

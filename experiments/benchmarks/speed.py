"""Does the machine do model arithmetic and little else, and how does that compare?

    python experiments/benchmarks/speed.py [--what totals] [--rounds 3] [--trials 24 200]
                                           [--sides raysearch optuna] [--loops lean trainer]

`totals`: 24 and 200 trials of 4 epochs each, nothing stopped, with raysearch's command line
(speed.yaml), the Ray Tune tutorial for Lightning, the same with `reuse_actors`, Optuna with
Lightning in one process, and the epochs of 24 trials in a bare loop. `start`: from the command to
the first measurement, against importing Lightning and starting Ray. `phases`: where the seconds of
a run go, in the driver and in a training step. `packing`: trials on half a core each.

Searchers choose different networks, and large ones cost thirty times as much as small ones: so
beside what a further epoch took stands what the same networks cost in a bare loop on two cores.

Whole processes run in turn on the same machine, so only ratios within a round count. Prints one
JSON line for each run, one with the ratios of each round, and one with their medians. The other
sides lie unchanged in `baselines/`; Optuna's needs `pip install optuna`.
"""

from __future__ import annotations

import argparse
import sys

from speed.packing import packing
from speed.phases import phases
from speed.plan import LOOPS
from speed.sides import SIDES, check_installed
from speed.start import start
from speed.totals import Wanted, totals

WHAT = ("totals", "start", "phases", "packing")


def main() -> None:
    """Measure what is asked for, round by round."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--what", default="totals", choices=WHAT)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--trials", type=int, nargs="+", default=[24, 200], help="all but totals take the fewest"
    )
    parser.add_argument("--sides", nargs="+", default=list(SIDES), choices=SIDES)
    parser.add_argument("--loops", nargs="+", default=["auto"], choices=LOOPS)
    parser.add_argument(
        "--every-size", action="store_true", help="Ray's tutorial also with more than the fewest"
    )
    given = parser.parse_args()
    fewest = min(given.trials)
    if given.what == "totals":
        check_installed(given.sides)
        wanted = Wanted(
            sides=tuple(given.sides),
            loops=tuple(given.loops),
            trials=tuple(sorted(set(given.trials))),
            is_every_size=given.every_size,
        )
        totals(wanted, rounds=given.rounds)
    elif given.what == "start":
        start(rounds=given.rounds)
    elif given.what == "phases":
        phases(rounds=given.rounds, trials=fewest, loops=given.loops)
    else:
        packing(rounds=given.rounds, trials=fewest, loop=given.loops[0])


if __name__ == "__main__":
    sys.exit(main())

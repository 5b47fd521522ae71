"""XOR for evolved graphs, evaluated node by node: no torch, and a reference for the network."""

from __future__ import annotations

import math

from raysearch.searchers import Searcher
from raysearch.space.genome_reading import read_genome
from raysearch.trial import Measurement, Objective, Suggestion, Trial, TrialStatus, trial_id

LOSS = Objective(metric="val/loss", direction="minimize")
CASES = [((0.0, 0.0), 0.0), ((0.0, 1.0), 1.0), ((1.0, 0.0), 1.0), ((1.0, 1.0), 0.0)]

FUNCTIONS = {
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "gauss": lambda x: math.exp(-x * x),
    "gelu": lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))),
    "identity": lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0,
    "silu": lambda x: x / (1 + math.exp(-x)) if x > -700 else 0.0,
    "sin": math.sin,
    "tanh": math.tanh,
}


def evaluated(text, inputs):
    """Return the outputs of a graph, each node computed when it is asked for."""
    genome = read_genome(text)
    nodes = {node.id: node for node in genome.nodes}
    into = {}
    for gene in genome.connections:
        if gene.is_enabled:
            into.setdefault(gene.target, []).append(gene)
    known = dict(enumerate(inputs))

    def value(number):
        if number not in known:
            total = nodes[number].bias + sum(
                g.weight * value(g.source) for g in into.get(number, ())
            )
            known[number] = FUNCTIONS[nodes[number].activation](total)
        return known[number]

    return [value(node.id) for node in genome.outputs]


def errors(text):
    return [abs(evaluated(text, inputs)[0] - target) for inputs, target in CASES]


def trained(number, configuration, *, key="graph"):
    """Return the trial that evaluates a configuration: its loss is the sum of squared errors."""
    loss = sum(error**2 for error in errors(configuration[key]))
    measured = Measurement(epoch=1, step=1, values={"val/loss": loss}, seconds=0.0)
    return Trial(
        id=trial_id(number),
        number=number,
        configuration=configuration,
        status=TrialStatus.COMPLETED,
        measurements=(measured,),
    )


def trials_until_solved(searcher: Searcher, *, most: int) -> int | None:
    """Return after how many trials a graph has every output on the right side of 0.5."""
    for number in range(1, most + 1):
        suggestion = searcher.suggest(number=number, pending=[])
        assert isinstance(suggestion, Suggestion)
        trial = trained(number, suggestion.configuration)
        if max(errors(trial.configuration["graph"])) < 0.5:
            return number
        searcher.observe(trial)
    return None

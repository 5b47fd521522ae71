"""XOR for evolved graphs, evaluated node by node: no torch, and a reference for the network."""

from __future__ import annotations

import math

from raysearch.searchers import Searcher
from raysearch.space.genome_reading import read_genome
from raysearch.trial import Measurement, Objective, Suggestion, Trial, TrialStatus, trial_id

FITNESS = Objective(metric="val/fitness", direction="maximize")
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
    """Return how far each answer is off; the output passes the paper's steepened sigmoid."""
    return [
        abs(FUNCTIONS["sigmoid"](4.9 * evaluated(text, inputs)[0]) - target)
        for inputs, target in CASES
    ]


def trained(number, configuration, *, wrong=None):
    """Return the trial that evaluates a configuration by the paper's fitness, 16 at most."""
    wrong = errors(configuration["graph"]) if wrong is None else wrong
    fitness = (4 - sum(wrong)) ** 2
    measured = Measurement(epoch=1, step=1, values={"val/fitness": fitness}, seconds=0.0)
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
        wrong = errors(suggestion.configuration["graph"])
        if max(wrong) < 0.5:
            return number
        searcher.observe(trained(number, suggestion.configuration, wrong=wrong))
    return None

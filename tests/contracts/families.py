"""Which data must each family take in the contract tests, and what do batches of such data hold?

A family is tested on every case of `CASES`; of the first `trained` of them it is also trained.
Whoever adds a family adds its cases here; `batch_for` makes a batch for any `DataSpec`.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from raysearch.data_spec import END, UNKNOWN, DataSpec

N_EXAMPLES = 24
N_OUTPUTS = {"classification": 4, "regression": 2, "seq2seq": 9, "density": 5}
TARGET_LENGTH = 6


def spec(task, *shape, **settings):
    """Return what families are told of data with examples of a shape."""
    if task == "seq2seq":
        settings["target_length"] = TARGET_LENGTH
    return DataSpec(
        task=task, input_shape=shape, n_outputs=N_OUTPUTS[task], n_train=N_EXAMPLES, **settings
    )


def tokens(task, length=7, *, has_lengths=True, **settings):
    return spec(task, length, form="tokens", vocabulary=11, has_lengths=has_lengths, **settings)


def trees(task):
    return spec(task, 2, 9, form="tree", vocabulary=8, has_lengths=True)


def _rows(task):
    """Return what a table has: categories, unbalanced classes, and targets in another unit."""
    counts = (12, 6, 4, 2) if task == "classification" else ()
    rows = spec(task, 5, cardinalities=(3, 4), class_counts=counts)
    return replace(rows, target_scale=1000.0)


BOTH = ("classification", "regression")
IMAGES = [(1, 8, 8), (3, 7, 5), (2, 1, 1)]

CASES = {
    "attention": [
        tokens("classification"),
        tokens("seq2seq"),
        spec("regression", 2, 9, has_lengths=True),
        spec("classification", 1, 8, 8),
        spec("seq2seq", 3, 7, 5),
        spec("classification", 1, 1),
        spec("seq2seq", 2, 9, has_lengths=True),
        spec("classification", 2, 3, 5, 4),
    ],
    "cnn": [
        *(spec(task, 1, 8, 8) for task in BOTH),
        *(spec("classification", *shape) for shape in [(2, 12), (1, 3, 6, 5)]),
        spec("regression", 2, 1, 1),
    ],
    "generative": [spec("density", *shape) for shape in IMAGES],
    "graph": [
        *(spec(task, 6) for task in BOTH),
        _rows("classification"),
        *(spec(task, *shape) for shape in [(1, 8, 8), (1,)] for task in BOTH),
    ],
    "mlp": [
        *(spec(task, 6) for task in BOTH),
        *(_rows(task) for task in BOTH),
        *(spec(task, *shape) for shape in [(1, 8, 8), (1,)] for task in BOTH),
    ],
    "rnn": [
        spec("classification", 2, 9, has_lengths=True),
        tokens("classification"),
        spec("regression", 1, 8),
        spec("classification", 1, 1),
        tokens("regression", 6, has_lengths=False),
    ],
    "seq2seq": [tokens("seq2seq"), spec("seq2seq", 2, 7)],
    "tree": [
        trees("classification"),
        spec("regression", 3, 7, has_lengths=True),
        *(trees("regression"), spec("classification", 2, 1)),
    ],
    "vae": [spec("density", *shape) for shape in IMAGES],
}
"""Family -> data that it must take."""

TRAINED = {
    "attention": 4,
    "cnn": 2,
    "generative": 1,
    "graph": 3,
    "mlp": 4,
    "rnn": 3,
    "seq2seq": 1,
    "tree": 2,
    "vae": 1,
}
"""Family -> how many of its cases, from the first, it is trained on."""

REFUSED = {
    "attention": [
        _rows("classification"),
        trees("classification"),
        spec("density", 1, 8, 8),
        spec("classification", 1, 8, 8, has_lengths=True),
    ],
    "cnn": [
        _rows("classification"),
        tokens("classification"),
        spec("density", 1, 8, 8),
        spec("classification", 2, 9, has_lengths=True),
    ],
    "generative": [spec("classification", 1, 8, 8), spec("density", 6)],
    "graph": [tokens("regression"), trees("classification"), spec("density", 1, 8, 8)],
    "mlp": [tokens("regression"), trees("classification"), spec("seq2seq", 6)],
    "rnn": [spec("classification", 3, 8, 8), trees("regression"), spec("density", 2, 6)],
    "seq2seq": [tokens("classification"), spec("seq2seq", 6), spec("seq2seq", 1, 8, 8)],
    "tree": [tokens("classification"), spec("regression", 6), spec("classification", 1, 8, 8)],
    "vae": [spec("regression", 1, 8, 8), spec("density", 2, 30), tokens("classification")],
}
"""Family -> data that it must refuse."""


def name_of(case):
    """Return how a test of this data is called."""
    shape = "x".join(map(str, case.input_shape))
    extra = "-rows" if case.cardinalities else ""
    form = "" if case.form == "numbers" else f"-{case.form}"
    lengths = "-lengths" if case.has_lengths else ""
    return f"{case.task}{form}-{shape}{lengths}{extra}"


def batch_for(data, n=N_EXAMPLES):
    """Return a batch that can be learnt: what is to be told follows from the inputs.

    The last class never occurs, as it may not in a small validation split.
    """
    generator = torch.Generator().manual_seed(0)
    classes = torch.arange(n) % (N_OUTPUTS["classification"] - 1)
    lengths = 1 + torch.arange(n) % data.input_shape[-1] if data.has_lengths else None
    inputs = _inputs(data, classes, lengths=lengths, generator=generator)
    parts = [inputs, *([lengths] if data.has_lengths else [])]
    return (*parts, _targets(data, classes))


def _inputs(data, classes, *, lengths, generator):
    n, shape = len(classes), data.input_shape
    if data.form == "tree":
        return _trees(classes, lengths=lengths, n_nodes=shape[1])
    if data.form == "tokens":
        spread = data.vocabulary - UNKNOWN - 1 - classes.max()
        drawn = torch.randint(int(spread), (n, *shape), generator=generator)
        inputs = drawn + UNKNOWN + 1 + classes[:, None]
    elif data.task == "density":
        levels = data.n_outputs
        drawn = torch.randint(levels - 2, (n, *shape), generator=generator)
        inputs = (drawn + classes.reshape(-1, *[1] * len(shape)) % 2) / (levels - 1)
    else:
        # (n,) -> (n, 1, ...), one dimension for each of the inputs'
        inputs = torch.randn(n, *shape, generator=generator)
        inputs = inputs + classes.reshape(-1, *[1] * len(shape))
        for column, cardinality in enumerate(reversed(data.cardinalities), start=1):
            inputs[:, -column] = torch.arange(n) % cardinality
    if lengths is not None:
        is_padding = torch.arange(shape[-1]) >= lengths[:, None]
        inputs = inputs.masked_fill(is_padding.reshape(n, *[1] * (len(shape) - 1), shape[-1]), 0)
    return inputs


def _trees(classes, *, lengths, n_nodes):
    """Return combs: a node is the last child of the next one, every third has a leaf beside it."""
    inputs = torch.zeros(len(classes), 2, n_nodes, dtype=torch.int64)
    inputs[:, 1] = -1
    for row, (label, length) in enumerate(zip(classes.tolist(), lengths.tolist(), strict=True)):
        inputs[row, 0, :length] = UNKNOWN + 1 + label
        for node in range(length - 1):
            inputs[row, 1, node] = min(node + 1 + (node % 3 == 0), length - 1)
    return inputs


def _targets(data, classes):
    if data.task == "regression":
        return torch.stack([classes.float(), -classes.float()], dim=1)
    if data.task != "seq2seq":
        return classes
    targets = torch.zeros(len(classes), data.target_length, dtype=torch.int64)
    for row, label in enumerate(classes.tolist()):
        targets[row, : label + 1] = UNKNOWN + 1 + label
        targets[row, label + 1] = END
    return targets

"""What is the shortest experiment with files of one's own, by the kind of data?"""

from __future__ import annotations

EXAMPLES = {
    "images": """\
data: {name: images, args: {path: leaves/, size: 32}} # a folder of images for each class
model: cnn
objective: val/accuracy
fidelity: {max_epochs: 20}
budget: {trials: 20}
""",
    "pairs": """\
data: {name: pairs, args: {path: dates.tsv, level: character}} # source, tab, target in each line
model: [attention, seq2seq]
objective: val/loss
fidelity: {max_epochs: 20}
budget: {trials: 20}
""",
    "series": """\
data: {name: series, args: {path: machines.csv, series: machine, time: time, target: state}}
model: [cnn, rnn]
objective: val/accuracy
fidelity: {max_epochs: 20}
budget: {trials: 20}
""",
    "table": """\
data: {name: table, args: {path: customers.csv, target: left}}
model: mlp
objective: val/auroc
fidelity: {max_epochs: 20}
budget: {trials: 20}
""",
    "text": """\
data: {name: text, args: {path: reviews.csv, text: review, target: stars}}
model: [rnn, attention]
objective: val/accuracy
fidelity: {max_epochs: 20}
budget: {trials: 20}
""",
    "trees": """\
data: {name: trees, args: {path: formulas.tsv}} # columns expression and label, or (3 (2 not) ...)
model: tree
objective: val/accuracy
fidelity: {max_epochs: 20}
budget: {trials: 20}
""",
}
"""Kind of data -> a whole experiment file."""

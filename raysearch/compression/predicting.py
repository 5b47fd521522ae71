"""How does an exported model answer in the words of its data, with onnxruntime and numpy alone?

By a program of ten lines. Of a classification it prints the name of a class for each example, of a
regression numbers in the data's own unit, where the data module says what these are (see
`data.meaning`); else the places of classes, or what the model returns. Names and units lie beside
it, as JSON, for whoever writes a program of his own.
"""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from importlib import resources

from raysearch.data.meaning import Meaning

PREDICT, ANSWERS = "predict.py", "answers.json"

_NAMES = """\
classes = json.loads((here / "answers.json").read_text(encoding="utf-8"))["classes"]
print(*(classes[place] for place in outputs.argmax(1)), sep="\\n")"""
_NUMBERS = """\
unit = json.loads((here / "answers.json").read_text(encoding="utf-8"))
each = outputs.shape[1] // len(unit["means"])
means, stds = (numpy.repeat(unit[name], each) for name in ("means", "stds"))
print(*(outputs * stds + means), sep="\\n")"""
_PLACES = 'print(*outputs.argmax(1), sep="\\n")'
_PLAIN = "print(outputs)"


def predicting_files(
    meaning: Meaning | None, *, shape: Sequence[int], classifies: bool
) -> dict[str, bytes]:
    r"""Return the program that predicts, and beside it what outputs mean, if that is known.

    Args:
        meaning: What the data module says; None if it says nothing.
        shape: Of the first output, whose first axis is the batch.
        classifies: Whether outputs are those of a classifier, whatever the data module says.

    Example:
        >>> files = predicting_files(Meaning(classes=("no", "yes")), shape=(4, 2), classifies=True)
        >>> list(files), files["answers.json"]
        (['predict.py', 'answers.json'], b'{"classes": ["no", "yes"]}\n')
        >>> list(predicting_files(None, shape=(4, 2), classifies=True))
        ['predict.py']
    """
    known = meaning if meaning is not None and meaning.fits(shape) else None
    template = resources.files("raysearch.compression") / "templates/predict.txt"
    if known is None:
        answer = _PLACES if classifies and len(shape) > 1 else _PLAIN
    else:
        answer = _NAMES if known.classes else _NUMBERS
    text = string.Template(template.read_text()).substitute(
        IMPORTS="pathlib, sys" if known is None else "json, pathlib, sys", ANSWER=answer
    )
    files = {PREDICT: text.encode()}
    if known is not None:
        files[ANSWERS] = (json.dumps(known.to_json(), ensure_ascii=False) + "\n").encode()
    return files

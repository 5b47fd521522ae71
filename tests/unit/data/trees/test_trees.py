from __future__ import annotations

import json
import os

import pytest
import torch

from raysearch.data.trees import space
from raysearch.data.trees.module import Data
from raysearch.data_spec import UNKNOWN
from raysearch.errors import ConfigurationError
from tests.unit.data.trees.conftest import LINES


def test_a_text_file_becomes_trees(written):
    data = Data(batch_size=4, path=written(LINES), min_count=2)
    spec = data.spec
    assert (spec.task, spec.n_outputs, spec.form) == ("classification", 3, "tree")
    assert (spec.input_shape, spec.has_lengths, spec.n_train) == ((2, 3), True, 18)
    assert sum(spec.class_counts) == 18
    inputs, lengths, targets = data._splits().train
    assert inputs[:, 1].tolist() == [[2, 2, -1]] * 18
    assert lengths.tolist() == [3] * 18
    assert (inputs[:, 0, 1] == UNKNOWN).all()  # each occurs once
    assert (inputs[:, 0, 2] == UNKNOWN + 1).all()  # without a symbol, and most frequent
    assert torch.bincount(targets).tolist() == list(spec.class_counts)
    assert spec.vocabulary == inputs[:, 0].max() + 1 <= UNKNOWN + 1 + 1 + 7


def same(first, second):
    return all(
        a.equal(b) for a, b in zip(first._splits().train, second._splits().train, strict=True)
    )


def test_all_forms_of_a_file_say_the_same(written):
    expressions = [(f"(f{n % 7} x{n % 5} (g y))", n % 3) for n in range(30)]
    files = {
        "a.txt": [f"{label} {text}" for text, label in expressions],
        "b.tsv": [f"{label}\t{text}" for text, label in expressions],
        "c.tsv": ["more\ttree\tclass", *(f"?\t{text}\t{label}" for text, label in expressions)],
        "d.jsonl": [json.dumps({"tree": text, "class": label}) for text, label in expressions],
    }
    named = {"expression": "tree", "label": "class"}
    loaded = [
        Data(batch_size=4, path=written(lines, name), **(named if name[0] in "cd" else {}))
        for name, lines in files.items()
    ]
    assert all(same(loaded[0], other) for other in loaded[1:])
    assert all(data.spec == loaded[0].spec for data in loaded)


def test_a_file_without_names_may_have_labels_behind_a_tab(written):
    expressions = [(f"(f{n % 7} x{n % 5} (g y))", n % 3) for n in range(30)]
    behind = written([f"{text}\t{label}" for text, label in expressions], "behind.tsv")
    named = written(["expression\tlabel", *(f"{t}\t{label}" for t, label in expressions)], "n.tsv")
    first, second = (Data(batch_size=4, path=path) for path in (behind, named))
    assert same(first, second)
    assert first.spec == second.spec


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["(f a)\t1\tx"], "whose first line has 3 columns, an expression being the first of them,"),
        (["(f a)\t1\tx"], "Put a line of names first, with tabs between: expression, label, and"),
        (
            ["(f a)\t1", "(f b)"],
            "whose line 2 has 1 column between tabs, and the first line has 2",
        ),
        (["(f a)\t1", "(f b\t1"], "within brackets: label, symbol, or none. It is 'symbol' now"),
        (["(f a)\t1", "(f b)\t "], "whose line 2 has no label. Put it first within the outermost"),
    ],
)
def test_what_is_wrong_beside_a_tab_is_said_with_what_to_write(written, lines, said):
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments({"path": written(lines, "trees.tsv")})
    assert said in str(caught.value)


def test_test_and_validation_may_have_files_of_their_own(written):
    files = {name: written(LINES[::step], f"{name}.txt") for name, step in [("v", 2), ("t", 5)]}
    data = Data(batch_size=4, path=written(LINES), validation_path=files["v"], test_path=files["t"])
    splits = data._splits()
    assert [len(s[0]) for s in (splits.train, splits.validation, splits.test)] == [30, 15, 6]
    assert data.spec.n_train == 30


def test_leaks_and_unknown_symbols_are_said(written):
    train = written(LINES[:20])
    test = written([*LINES[18:25], "(1 (0 a) (1 b))"], "test.txt")
    notes = space.advice(path=train, validation_path=test, test_path=test)
    assert any(
        n.startswith(
            f"2 of 8 test trees are the same as a training one: line 1 of {test} as line 19 of "
            f"{train}, line 2 of {test} as line 20 of {train}. What is measured"
        )
        for n in notes
    )
    assert "5 of 8 test trees have symbols outside the vocabulary" in " ".join(notes)
    assert "task is classification, since the target has only 3 different values." in notes[0]


def test_classes_missing_from_a_split_are_named(written):
    path = written(LINES)
    test = written([line for line in LINES if line[1] != "2"], "test.txt")
    notes = space.advice(path=path, test_path=test)
    assert any(n.startswith("No test tree has the label 2, so nothing") for n in notes)
    odd = written([*LINES, "(7 (0 a) (1 b))"], "odd.txt")
    with pytest.raises(ConfigurationError, match=r"test_path is \S*odd.txt, where the label '7'"):
        space.data_spec(path=path, test_path=odd)


def test_numbers_are_a_regression_in_their_own_unit(written):
    lines = [f"{n * 100.5} (f x{n % 4} y)" for n in range(40)]
    data = Data(batch_size=4, path=written(lines))
    targets = data._splits().train[2]
    assert data.spec.task == "regression"
    assert targets.shape == (24, 1)
    assert abs(targets.mean()) < 1e-5
    assert abs(targets.std(correction=0) - 1) < 1e-5
    answers = data.answers(targets)
    assert {round(n / 100.5, 3) for n in answers} <= set(range(40))
    assert data.spec.target_scale == pytest.approx(torch.tensor(answers).std(correction=0).item())


def test_what_a_model_says_is_a_label_again(written):
    data = Data(batch_size=4, path=written([line.replace("(2", "(bad", 1) for line in LINES]))
    assert data.answers(torch.eye(3)) == ["0", "1", "bad"]


def test_new_expressions_are_encoded_as_those_of_the_file(written):
    data = Data(batch_size=4, path=written([f"{n % 2} (f a (g b))" for n in range(20)]))
    inputs, lengths = data.encoded(["(f a (g b))", "new"], head="symbol")
    assert inputs[0].equal(data._splits().train[0][0])
    assert inputs[1].tolist() == [[UNKNOWN, 0, 0, 0], [-1] * 4]
    assert lengths.tolist() == [4, 1]
    with pytest.raises(ConfigurationError, match=r"Expression 0, '\(f', has 1 bracket "):
        data.encoded(["(f"], head="symbol")


@pytest.mark.parametrize(
    ("lines", "given", "message"),
    [
        ([], {}, "path is .*trees.txt, which is empty"),
        (["expression\tlabel"], {}, "which has a line of names and no other one"),
        ([*LINES[:4], "(1 (2 a"], {}, "whose line 5 has an expression that has 2 brackets"),
        ([*LINES, "", "()"], {}, "whose line 32 has an expression that has brackets that do not"),
        (["1 (f a)", "(f b)"], {}, "whose line 2 has no label in front of its brackets"),
        (["1 (f a)", "2 "], {}, "whose line 2 has an expression that is empty"),
        (["(1 a)"] * 12, {}, "label of every tree in .* is '1'"),
        (LINES[:9], {}, "with 9 trees. At least 10 are needed"),
        ([f"{n} (f)" for n in range(30)] + ["x (f)"], {}, "label in line 31 is 'x', no finite"),
        ([f"{n}.5 (f)" for n in range(30)] + ["1e40 (f)"], {}, "label in line 31 is '1e40', no"),
        ([f"w{n} (f)" for n in range(30)], {}, "of the 30 trees in .* has 30 different values"),
        (LINES, {"max_nodes": 2}, "whose line 1 has a tree of 3 nodes, and max_nodes is 2"),
        (LINES, {"min_count": 99}, "min_count is 99, and no symbol occurs as often"),
        (["x (f)", "y (f)"], {"task": "regression"}, "but the label in line 1 is 'x', no"),
        (["1 (f)", "nan (f)"], {"task": "regression"}, "but the label in line 2 is 'nan', no"),
        (["a\tlabel", "(f)\t1"], {}, "expression is expression, and .* has no column of that name"),
        (["expression\tlabel", "(f)"], {}, "whose line 2 has 1 column between tabs, not 2. Mend"),
        (['{"expression": "(f)"}'], {}, "whose line 1 has no 'label'"),
        (['{"expression": "(f)", "label": null}'], {}, "line 1 has the label None"),
        (['{"expression": 3, "label": 1}'], {}, "line 1 has the expression 3, no text"),
        (['{"expression"'], {}, "whose line 1 is not JSON"),
        (['{"label": 1, "expression": "(f)"}', "[1]"], {}, r"whose line 2 is \[1\], no object"),
        (LINES, {"head": "labels"}, "head is 'labels'. It must be label, symbol or none"),
        (LINES, {"label": "expression"}, "expression is expression, and so is label"),
        (LINES, {"heads": "label"}, r"heads is not an argument of trees. Did you mean head\?"),
        (LINES, {"test": 0.5}, r"test is 0\.5"),
        (LINES, {"test_path": "nowhere.txt"}, "test_path is .*nowhere.txt, which cannot be read"),
        (LINES, {"path": "/dev/zero"}, "path is /dev/zero, a pipe or a device"),
        (LINES, {"path": None}, "path is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(written, lines, given, message):
    with pytest.raises(ConfigurationError, match=message):
        space.check_arguments({"path": written(lines), **given})


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path):
    path = tmp_path / "trees.txt"
    path.write_bytes("(1 a)\n(2 \xe9)\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match="whose line 2 is not UTF-8"):
        space.check_arguments({"path": str(path)})


def test_several_faults_are_told_together_but_not_all(written):
    with pytest.raises(ConfigurationError) as error:
        space.check_arguments({"path": written(["(1"] * 30)})
    assert len(error.value.faults) == 5


def test_a_file_that_has_changed_is_refused(written):
    path = written(LINES)
    checked = space.check_arguments({"path": path})
    assert space.check_arguments(checked) == checked
    written(LINES[1:])
    os.utime(path, ns=(1, 1))
    with pytest.raises(ConfigurationError, match=r"fingerprint is \w{16}, but that of"):
        space.check_arguments(checked)


def test_a_checkpoint_of_other_trees_is_refused(written):
    first = Data(batch_size=4, path=written(LINES))
    other = Data(batch_size=4, path=written(LINES[:25], "fewer.txt"))
    Data(batch_size=4, path=first.arguments.path).load_state_dict(first.state_dict())
    assert json.loads(json.dumps(first.state_dict())) == first.state_dict()
    with pytest.raises(ConfigurationError, match="prepared in another way"):
        other.load_state_dict(first.state_dict())


APART = [f"{n % 3} (f{n % 7} x{n % 5} (g y))" for n in range(30)]
"""Of a text file whose labels stand in front of the brackets."""


@pytest.mark.parametrize("argument", ["validation_path", "test_path"])
@pytest.mark.parametrize(
    ("lines", "other", "name", "message"),
    [
        (LINES, APART, "o.txt", "line 1 has its label in front of its brackets, or in a column"),
        (LINES, [*LINES, APART[1]], "o.txt", "line 31 has its label in front of its brackets"),
        (APART, LINES, "o.txt", "line 1 has no label in front of its brackets, or in a column"),
        (
            LINES,
            [json.dumps({"expression": "(0 a)", "label": 1})],
            "o.jsonl",
            "line 1 has its label in front of its brackets, or in a column",
        ),
        (LINES, ["expression\tlabel", "(0 (1 a))\t1"], "o.tsv", "line 2 has its label in front"),
        (APART, [*APART, "(1 a)"], "o.txt", "line 31 has no label in front of its brackets"),
    ],
)
def test_every_file_is_read_as_the_training_file_is(written, argument, lines, other, name, message):
    path, of_other = written(lines), written(other, name)
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments({"path": path, argument: of_other})
    fault = caught.value.faults[0]
    assert fault.startswith(f"{argument} is {of_other}, whose {message}")
    assert f"and {path} begins with a line that has" in fault
    assert fault.endswith(
        "or set head to what stands first within brackets: label, symbol, or none."
    )


def test_lines_of_one_file_are_read_alike(written):
    path = written([*LINES[:9], APART[0], *LINES[9:]])
    with pytest.raises(ConfigurationError, match="line 10 has its label in front of its brackets"):
        space.check_arguments({"path": path})
    # whoever says what stands first may mix them
    assert space.data_spec(path=path, head="label").n_outputs == 3


def test_forms_may_differ_where_labels_stand_apart(written):
    objects = [json.dumps({"expression": e[2:], "label": int(e[0])}) for e in APART[:4]]
    table = ["expression\tlabel", *(f"{e[2:]}\t{e[0]}" for e in APART[4:9])]
    data = Data(
        batch_size=4,
        path=written(APART),
        validation_path=written(objects, "v.jsonl"),
        test_path=written(table, "t.tsv"),
    )
    splits = data._splits()
    for split, rows in ((splits.validation, slice(0, 4)), (splits.test, slice(4, 9))):
        assert all(a.equal(b[rows]) for a, b in zip(split, splits.train, strict=True))


def test_the_training_file_says_what_the_labels_are(written):
    numbers = [f"{n * 1.5} (f x{n % 4})" for n in range(30)]
    other = written(["7.5 (f x1)", "many (f x2)"], "o.txt")
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments({"path": written(numbers), "test_path": other})
    (fault,) = caught.value.faults
    assert fault.startswith(f"test_path is {other}, and the labels of ")
    assert "are numbers, but the label in line 2 is 'many', no finite number" in fault
    # 30 different integers are numbers; that path has but 3 of them makes these classes
    strange = written([f"{n} (f x1)" for n in range(30)], "s.txt")
    with pytest.raises(ConfigurationError) as caught:
        space.check_arguments({"path": written(APART), "validation_path": strange})
    assert len(caught.value.faults) == 5
    assert caught.value.faults[0].startswith(
        f"validation_path is {strange}, where the label '3' in line 4 is that of no tree of "
    )
    assert caught.value.faults[0].endswith("If labels are numbers: `task: regression`.")
    assert space.data_spec(path=written(APART), validation_path=strange, task="regression")

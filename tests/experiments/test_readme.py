"""What the README and its companions say is so: commands, files, names and examples."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib

import pytest

from raysearch.cli.main import COMMANDS, DONE, FAILED, INTERRUPTED, WRONG_USE, main
from raysearch.cli.parsing import parse, parser_of
from raysearch.data import DATA
from raysearch.errors import ConfigurationError
from raysearch.models import FAMILIES
from raysearch.schedulers import SCHEDULERS
from raysearch.searchers import SEARCHERS
from tests.experiments.documents import (
    README,
    ROOT,
    anchors,
    blocks,
    code,
    files,
    links,
    raysearch_commands,
    shell_commands,
    table,
)

DOCUMENTS = ["README.md", "raysearch/DESIGN.md", "raysearch/CHANGELOG.md", "experiments/README.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHON = blocks(README, "python")
OF_ONES_OWN = {"images", "pairs", "series", "table", "text", "trees"}
"""Data that are read from files, and have the task that these say."""
TABLES = {"model": FAMILIES, "data": DATA, "searcher": SEARCHERS, "scheduler": SCHEDULERS}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    """All command lines in documents are typed there."""
    monkeypatch.chdir(ROOT)


def options_of(name: str) -> set[str]:
    return set(re.findall(r"--[a-z-]+", parser_of(COMMANDS[name]).format_help()))


# ---- commands


def test_there_are_commands_to_test():
    assert ["run", "experiments/digits.yaml"] in raysearch_commands(README)
    assert {words[0] for words in raysearch_commands(README)} == set(COMMANDS)


@pytest.mark.parametrize(
    "document", [name for name in DOCUMENTS if raysearch_commands((ROOT / name).read_text())]
)
def test_every_command_line_is_accepted(document, capsys):
    for words in raysearch_commands((ROOT / document).read_text()):
        if "--help" in words:
            assert main(words) == DONE
            assert f"python -m raysearch {words[0]}" in capsys.readouterr().out
            continue
        arguments = parse(COMMANDS[words[0]], words[1:])
        if getattr(arguments, "experiment", "EXPERIMENT") not in (
            None,
            "EXPERIMENT",
            *files(README),
        ):
            checked = main(["check", "--quick", arguments.experiment, *arguments.overrides])
            assert checked == DONE, capsys.readouterr().err


def test_a_wrong_option_would_be_noticed():
    (words,) = raysearch_commands("`python -m raysearch refit RUN --trail ID`")
    with pytest.raises(ConfigurationError, match="--trail is not an option"):
        parse(COMMANDS[words[0]], words[1:])


def test_the_table_of_commands_has_each_once_in_the_order_of_help():
    rows = table(README, "Command")
    assert [row[0].strip("`").split()[3] for row in rows] == list(COMMANDS)


@pytest.mark.parametrize("row", table(README, "Command"), ids=lambda row: row[0].split()[3])
def test_a_command_takes_what_its_row_says(row):
    name = row[0].strip("`").split()[3]
    for words in map(shlex.split, code(row[1])):
        if words[0] in COMMANDS:
            assert parse(COMMANDS[words[0]], words[1:])
        else:
            assert words[0] in options_of(name)


def test_every_kind_that_can_be_listed_is_named():
    (said,) = (row[1] for row in table(README, "Command") if " list " in row[0])
    kinds = COMMANDS["list"].help.partition(": ")[2].split(", ")
    assert set(re.findall(r"\w+", said)) - {"or", "the", "here"} == set(kinds)


def test_every_option_in_the_text_is_one_of_run():
    text = re.sub(r"```.*?```", "", README.partition("## On a cluster")[2], flags=re.DOTALL)
    spans = [shlex.split(span) for span in code(text)]
    named = {words[0] for words in spans if words[0].startswith("--")}
    assert named == {"--storage"}
    assert named <= options_of("run")


@pytest.mark.parametrize("name", ["run", "resume", "results"])
def test_a_command_that_is_said_to_print_a_document_can(name):
    assert f"`{name}`" in README.partition("With `--json`")[2].partition(".")[0]
    assert "--json" in options_of(name)


def test_the_exit_statuses_are_those_of_the_program():
    said = README.partition("Exit status: ")[2].partition(".")[0]
    numbers = [int(part.split()[0]) for part in said.split(", ")]
    assert numbers == [DONE, FAILED, WRONG_USE, INTERRUPTED]


# ---- installation and tests


def test_continuous_integration_uses_the_words_of_the_readme():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    steps = [
        # which only print less, and leave to another step what pip does slowly
        [word for word in shlex.split(line)[1:] if word not in ("--quiet", "--no-compile")]
        for line in lines
        if line.startswith("step ")
    ]
    tests = "python -m pytest -n 2 --dist loadfile"
    assert f'pip install -e ".[test]" && {tests}\n' in blocks(README, "sh")
    installed = steps.index(["pip", "install", "-e", ".[test]"])
    assert installed < steps.index(tests.split())
    assert "test" in PROJECT["optional-dependencies"]


def test_every_program_in_a_shell_block_is_there():
    required = {re.match(r"[\w-]+", line)[0] for line in PROJECT["dependencies"]}
    programs = {words[0] for words in shell_commands(README)}
    assert programs == {"pip", "python", "ray", "tensorboard"}
    assert programs - {"pip", "python"} <= required


def test_the_python_that_is_asked_for_is_the_one_that_pip_asks_for():
    (version,) = re.findall(r"Python (\d+\.\d+) or newer", README)
    assert PROJECT["requires-python"] == f">={version}"


# ---- links


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    text = (ROOT / document).read_text()
    missing = []
    for link in links(text):
        file, _, anchor = link.partition("#")
        target = (ROOT / document).parent / file if file else ROOT / document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            missing.append(link)
    assert missing == []


def test_the_readme_leads_to_its_companions():
    assert {*DOCUMENTS[1:], "experiments/digits.yaml"} <= set(links(README))


# ---- the shortest experiment


def shortest() -> list[str]:
    (block,) = blocks(README, "yaml")
    return block.splitlines(keepends=True)


def test_the_shortest_experiment_is_valid(tmp_path, capsys):
    path = tmp_path / "shortest.yaml"
    path.write_text("".join(shortest()))
    assert main(["check", str(path), "--quick"]) == DONE, capsys.readouterr().err


@pytest.mark.parametrize("line", shortest(), ids=lambda line: line.partition(":")[0])
def test_the_shortest_experiment_needs_each_of_its_lines(line, tmp_path, capsys):
    path = tmp_path / "shorter.yaml"
    path.write_text("".join(kept for kept in shortest() if kept != line))
    assert main(["check", "--quick", str(path)]) == WRONG_USE
    assert line.partition(":")[0] in capsys.readouterr().err


# ---- names


def test_the_names_to_choose_from_are_the_tables():
    named: dict[str, list[str]] = {key: [] for key in TABLES}
    for row in table(README, "To choose from"):
        (key,) = code(row[0])
        named[key] += code(re.sub(r"\([^)]*\)", "", row[1]))
    for key, names in named.items():
        assert sorted(names) == sorted(TABLES[key]), key


@pytest.mark.parametrize("name", sorted(set(DATA) - OF_ONES_OWN))
def test_a_data_set_is_for_the_task_that_is_said(name):
    (said,) = (row[1] for row in table(README, "To choose from") if row[0] == "`data` built in")
    spec = importlib.import_module(f"{DATA[name]}.space").data_spec()
    assert f"`{name}` ({spec.task})" in said


# ---- Python


@pytest.mark.timeout(60)  # imports Lightning and Ray
@pytest.mark.parametrize("block", PYTHON, ids=["winner", "table", "search", "tune"])
def test_every_import_in_an_example_resolves(block):
    imports = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom)]
    for node in imports:
        module = importlib.import_module(node.module)
        for alias in node.names:
            assert hasattr(module, alias.name), f"{node.module} has no {alias.name}"


def test_every_name_of_the_package_in_an_example_is_public():
    import raysearch

    assert any("import raysearch as rs\n" in block for block in PYTHON)
    nodes = [node for block in PYTHON for node in ast.walk(ast.parse(block))]
    named = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "rs"
    }
    assert named == {"Objective", "Search", "load_model"}
    assert named <= set(raysearch.__all__)

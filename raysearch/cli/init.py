"""How does somebody begin? With an experiment file and a module that run as they are."""

from __future__ import annotations

import importlib.util
import re
import shlex
from argparse import ArgumentParser, Namespace
from importlib import resources
from pathlib import Path
from string import Template

from raysearch.cli.command import PROGRAM, Command, given

FILE = "experiment.yaml"
SUFFIXES = (".yaml", ".yml")


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        type=given,
        default=FILE,
        help=f"the experiment file to write ({FILE}); the module is called after it",
    )


def _execute(arguments: Namespace) -> int:
    file = Path(arguments.file)
    module = Path(f"{module_name(file)}.py")
    _check(file, module)
    experiment = shlex.quote(str(file))
    values = {
        "experiment": experiment,
        "name": _name(file),
        "module": module.stem,
        "lightning": _lightning(),
    }
    _write(module, template="starter.py.txt", values=values)
    _write(file, template="experiment.yaml.txt", values=values)
    print(
        f"{file}: the experiment, each line explained\n"
        f"{module}: a model and a data set, to be replaced by your own\n\n"
        f"To run it as it is: {PROGRAM} run {experiment}"
    )
    return 0


INIT = Command(
    name="init",
    help="write a commented experiment file and a module to begin with",
    description="Write an experiment file, and beside it in the current directory a Python module "
    "with a small LightningModule and LightningDataModule on points that it makes itself. Both run "
    "as they are, in less than a minute. The module imports lightning where that is installed, "
    "else pytorch_lightning. A file that exists is never overwritten.",
    example="init experiment.yaml",
    add_arguments=_add_arguments,
    execute=_execute,
)


def module_name(file: Path) -> str:
    """Return the name of the module that goes with an experiment file: one that is not taken.

    Example:
        >>> module_name(Path("my-flowers.yaml")), module_name(Path("9.yaml"))
        ('my_flowers', 'net_9')
        >>> module_name(Path("experiments/random.yaml"))  # a module of Python's own
        'random_net'
    """
    name = re.sub(r"\W", "_", file.stem, flags=re.ASCII)
    name = name if name.isidentifier() else f"net_{name}"
    is_taken = not Path(f"{name}.py").exists() and importlib.util.find_spec(name) is not None
    return f"{name}_net" if is_taken else name


def _check(file: Path, module: Path) -> None:
    """Refuse what cannot be written, before anything is.

    Raises:
        ConfigurationError: One of the files exists, or FILE is no name for an experiment file.
    """
    from raysearch.errors import ConfigurationError

    nothing = "Nothing was written."
    if file.suffix not in SUFFIXES:
        raise ConfigurationError(
            f"{file} is not the name of an experiment file, which ends in {SUFFIXES[0]}. "
            f"Try {file.with_name(file.name + SUFFIXES[0])}. {nothing}"
        )
    if not file.parent.is_dir():
        raise ConfigurationError(
            f"There is no folder {file.parent} to write {file.name} to. Make it, or give another "
            f"name. {nothing}"
        )
    existing = [str(path) for path in (file, module) if path.exists()]
    if existing:
        does = "exists" if len(existing) == 1 else "exist"
        raise ConfigurationError(
            f"{' and '.join(existing)} {does} already, and nothing is overwritten. Another name: "
            f"{PROGRAM} init NAME.yaml. {nothing}"
        )


def _name(file: Path) -> str:
    """Return a name for the experiment that begins its run directories."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", file.stem).lstrip("._-")[:64] or "experiment"


def _lightning() -> str:
    """Return the package that Lightning is imported from."""
    if importlib.util.find_spec("lightning") is not None:
        return "lightning"
    return "pytorch_lightning"


def _write(path: Path, *, template: str, values: dict[str, str]) -> None:
    text = resources.files("raysearch.cli").joinpath("templates", template).read_text("utf-8")
    with path.open("x", encoding="utf-8") as file:  # fails if it has come into being meanwhile
        file.write(Template(text).substitute(values))

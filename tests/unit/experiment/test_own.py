"""What the source of a user's class says, without running it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment.own import Signature, signature_of

NETS = """\
import os
import pytorch_lightning as pl
from pytorch_lightning import LightningDataModule, LightningModule as Base
from .parts import Inherited, helper as renamed
from . import parts
from missing_library import Anything

raise RuntimeError("this module must not be run")

class Net(pl.LightningModule):
    def __init__(self, inputs, hidden=32, *, rate: float = 1e-3, layers=(8, 8), loss=os.sep):
        super().__init__()

class Open(Base):
    def __init__(self, width, **others): ...

class Bare(Base):
    pass

class Child(Net):
    pass

class Grandchild(parts.Inherited):
    pass

class Elsewhere(Anything):
    pass

class Outer:
    class Inner(LightningDataModule):
        def __init__(self, batch_size): ...

def train(config, report): ...

@os.fspath
def decorated(a): ...

made = os.environ.get("X")

if os.sep:
    class Conditional(pl.LightningModule):
        def __init__(self, depth): ...
"""

PARTS = """\
from lightning.pytorch import LightningModule

class Inherited(LightningModule):
    def __init__(self, size=-1): ...

def helper(hp): ...
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "own_package_of_a_user"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('nor this one')")
    (folder / "nets.py").write_text(NETS)
    (folder / "parts.py").write_text(PARTS)
    (folder / "broken.py").write_text("class Net(:\n")
    (folder / "star.py").write_text("from os.path import *\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder.name


@pytest.mark.parametrize(
    ("name", "arguments", "required", "defaults"),
    [
        (
            "Net",
            ("inputs", "hidden", "rate", "layers", "loss"),
            ("inputs",),
            {"hidden": 32, "rate": 1e-3},
        ),
        ("Open", None, ("width",), {}),
        ("Bare", (), (), {}),
        ("Child", ("inputs", "hidden", "rate", "layers", "loss"), ("inputs",), None),
        ("Grandchild", ("size",), (), {"size": -1}),
        ("Inherited", ("size",), (), {"size": -1}),
        ("Elsewhere", None, (), {}),
        ("Outer.Inner", ("batch_size",), ("batch_size",), {}),
        ("Conditional", ("depth",), ("depth",), {}),
    ],
)
def test_the_arguments_of_a_class_are_read_from_its_source(
    package, name, arguments, required, defaults
):
    found = signature_of(f"{package}.nets:{name}")
    assert found.is_class
    assert (found.arguments, found.required) == (arguments, required)
    if defaults is not None:
        assert found.defaults == defaults
    assert f"{package}.nets" not in sys.modules


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train", Signature(is_class=False, arguments=("config", "report"),
                            required=("config", "report"))),
        ("renamed", Signature(is_class=False, arguments=("hp",), required=("hp",))),
        ("decorated", Signature(is_class=False)),
        ("made", Signature()),
    ],
)  # fmt: skip
def test_functions_and_names_of_which_less_is_known(package, name, expected):
    assert signature_of(f"{package}.nets:{name}") == expected


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("{}.nets:Nett", "there is no Nett in {}.nets. Did you mean Net?"),
        ("{}.netz:Net", "there is no module {}.netz. Did you mean nets?"),
        ("{}x.nets:Net", "there is no package or module {}x. Did you mean {}?"),
        ("{}.broken:Net", "broken.py, line 1: this is not Python"),
        ("{}.nets", "is not an import path. Write it as package.module:Class."),
        ("{}.nets:", "is not an import path"),
        ("{} nets:Net", "is not an import path"),
    ],
)
def test_what_does_not_exist_is_refused(package, path, words):
    with pytest.raises(ConfigurationError) as refused:
        signature_of(path.format(package))
    assert words.format(package, package) in str(refused.value)


def test_a_star_import_leaves_it_open(package):
    assert signature_of(f"{package}.star:join") == Signature()


def test_a_class_that_is_loaded_already_is_asked():
    found = signature_of("raysearch.trial:Objective")
    assert found.arguments == ("metric", "direction")


def test_nothing_heavy_is_loaded():
    code = (
        "import sys; from raysearch.experiment.own import signature_of\n"
        "print(signature_of('pytorch_lightning.callbacks:EarlyStopping').required)\n"
        "print([m for m in ('torch', 'pytorch_lightning') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["('monitor',)", "[]"]

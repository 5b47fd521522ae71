"""Where sources lie, in packages of every kind, none of which is imported."""

from __future__ import annotations

import sys

import pytest

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings
from raysearch.experiment.own import signature_of
from raysearch.experiment.sources import source_file

NET = "class Net:\n    def __init__(self, hidden): ...\n"


@pytest.fixture(autouse=True)
def tree(tmp_path, monkeypatch):
    """A package without __init__.py that holds another one, one with it, and a single module."""
    for folder in ("plain_folder/inner", "plain_folder/inner/deep", "real_package/inner"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "nets.py").write_text(NET)
    (tmp_path / "real_package" / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (tmp_path / "single_module.py").write_text(NET)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "module",
    ["plain_folder.inner.nets", "plain_folder.inner.deep.nets", "real_package.inner.nets"],
)
def test_folders_without_init_are_packages_too(tree, module):
    assert source_file(module, name="Net") == tree / f"{module.replace('.', '/')}.py"
    assert signature_of(f"{module}:Net").arguments == ("hidden",)
    assert module.partition(".")[0] not in sys.modules


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            "single_module.py",
            "single_module is a module, not a package. Write single_module:Net.",
        ),
        ("plain_folder.inner.netz", "there is no module plain_folder.inner.netz. Did you mean"),
        ("plain_folder.outer.nets", "there is no module plain_folder.outer."),
        ("real_package.inner.nets.py", "Write real_package.inner.nets:Net."),
        ("plain_foldr.nets", "there is no package or module plain_foldr."),
    ],
)
def test_what_is_not_there_is_refused(module, message):
    with pytest.raises(ConfigurationError) as refused:
        source_file(module, name="Net")
    assert str(refused.value).startswith(f"{module}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize("module", ["sys", "plain_folder", "math"])
def test_what_has_no_source_has_no_file(module):
    assert source_file(module, name="x") is None


def test_a_callback_in_a_package_of_folders_is_told_with_its_place():
    settings = {
        "data": "digits",
        "model": "mlp",
        "objective": "val/accuracy",
        "fidelity": {"max_epochs": 9},
        "trainer": {"callbacks": ["plain_folder.inner.netz:Net", "plain_folder.inner.nets:Net"]},
    }
    with pytest.raises(ConfigurationError) as refused:
        from_settings(settings)
    first, second, _ = str(refused.value).splitlines()
    assert "trainer.callbacks: plain_folder.inner.netz: there is no module" in first
    assert "trainer.callbacks: plain_folder.inner.nets:Net needs hidden, under args" in second

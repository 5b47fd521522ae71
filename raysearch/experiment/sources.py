"""Where does the source of a module lie, if its package is not to be imported?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path

from raysearch.errors import ConfigurationError, did_you_mean

Folders = Sequence[str] | None
"""Folders of a package; None for all those where packages are looked for."""


def source_file(module: str, *, name: str) -> Path | None:
    """Return the source file of a module, whose packages are found and not imported.

    Args:
        module: Dotted name, such as "my_project.nets".
        name: What is wanted of it, for messages.

    Returns:
        The file; None if the module has none that can be read as Python.

    Raises:
        ConfigurationError: There is no such module, or what holds it is no package.

    Example:
        >>> source_file("raysearch.data.digits.module", name="Data").name
        'module.py'
        >>> source_file("fractions.py", name="Fraction")
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: fractions.py: fractions is a module, not a package.
        Write fractions:Fraction.
    """
    parts = module.split(".")
    folders: Folders = None
    spec: ModuleSpec | None = None
    for depth, part in enumerate(parts, start=1):
        if depth > 1 and folders is None:
            outer = ".".join(parts[: depth - 1])
            text = f"{outer} is a module, not a package. Write {outer}:{name}."
            raise ConfigurationError(f"{module}: {text}")
        inner = ".".join(parts[:depth])
        spec = _spec(inner, folders)
        if spec is None:
            raise ConfigurationError(f"{module}: {_no_module(inner, part=part, folders=folders)}")
        folders = spec.submodule_search_locations
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _spec(name: str, folders: Folders) -> ModuleSpec | None:
    """Return where a module is, by the finders of this process; its package is not imported."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        try:
            spec: ModuleSpec | None = find(name, folders) if find else None
        except KeyError:  # a folder without __init__.py inside a package that is not imported
            spec = _namespace(name, folders)
        if spec is not None:
            return spec
    return None


def _namespace(name: str, folders: Folders) -> ModuleSpec:
    """Return where the parts of a package without __init__.py are."""
    part = name.rpartition(".")[2]
    spec = ModuleSpec(name, loader=None, is_package=True)
    inside = [Path(folder) / part for folder in folders or ()]
    spec.submodule_search_locations = [str(path) for path in inside if path.is_dir()]
    return spec


def _no_module(name: str, *, part: str, folders: Folders) -> str:
    near = did_you_mean(part, _modules(sys.path if folders is None else folders))
    if folders is not None:
        return f"there is no module {name}. {near}Its package is there."
    return (
        f"there is no package or module {name}. {near}Modules are looked for in the current "
        f"directory, {Path.cwd()}, and among what is installed, or on PYTHONPATH."
    )


def _modules(folders: Sequence[str]) -> set[str]:
    """Return the names of the modules and packages in some folders."""
    existing = [Path(folder or ".") for folder in folders if Path(folder or ".").is_dir()]
    return {
        path.stem
        for folder in existing
        for path in folder.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }

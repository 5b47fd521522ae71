"""Is the library there that a method wraps?"""

from __future__ import annotations

from importlib.util import find_spec

from raysearch.errors import ConfigurationError


def refuse_without(package: str, *, method: str, extra: str = "optuna") -> None:
    """Refuse a method whose library is not installed; the library is not loaded for that.

    Args:
        package: Name to import.
        method: Name of the searcher.
        extra: Extra of raysearch that brings the package.

    Raises:
        ConfigurationError: It is not installed.

    Example:
        >>> refuse_without("no_such_package", method="tpe")
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: searcher tpe needs the package no_such_package, which
        is not installed. Install it: pip install 'raysearch[optuna]'. Or take the searcher auto,
        which needs nothing more.
    """
    if find_spec(package) is None:
        raise ConfigurationError(
            f"searcher {method} needs the package {package}, which is not installed. Install it: "
            f"pip install 'raysearch[{extra}]'. Or take the searcher auto, which needs nothing "
            "more."
        )

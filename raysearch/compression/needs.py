"""Are the packages there that export and compression need?"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from raysearch.errors import ConfigurationError

EXPORT = ("onnx", "onnxscript", "onnxruntime")
"""What writes ONNX files, and what runs them."""


def refuse_without(packages: Iterable[str] = EXPORT, *, what: str) -> None:
    """Raise if a package is not installed; none is loaded for that.

    Args:
        packages: Names to import.
        what: What needs them, such as "export".

    Raises:
        ConfigurationError: One is not installed; the message says how to install it.

    Example:
        >>> refuse_without(["no_such_package"], what="export")
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: export needs no_such_package, which is not installed.
        Install it: pip install 'raysearch[export]'.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        are = "which is" if len(missing) == 1 else "which are"
        raise ConfigurationError(
            f"{what} needs {' and '.join(missing)}, {are} not installed. Install it: "
            "pip install 'raysearch[export]'."
        )

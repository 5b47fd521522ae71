"""Which parts of plotly's JavaScript does a page need? Those of the kinds of traces that it draws.

Plotly's Python package has the whole library as one file, which sets up some fifty kinds of traces
as it is loaded, maps and globes among them: most of the time until a page stands. The file ends
with a list of these kinds. Those that the page does not draw are taken out of the list, as plotly
itself does for its smaller bundles, and the code that only they need is then never run. Where the
file is not written as expected, such as by another version of plotly, it stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import pairwise

_LIST = re.compile(r"\.register\(\[((?:[\w$]+\(\),)*[\w$]+\(\))\]\)")
"""The list: calls of functions, each of which returns a module."""
_MODULE = re.compile(r"=[\w$]{1,4}\(\([\w$,]*\)=>\{")
"""How the definition of such a function begins, behind its name."""
_NAME = re.compile(r"[\w$]+$")
_LONGEST = 60
"""Characters of a name at most."""
_KIND = re.compile(r'moduleType:"\w+",name:"(\w+)"')
_CALL = re.compile(r"=([\w$]+)\(\)")
_DEPTH = 4
"""How often a module only passes on another one, at most."""


def slimmed(script: str, *, traces: Collection[str]) -> str:
    """Return plotly's JavaScript without the kinds of traces that are not drawn.

    Args:
        script: As plotly has it.
        traces: Kinds that are drawn, such as "bar". "scatter" is always there.

    Example:
        >>> script = 'a=y((e,t)=>{t.exports={moduleType:"trace",name:"bar"}});' + (
        ...     'b=y((e,t)=>{t.exports={moduleType:"trace",name:"pie"}});L.register([a(),b()])')
        >>> slimmed(script, traces=["bar"])[-17:]
        'L.register([a()])'
        >>> slimmed("something else", traces=["bar"])
        'something else'
    """
    lists = list(_LIST.finditer(script))
    if len(lists) != 1:
        return script
    (found,) = lists
    modules = _modules(script)
    makers = [call.removesuffix("()") for call in found[1].split(",")]
    kinds = {maker: _kind(modules, maker) for maker in makers}
    if not set(traces) - {"scatter"} <= set(kinds.values()):
        return script  # those that are drawn have to be recognised
    kept = [f"{maker}()" for maker in makers if kinds[maker] in (None, *traces)]
    return f"{script[: found.start(1)]}{','.join(kept)}{script[found.end(1) :]}"


def _modules(script: str) -> dict[str, str]:
    """Return the text of each module by its name."""
    modules: dict[str, str] = {}
    begins = [(found.start(), found.end()) for found in _MODULE.finditer(script)]
    for (start, end), (following, _) in pairwise([*begins, (len(script), 0)]):
        name = _NAME.search(script[max(0, start - _LONGEST) : start])
        if name is not None:
            modules[name[0]] = script[end:following]
    return modules


def _kind(modules: Mapping[str, str], maker: str) -> str | None:
    """Return the kind of trace of a module; None where it cannot be told."""
    for _ in range(_DEPTH):
        text = modules.get(maker, "")
        told = _KIND.search(text)
        if told is not None:
            return told[1]
        passed_on = _CALL.search(text)
        if passed_on is None:
            return None
        maker = passed_on[1]
    return None

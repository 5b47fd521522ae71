"""How does a process begin with its libraries loaded?

Importing torch and Lightning takes seconds. A template process does it once, while other things
start, and every process that trains is a fork of it, which takes milliseconds and shares its
memory.

    with template(modules=["torch"]) as address:      # returns at once, imports beside
        fork = Fork(address, "package.module:Class", 7)     # makes Class(7) in a new process
        fork.call("method", 1, key=2)

What is forked must have no second thread and no GPU; a template that finds itself with either ends,
and there is no fork to be had: see `template`.
"""

from __future__ import annotations

from raysearch.forking.fork import Fork, NoTemplate, ProcessGone
from raysearch.forking.starting import template

__all__ = ["Fork", "NoTemplate", "ProcessGone", "template"]

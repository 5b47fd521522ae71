"""What can be asked on the command line? One module for each command, or small group of them."""

from __future__ import annotations

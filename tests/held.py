"""A network that trains some epochs and then waits, for tests that act while trials are under way.

How long an epoch takes is the machine's affair: a test that kills what trains when some epochs are
there may come too late, or before the second trial has begun. What waits can be killed at leisure.
"""

from __future__ import annotations

import time
from pathlib import Path

from tests.nets import Net

EPOCHS = 3
"""How many epochs it trains before it waits."""


class HeldNet(Net):
    """Waits until there is a file, unless it has the width that is free to go on.

    What begins when the file is there does not wait.
    """

    def __init__(self, width, until, free):
        super().__init__(width)
        self.until = Path(until)
        self.is_free = width == free

    def on_train_epoch_start(self):
        super().on_train_epoch_start()
        if self.is_free:
            return
        while self.current_epoch == EPOCHS and not self.until.exists():
            time.sleep(0.02)


class Hold:
    """Keeps the trials of a search waiting until it lets them go."""

    epochs = EPOCHS

    def __init__(self, path: Path) -> None:
        self._path = path

    def words(self, *, free: int = 0) -> tuple[str, ...]:
        """Return what an experiment says on the command line to be held.

        Args:
            free: Width of networks that go on, one of 4 to 16; 4 for the default configuration's.
        """
        return (
            "model=tests.held:HeldNet", "data=tests.nets:Data",
            f"space={{width: {{int: [4, 16], default: 4}}, until: {self._path}, free: {free}}}",
        )  # fmt: skip

    def let_go(self) -> None:
        self._path.touch()

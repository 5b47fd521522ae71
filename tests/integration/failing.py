"""Models of a user that go wrong, in a module that workers can import."""

from __future__ import annotations

import os
import threading

from raysearch.models.mlp.module import MLP


class RaisesWhenWide(MLP):
    """Raises in its second epoch when it is wider than 24."""

    def training_step(self, batch, batch_index):
        if self.hparams["width"] > 24 and self.current_epoch == 1:
            raise ValueError("too wide for this machine")
        return super().training_step(batch, batch_index)


class LogsElsewhere(MLP):
    """Logs its validation metrics under other names."""

    def log_dict(self, values, **settings):
        super().log_dict({f"my_{name}": value for name, value in values.items()}, **settings)

    def log(self, name, value, **settings):
        super().log(f"my_{name}", value, **settings)


class HangsWhenWide(MLP):
    """Never comes back from its second epoch when it is wider than 24."""

    def training_step(self, batch, batch_index):
        if self.hparams["width"] > 24 and self.current_epoch == 1:
            threading.Event().wait()
        return super().training_step(batch, batch_index)


class RaisesInItsFirstProcess(MLP):
    """Raises in its third epoch, but not in the process that goes on from a checkpoint."""

    def on_train_start(self):
        self._first_epoch = self.current_epoch

    def training_step(self, batch, batch_index):
        if self.current_epoch == 2 and self._first_epoch == 0:
            raise ValueError(f"not in process {os.getpid()}")
        return super().training_step(batch, batch_index)

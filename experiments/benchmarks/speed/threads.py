"""With how many threads does a worker train?"""

from __future__ import annotations

import os

import pytorch_lightning as pl
import torch

from . import THREADS  # in a worker this package has another name


class SayThreads(pl.Callback):
    """Writes it into the log of each trial, with the process."""

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write it."""
        print(THREADS, torch.get_num_threads(), os.getpid(), flush=True)

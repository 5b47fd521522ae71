"""Series as people send them: waves of two frequencies and several lengths, as a .ts file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CLASSES = ("fast", "slow")


def waves(n_series: int, *, n_channels: int = 2, seed: int = 0) -> list[tuple[np.ndarray, str]]:
    """Return series (C, T) of 8 to 20 steps, and whether they swing fast or slow."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n_series):
        label = CLASSES[number % 2]
        steps = np.arange(rng.integers(8, 21))
        phases = rng.uniform(0, 2 * np.pi, size=(n_channels, 1))
        speed = 2.2 if label == "fast" else 0.7
        values = 5 + 3 * np.sin(speed * steps + phases)
        found.append((values + rng.normal(0, 0.3, size=values.shape), label))
    return found


def write_waves(path: Path, *, n_series: int = 60, seed: int = 0) -> str:
    """Write them, and return the path."""
    head = ["@problemName waves", "@timeStamps false", "@univariate false", "@equalLength false"]
    lines = [*head, f"@classLabel true {' '.join(CLASSES)}", "@data"]
    for values, label in waves(n_series, seed=seed):
        channels = [",".join(f"{value:.6f}" for value in channel) for channel in values]
        lines.append(":".join([*channels, label]))
    path.write_text("\n".join(lines) + "\n")
    return str(path)

"""Small pictures for tests: each class has a pattern of its own, with noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("across", "down")


def picture(kind: str, number: int, *, side: int = 8, channels: int = 1) -> np.ndarray:
    """Return stripes that go across or down, (H, W) or (H, W, 3) uint8."""
    rng = np.random.default_rng([number, CLASSES.index(kind)])
    stripes = np.zeros((side, side))
    stripes[rng.integers(2) :: 2] = 180
    pixels = (stripes if kind == "across" else stripes.T) + rng.integers(60, size=(side, side))
    return pixels.astype(np.uint8) if channels == 1 else np.stack([pixels] * 3, -1).astype(np.uint8)


def save(pixels: np.ndarray, path: Path) -> Path:
    """Write pixels to an image, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_folders(root: Path, *, n: int = 20, first: int = 0, side: int = 8) -> Path:
    """Write a folder of images for each class, and return the folder above them."""
    for kind in CLASSES:
        for number in range(first, first + n):
            save(picture(kind, number, side=side), root / kind / f"{number}.png")
    return root


def write_table(root: Path, *, n: int = 40) -> Path:
    """Write images and a table of their paths, and return the path of the table."""
    lines = ["file,kind,brightness,day,person"]
    for number in range(n):
        kind = CLASSES[number % 2]
        dimmed = picture(kind, number) * (0.2 + 0.8 * (number * 7 % 10) / 10)
        path = save(dimmed.astype(np.uint8), root / "files" / f"{number}.png")
        brightness = np.asarray(Image.open(path)).mean() / 10
        lines.append(f"files/{number}.png,{kind},{brightness:.3f},2020-01-{1 + number % 28:02d},")
        lines[-1] += f"p{number // 4}"
    table = root / "table.csv"
    table.write_text("\n".join(lines) + "\n")
    return table

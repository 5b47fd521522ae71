from __future__ import annotations

import json

import pytest

WORDS = {"good": ("lovely", "good", "great", "fine"), "bad": ("bad", "awful", "poor", "dull")}


def reviews(n=60, first=0):
    """Return texts with a label, stars, an author and a day, all different."""
    found = []
    for number in range(first, first + n):
        label = ("good", "bad")[number % 2]
        word, other = (WORDS[label][(number // power) % 4] for power in (2, 8))
        text = f"A {word}, {other} film, number {number} of many!"
        stars = (5 if label == "good" else 1) + number % 3 / 10
        row = {"review": text, "label": label, "stars": stars}
        day = f"2020-{1 + number // 28:02d}-{1 + number % 28:02d}"
        found.append({**row, "author": f"a{number // 4}", "day": day})
    return found


@pytest.fixture(scope="package", autouse=True)
def cache_of_its_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def write(tmp_path):
    """Return what writes rows to a file of JSON lines, and returns its path."""

    def written(rows, name="reviews.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return str(path)

    return written


@pytest.fixture
def texts(write):
    """Return the path of a file of 60 reviews."""
    return write(reviews())

"""A table as people send it: what can be learnt is known, and it is buried in the usual dirt."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

COLUMNS = (
    "customer_id",
    "signed up",
    "last login",
    "income",
    "discount",
    "age",
    "region",
    "city",
    "newsletter",
    "comment",
    "currency",
    "churn",
)
REGIONS = ("north", "south", "east", "west")
GAPS = ("", "n/a", "NA", "-", "?")


def dirty_rows(n_rows: int = 600, *, seed: int = 0) -> list[dict[str, str]]:
    """Return rows of customers, of whom about one in seven leaves (`churn` is yes).

    Who leaves follows from the income, the region, whether the newsletter is read, and the month of
    signing up.
    """
    rng = np.random.default_rng(seed)
    return [_row(number, rng) for number in range(n_rows)]


def _row(number: int, rng: np.random.Generator) -> dict[str, str]:
    income = float(rng.lognormal(10.3, 0.6))
    region = REGIONS[rng.choice(4, p=(0.4, 0.3, 0.2, 0.1))]
    reads = bool(rng.random() < 0.5)
    day = np.datetime64("2017-01-01") + int(rng.integers(2000))
    month = int(day.astype("datetime64[M]").astype(int) % 12)
    risk = -3.6 + 2.0 * (income < 25_000) + 2.2 * (region == "east") - 2.0 * reads
    leaves = rng.random() < 1 / (1 + np.exp(-2 * (risk + 2.0 * (month < 6))))
    return {
        "customer_id": f"C-{number:05d}",
        "signed up": _date(day, rng),
        "last login": f"{day + 30} {rng.integers(24):02d}:{rng.integers(60):02d}",
        "income": _gap(f"${income:,.2f}", rng, share=0.08),
        "discount": f"{rng.integers(0, 40)} %",
        "age": _gap(
            "unknown" if rng.random() < 0.01 else str(rng.integers(18, 90)), rng, share=0.1
        ),
        "region": _gap(region, rng, share=0.05),
        "city": f"village {number % 40}" if rng.random() < 0.1 else f"town {rng.integers(6)}",
        "newsletter": "yes" if reads else "no",
        "comment": f"called on day {number}, said {rng.integers(10**6)}",
        "currency": "USD",
        "churn": _gap("yes" if leaves else "no", rng, share=0.02, gaps=("", "NA")),
    }


def _date(day: np.datetime64, rng: np.random.Generator) -> str:
    year, month, day_of_month = str(day).split("-")
    return (str(day), f"{day_of_month}.{month}.{year}", f"{day_of_month}/{month}/{year}")[
        rng.choice(3, p=(0.7, 0.2, 0.1))
    ]


def _gap(text: str, rng: np.random.Generator, *, share: float, gaps: tuple[str, ...] = GAPS) -> str:
    return gaps[rng.integers(len(gaps))] if rng.random() < share else text


def to_csv(rows: list[dict[str, str]], *, separator: str = ",") -> str:
    """Return rows as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_dirty_table(path: Path, *, n_rows: int = 600, seed: int = 0) -> Path:
    """Write the rows as a CSV file, and return its path."""
    path.write_text(to_csv(dirty_rows(n_rows, seed=seed)), encoding="utf-8")
    return path

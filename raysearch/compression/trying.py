"""What does a recipe come to? It is applied, and measured beside the model as it is."""

from __future__ import annotations

from raysearch.compression.applying import apply_recipe
from raysearch.compression.bound import (
    COST,
    DROP_ERROR,
    LATENCY,
    LATENCY_1,
    SIZE,
    Aims,
    Bound,
)
from raysearch.compression.latency import latencies_ms
from raysearch.compression.losing import drop_error
from raysearch.compression.recipe import Recipe
from raysearch.compression.subject import Subject
from raysearch.compression.wish import Wish
from raysearch.run_dir import RunDir
from raysearch.training.outcomes import Outcomes
from raysearch.training.run import examine
from raysearch.trial import Checkpoint, Objective, Trial, trial_id


class Trying:
    """Applies recipes to one model, and measures what comes of it beside the model as it is.

    Args:
        subject: The model.
        wish: What is measured.
        run_dir: Where the files go, and where those of an interrupted search are.
    """

    def __init__(self, subject: Subject, *, wish: Wish, run_dir: RunDir) -> None:
        self._subject, self._wish, self._run_dir = subject, wish, run_dir
        self._original: dict[str, float | None] | None = None
        self._outcomes: dict[str, Outcomes | None] = {}
        self.left: dict[str, str] = {}
        """Trial -> what its recipe left as it was."""

    @property
    def objective(self) -> Objective:
        """What the search of the winner improved."""
        return self._subject.found.objective

    def measured(
        self, trial: str, recipe: Recipe, *, repeat: int = 0
    ) -> tuple[dict[str, float | None], Checkpoint, str]:
        """Return what a recipe reaches, the file it made, and what it left as it was.

        Args:
            trial: Its id.
            recipe: What is tried.
            repeat: How often it was trained before, with other seeds; how sure its loss is, is then
                told of all of these together.
        """
        key = _key(trial, repeat)
        path = self._run_dir.path.absolute() / key
        applied = apply_recipe(self._subject, recipe, to=path, all_data=False, repeat=repeat)
        examined = examine(self._subject.job, checkpoint=str(path), split="validation")
        self._outcomes[key] = examined.outcomes
        values = dict(examined.values)
        values[DROP_ERROR] = drop_error(
            self._outcome(_key(trial_id(0), 0)),
            [self._outcome(_key(trial, number)) for number in range(repeat + 1)],
            metric=self.objective.metric,
            value=values.get(self.objective.metric),
        )
        original = self._run_dir.path.absolute() / _key(trial_id(0), 0)
        values[SIZE] = float(applied.size_bytes)
        for name, batch_size in ((LATENCY, self._wish.batch_size), (LATENCY_1, 1)):
            times = latencies_ms(
                {"original": original, "this": path},
                call=applied.example,
                batch_size=batch_size,
                runs=self._wish.runs,
            )
            values[name] = times["this"]
            values[f"original_{name}"] = times["original"]
        bound = self.bound_for(values)
        values[COST] = bound.cost(values)
        self.left[trial] = applied.left
        return values, Checkpoint(epoch=1, path=key, size_bytes=applied.size_bytes), applied.left

    def bound_for(self, values: dict[str, float | None]) -> Bound:
        """Return the bound, with the latency that the original had beside this very trial."""
        if self._original is None:
            self._original = dict(values)
        beside = {
            name: values.get(f"original_{name}") or self._original[name]
            for name in (LATENCY, LATENCY_1)
        }
        original = {**self._original, **beside}
        wish = self._wish
        aims = Aims(size=wish.size, speed=wish.speed)
        return Bound.of(self.objective, original, max_drop=wish.max_drop, aims=aims)

    def _outcome(self, key: str) -> Outcomes | None:
        """Return what a file does with each example, which an earlier session may have made."""
        if key not in self._outcomes:
            path = self._run_dir.path.absolute() / key
            known = path.is_file()
            examined = known and examine(
                self._subject.job, checkpoint=str(path), split="validation"
            )
            self._outcomes[key] = examined.outcomes if examined else None
        return self._outcomes[key]

    def know(self, original: Trial) -> None:
        """Take over what an interrupted search has measured of the model as it is."""
        if original.last is not None:
            self._original = dict(original.last.values)

    def told(self, values: dict[str, float | None]) -> str:
        """Return what was measured in one line for a person."""
        bound = self.bound_for(values)
        size = (values[SIZE] or 0) / (bound.original[SIZE] or 1)
        faster = (bound.original[LATENCY] or 0) / (values[LATENCY] or 1)
        metric = self.objective.metric
        value = values.get(metric)
        text = "not finite" if value is None else f"{value:.4g}"
        return f"{metric} {text}, {size:.0%} of the bytes, {faster:.2f} times as fast"


def _key(trial: str, repeat: int) -> str:
    """Return the path of the file that a recipe made, relative to the run directory."""
    return f"trials/{trial}/{f'seed-{repeat}' if repeat else 'model'}.onnx"

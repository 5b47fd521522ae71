"""How do the arguments of an experiment become pixels and targets, once per node?

In this order: list the examples, look at their headers, decode all of them into one store of
pixels, take those with a target, and split them. The store depends on the files and the size alone,
so that another split, or another search, does not decode them again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.counting import agreeing
from raysearch.data.arguments import listed
from raysearch.data.cache import cached_arrays
from raysearch.data.files import Fingerprint, sources_of
from raysearch.data.images.advice import advice_on
from raysearch.data.images.arguments import ImagesArguments
from raysearch.data.images.decoding import Plan
from raysearch.data.images.listing import Listing, list_images
from raysearch.data.images.preprocessing import ImagePreprocessing, pixel_scale
from raysearch.data.images.storage import stored_pixels
from raysearch.data.images.surveying import Survey, decoded, plan_for, survey, unreadable
from raysearch.data.preparation import About, Preparation, Prepared, as_text
from raysearch.data.table.labelled import Labelled, label
from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

_FORMAT = 5
"""Raised when the same files would now be prepared in another way."""

_FEW = 2000
"""Images up to which all are decoded before some are refused, so that all are named at once."""

_N_LISTED = "n_listed"
"""Name of the entry with the examples in the store, those that are not used among them."""


def settled(given: Mapping[str, Any]) -> ImagesArguments:
    """Return checked arguments that stand for the files as they are now.

    Files that were found unchanged are not looked at again in the same process.

    Raises:
        ConfigurationError: An argument is wrong, or the files have changed since their fingerprint
            was taken.
    """
    arguments = ImagesArguments.read(given)
    if arguments.fingerprint is not None:
        _verify(as_text(arguments))
        return arguments
    return replace(arguments, fingerprint=_fingerprint(list_images(arguments), arguments).value)


def pixels(arguments: ImagesArguments) -> NDArray[np.uint8]:
    """Return the pixels of all examples that are listed, (N, C, H, W) or (N, C, D, H, W)."""
    known = PREPARATION.about(arguments)
    plan = ImagePreprocessing.from_json(known.preprocessing).plan

    def files() -> Sequence[Sequence[str]]:
        listing = list_images(arguments)
        _check_unchanged(listing, arguments)
        return listing.files

    n_listed = int(PREPARATION.arrays(arguments)[_N_LISTED])
    found, _ = _stored(files, n_listed, plan, arguments=arguments)
    return found


def _stored(
    files: Callable[[], Sequence[Sequence[str]]],
    n_listed: int,
    plan: Plan,
    *,
    arguments: ImagesArguments,
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    return stored_pixels(
        {"fingerprint": arguments.fingerprint, **plan.to_json()},
        shape=(n_listed, *plan.shape),
        decode=lambda failures: decoded(files(), plan, failures),
        memory_gb=arguments.memory_gb,
        what=f"path is {arguments.path}, whose {n_listed} images of {plan.height} x {plan.width}",
    )


@lru_cache(maxsize=16)
def _verify(arguments: str) -> None:
    given = ImagesArguments.read(json.loads(arguments))
    _check_unchanged(list_images(given), given)


def _check_unchanged(listing: Listing, arguments: ImagesArguments) -> None:
    _fingerprint(listing, arguments).check(arguments.fingerprint)


def _fingerprint(listing: Listing, arguments: ImagesArguments) -> Fingerprint:
    """Return what stands for the names, sizes and bytes of all files.

    The bytes are read once on a node, as long as no file changes its place, size or time.
    """
    import numpy as np

    tables = ("path", "test_path") if not arguments.is_folder else ()
    paths = {name: getattr(arguments, name) for name in tables}
    head = [source.digest()[:16] for source in sources_of(paths).values()]
    states = [
        (name, told, [(str(Path(path).absolute()), *_state(path)) for path in files])
        for name, files, told in zip(
            listing.names,
            listing.files,
            [None] * len(listing.names) if listing.told is None else listing.told,
            strict=True,
        )
    ]
    now = hashlib.sha256(json.dumps([head, states]).encode()).hexdigest()

    def build() -> Arrays:
        digest = hashlib.sha256(json.dumps(head).encode())
        for name, files, told in zip(listing.names, listing.files, states, strict=True):
            contents = [_digest(path) for path in files]
            digest.update(json.dumps([name, told[1], contents]).encode())
        return {"fingerprint": np.array(digest.hexdigest()[:16])}

    found = cached_arrays("images-files", arguments={"files": now}, build=build)
    return Fingerprint(value=str(found["fingerprint"]), path=arguments.path)


def _state(path: str) -> tuple[int, int, int]:
    """Return what differs where the bytes do: size, and times of the content and of the entry."""
    try:
        status = Path(path).stat()
    except OSError:
        return (-1, 0, 0)
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _digest(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return type(error).__name__


def _build(arguments: ImagesArguments) -> Prepared:
    """Return rows and targets of the splits, and what is known about them."""
    import numpy as np

    listing = list_images(arguments)
    _check_unchanged(listing, arguments)
    found = survey(listing.files)
    _check_headers(found, listing, arguments=arguments)
    plan, size_notes = plan_for(found, arguments=arguments)
    values, failures = _stored(lambda: listing.files, len(listing.files), plan, arguments=arguments)
    _check_readable(failures, listing, arguments=arguments)
    good = np.array([row not in failures for row in range(len(listing.files))])
    labelled = label(
        listing.frame[good].reset_index(drop=True),
        arguments=arguments.as_table(),
        told=None if listing.told is None else listing.told[good],
        place=lambda row: listing.places[np.flatnonzero(good)[row]],
        is_class=arguments.is_folder,
    )
    places = np.flatnonzero(good)[labelled.rows]
    parts = {part: places[rows] for part, rows in labelled.parts.items()}
    scale = pixel_scale(values, parts["train"], scaling=arguments.scaling)
    preprocessing = ImagePreprocessing(target=labelled.target, plan=plan, scale=scale)
    notes = [*listing.notes, *size_notes, *_dropped(failures, listing), *labelled.notes]
    notes += advice_on(values, parts, names=listing.places, labelled=labelled)
    about = About(
        spec=_spec(labelled, plan=plan),
        notes=tuple(notes),
        preprocessing=preprocessing.to_json(),
    )
    arrays: Arrays = {_N_LISTED: np.array(len(listing.files)), **labelled.of_folds}
    for part, rows in parts.items():
        arrays[f"{part}_rows"] = rows.astype(np.int64)
        arrays[f"{part}_targets"] = labelled.targets[labelled.parts[part]]
    return Prepared(arrays=arrays, about=about)


def _check_headers(found: Survey, listing: Listing, *, arguments: ImagesArguments) -> None:
    """Refuse images whose headers cannot be read, and with them those whose pixels cannot be.

    Of many images the pixels are not read only to refuse them; then it is said that they were not.
    """
    failures, n_images = found.failures, len(listing.files)
    if not _are_refused(failures, n_images, arguments=arguments):
        return
    is_whole = n_images <= _FEW or len(failures) == n_images
    if len(failures) < n_images <= _FEW:
        failures = unreadable(listing.files, found, arguments=arguments)
    _check_readable(failures, listing, arguments=arguments, is_whole=is_whole)


def _are_refused(failures: Mapping[int, str], n_images: int, *, arguments: ImagesArguments) -> bool:
    may_be_dropped = arguments.unreadable == "drop" and len(failures) <= 0.5 * n_images
    return bool(failures) and not may_be_dropped


def _check_readable(
    failures: Mapping[int, str],
    listing: Listing,
    *,
    arguments: ImagesArguments,
    is_whole: bool = True,
) -> None:
    """Refuse images that cannot be read, unless they may be dropped and are not too many.

    Args:
        failures: Which they are, and why.
        listing: All of them.
        arguments: Say whether they may be dropped.
        is_whole: Whether pixels were read, too, and not headers alone.
    """
    if not _are_refused(failures, len(listing.files), arguments=arguments):
        return
    shown = listed([f"{listing.places[row]} ({failures[row]})" for row in sorted(failures)], most=5)
    remedy = (
        "More than half are too many to drop: is the path right?"
        if arguments.unreadable == "drop"
        else "Mend or remove them, or write `unreadable: drop`."
    )
    more = "" if is_whole else "Only headers were read so far; pixels may show more of them. "
    raise ConfigurationError(
        f"path is {arguments.path}, where {len(failures)} of {len(listing.files)} images cannot be "
        f"read: {shown}. {more}{remedy}"
    )


def _dropped(failures: Mapping[int, str], listing: Listing) -> list[str]:
    if not failures:
        return []
    shown = listed([listing.places[row] for row in sorted(failures)], most=3)
    are = agreeing(len(failures), "image that cannot be read is", "images that cannot be read are")
    return [f"{are} left out: {shown}."]


def _spec(labelled: Labelled, *, plan: Plan) -> DataSpec:
    return DataSpec(
        task=labelled.target.task,
        input_shape=plan.shape,
        n_outputs=labelled.target.n_outputs,
        n_train=len(labelled.parts["train"]),
        class_counts=labelled.class_counts,
        target_scale=labelled.target.std,
    )


PREPARATION = Preparation(
    "images",
    version=_FORMAT,
    read=ImagesArguments.read,
    fingerprints=lambda arguments: [_fingerprint(list_images(arguments), arguments)],
    build=_build,
    unused=("memory_gb",),
)
"""From arguments to arrays: of each split rows (N,) int64, places in `pixels`, and targets (N,)
int64 classes, or (N, 1) float32 standardised; see `settled` for arguments."""

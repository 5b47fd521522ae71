"""Is a place a folder of this machine, or a prefix in an object store, and how is it written?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from raysearch.errors import ConfigurationError

SCHEMES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
"""What may stand before "://" -> what is written there."""

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?P<rest>.*)")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]+")


class Address(NamedTuple):
    """A prefix in a bucket."""

    scheme: str
    """"s3" or "gs"."""
    bucket: str
    prefix: str
    """Without slashes at its ends; empty for the whole bucket."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    def below(self, key: str) -> Address:
        """Return the address of what lies below this one.

        Example:
            >>> str(Address("s3", "lab", "runs").below("digits-1"))
            's3://lab/runs/digits-1'
        """
        return self._replace(prefix="/".join(part for part in (self.prefix, key) if part))


def address_of(place: str | Path) -> Address | None:
    """Return the address that a place is, or None for a path.

    A `Path` that was made of an address, and has lost one of its slashes, is one as well.

    Raises:
        ConfigurationError: It looks like an address, but is of no store that is known, or names no
            bucket.

    Example:
        >>> address_of("s3://lab/runs/"), address_of(Path("s3://lab/runs")) is not None
        (Address(scheme='s3', bucket='lab', prefix='runs'), True)
        >>> address_of("/nfs/runs"), address_of("runs/digits-1")
        (None, None)
    """
    found = _ADDRESS.fullmatch(str(place))
    if found is None:
        return None
    given = f"{found['scheme']}://{found['rest']}"
    scheme = SCHEMES.get(found["scheme"].lower())
    if scheme is None:
        raise ConfigurationError(
            f"{given} is in no store that raysearch knows. Give s3://BUCKET/PREFIX, "
            "gs://BUCKET/PREFIX, or the path of a folder, also of one that is shared. Nothing was "
            "started."
        )
    bucket, _, prefix = found["rest"].partition("/")
    parts = [part for part in prefix.split("/") if part not in ("", ".")]
    if not _BUCKET.fullmatch(bucket) or ".." in parts:
        raise ConfigurationError(
            f"{given} does not name a place in a bucket. Give {scheme}://BUCKET/PREFIX, without "
            "'..'. Nothing was started."
        )
    return Address(scheme=scheme, bucket=bucket, prefix="/".join(parts))

"""How does one speak to an object store, and what do its answers mean?

Through `obstore`, which serves S3 and whatever speaks like it, and Google Cloud Storage, with puts
that hold only for the version that was seen. What its errors mean: see `faults`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol

from raysearch.run_dir.remote.addresses import Address
from raysearch.run_dir.remote.credentials import profile_credentials
from raysearch.run_dir.remote.faults import MissingCredentials, Refused, Unreachable, meaning

REQUEST_S = 60.0
"""How long one request may take, in seconds; of a large checkpoint, each part of it."""
CONNECT_S = 10.0
LARGE_BYTES = 1 << 30
"""From this size on a file is sent in parts; below it is sent, and appears, at once."""

NOTHING = ""
"""Version of an object that does not exist, for `put`."""


class Stored(NamedTuple):
    """What a store says of an object."""

    key: str
    size_bytes: int
    version: str
    """Another one for other bytes."""


class Objects(Protocol):
    """Objects below one prefix of a bucket. Keys are relative to it."""

    def get(self, key: str) -> tuple[bytes, str]:
        """Return bytes and version; FileNotFoundError where there is no such object."""
        ...

    def head(self, key: str) -> Stored:
        """Return what is known of an object; FileNotFoundError where there is none."""
        ...

    def put(self, key: str, data: bytes | Path, *, replaces: str | None = None) -> str:
        """Write an object at once, and return its version.

        Args:
            key: Its name.
            data: Bytes, or the file that holds them.
            replaces: The version that it may replace; `NOTHING` where it must be new, None for any.

        Raises:
            FileExistsError: There is another version.
        """
        ...

    def list(self, prefix: str) -> Sequence[Stored]:
        """Return the objects below a folder, sorted by key."""
        ...

    def folders(self) -> Sequence[str]:
        """Return the names of the folders right below the prefix, sorted."""
        ...

    def copy(self, key: str, to: str) -> None:
        """Copy an object; FileNotFoundError where there is none."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; those that are not there are left out."""
        ...


class StoreClient:
    """Objects below an address, through obstore. Each call is one try.

    Connections belong to a process: a fork makes its own.

    Args:
        address: Where they are.
        environment: Where settings of the store are looked up; that of the process by default.

    Raises:
        Refused: obstore is not installed.
    """

    def __init__(self, address: Address, *, environment: Mapping[str, str] | None = None) -> None:
        self.address = address
        self._environment = os.environ if environment is None else environment
        self._process = 0
        self._made: Any = None
        self._has_answered = False
        try:
            import obstore
        except ImportError as error:
            raise Refused(
                f"{address} needs obstore, which is not installed. To install it: pip install "
                "'raysearch[cloud]'. Nothing was started."
            ) from error
        self._api: Any = obstore

    def get(self, key: str) -> tuple[bytes, str]:
        """Return bytes and version; see `Objects`."""
        try:
            answer = self._api.get(self._store, key)
            found = bytes(answer.bytes()), _version(answer.meta)
        except Exception as error:  # noqa: BLE001  each is translated
            self._raise(error)
        self._has_answered = True
        return found

    def head(self, key: str) -> Stored:
        """Return what is known of an object; see `Objects`."""
        try:
            return _stored(self._api.head(self._store, key))
        except Exception as error:  # noqa: BLE001  each is translated
            self._raise(error)

    def put(self, key: str, data: bytes | Path, *, replaces: str | None = None) -> str:
        """Write an object; see `Objects`."""
        size_bytes = data.stat().st_size if isinstance(data, Path) else len(data)
        mode: Any = {None: "overwrite", NOTHING: "create"}.get(replaces, {"e_tag": replaces})
        is_large = size_bytes >= LARGE_BYTES
        try:
            given: dict[str, Any] = {} if is_large else {"mode": mode, "use_multipart": False}
            version = _version(self._api.put(self._store, key, data, **given))
        except Exception as error:  # noqa: BLE001  each is translated
            self._raise(error)
        self._has_answered = True
        return version

    def list(self, prefix: str) -> Sequence[Stored]:
        """Return the objects below a folder; see `Objects`."""
        try:
            chunks = self._api.list(self._store, prefix or None, chunk_size=1000)
            found = [_stored(each) for chunk in chunks for each in chunk]
        except Exception as error:  # noqa: BLE001  each is translated
            self._raise(error)
        return sorted(found)

    def folders(self) -> Sequence[str]:
        """Return the names of the folders below the prefix; see `Objects`."""
        try:
            found = self._api.list_with_delimiter(self._store)["common_prefixes"]
        except Exception as error:  # noqa: BLE001  each is translated
            self._raise(error)
        return sorted(str(each).strip("/") for each in found)

    def copy(self, key: str, to: str) -> None:
        """Copy an object; see `Objects`."""
        try:
            self._api.copy(self._store, key, to)
        except Exception as error:  # noqa: BLE001  each is translated
            self._raise(error)

    def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; see `Objects`."""
        if not keys:
            return
        try:
            self._api.delete(self._store, keys[0] if len(keys) == 1 else list(keys))
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                self._raise(error)
        except Exception as error:  # noqa: BLE001  each is translated
            self._raise(error)

    @property
    def _store(self) -> Any:
        if self._made is None or self._process != os.getpid():
            self._made, self._process = self._connect(), os.getpid()
        return self._made

    def _connect(self) -> Any:
        from obstore.store import GCSStore, S3Store

        given: dict[str, Any] = {
            "prefix": self.address.prefix or None,
            "client_options": {
                "timeout": timedelta(seconds=REQUEST_S),
                "connect_timeout": timedelta(seconds=CONNECT_S),
                "allow_http": True,  # where somebody gives such an endpoint, as of a MinIO nearby
            },
            "retry_config": {"max_retries": 0},  # see `retrying`
        }
        if self.address.scheme == "gs":
            return GCSStore(self.address.bucket, **given)
        return S3Store(self.address.bucket, **given, config=self._of_s3())

    def _of_s3(self) -> Any:
        """Return what obstore does not look up by itself: where, and the profile's credentials."""
        named = self._environment
        endpoint = named.get("AWS_ENDPOINT_URL_S3") or named.get("AWS_ENDPOINT_URL")
        found = {} if endpoint is None else {"aws_endpoint": endpoint}
        return {**profile_credentials(named), **found}

    def _raise(self, error: Exception) -> NoReturn:
        """Raise what an error of obstore's means.

        Credentials that were there once come back: the machine's own service was busy.
        """
        found = meaning(error, address=self.address)
        if isinstance(found, MissingCredentials) and self._has_answered:
            found = Unreachable("the machine's credentials cannot be had")
        raise found from error


def _stored(meta: Any) -> Stored:
    return Stored(key=meta["path"], size_bytes=meta["size"], version=_version(meta))


def _version(meta: Any) -> str:
    return str(meta["e_tag"] or "")

"""What does it mean that a store did not do what it was asked?

One of four: there is no such object (`FileNotFoundError`), the object is not the one that was to be
replaced (`FileExistsError`), the store cannot be used as asked (`Refused`), or it may pass
(`Unreachable`).
"""

from __future__ import annotations

import errno
import re

from raysearch.errors import RunDirectoryError
from raysearch.run_dir.remote.addresses import Address


class Unreachable(OSError):
    """The store did not do what was asked, and may well do it later."""

    def __init__(self, text: str) -> None:
        super().__init__(errno.EIO, text)


class Refused(RunDirectoryError):
    """The store cannot be used as it was asked to be: trying again would not help."""


class MissingCredentials(Refused):
    """There are none on this machine."""


def meaning(error: Exception, *, address: Address) -> Exception:
    """Return the fault that an error of obstore's is."""
    kind, text = type(error).__name__, str(error)
    code = _code(text)
    if code in _PASSING:
        return Unreachable(_short(text, code=code))
    if code == "NoSuchBucket" or "bucket does not exist" in text:
        return Refused(
            f"{address}: there is no bucket {address.bucket}, or not for these credentials and at "
            "this endpoint. Make it, or give the right name. Nothing was changed."
        )
    if _ASKED_MACHINE.search(text) or kind == "UnauthenticatedError":
        return MissingCredentials(_no_credentials(address, code=code))
    if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch"):
        return Refused(
            f"{address}: the store does not accept the credentials ({code}). Give those of an "
            f"account that may use the bucket: {_WHERE[address.scheme]}. Nothing was changed."
        )
    if code in ("AccessDenied", "AllAccessDisabled") or kind == "PermissionDeniedError":
        return Refused(
            f"{address}: the store does not allow this to these credentials ({code or 'denied'}). "
            "A search reads, lists, writes and deletes objects there; reading results needs to "
            "read and to list. Ask for these rights, or give another place. Nothing was changed."
        )
    if code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"):
        return Refused(
            f"{address}: the bucket is in another region than was asked ({code}). Set AWS_REGION "
            "to the bucket's. Nothing was changed."
        )
    if isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, "there is no such object")
    if kind in ("AlreadyExistsError", "PreconditionError"):
        return FileExistsError(errno.EEXIST, "there is another version of the object")
    return Unreachable(_short(text, code=code))


_PASSING = (
    "ExpiredToken",
    "ExpiredTokenException",
    "OperationAborted",
    "RequestTimeout",
    "SlowDown",
)
"""What a store says of credentials that are renewed elsewhere, and when it has too much to do."""

_ASKED_MACHINE = re.compile(r"/latest/(api/token|meta-data/)|169\.254\.|/computeMetadata/")
"""Where a client that was given no credentials asks the machine for its role."""

_WHERE = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of the machine",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login`, or the "
    "machine's service account",
}


def _no_credentials(address: Address, *, code: str) -> str:
    why = f" ({code})" if code else ""
    return (
        f"{address}: there are no credentials for it on this machine{why}. Give them by "
        f"{_WHERE[address.scheme]}. Nothing was changed."
    )


def _code(text: str) -> str:
    """Return the store's own word for a fault, such as "NoSuchKey"; empty where it says none."""
    found = re.search(r"<Code>(\w+)</Code>", text)
    return found[1] if found else ""


def _short(text: str, *, code: str) -> str:
    """Return one line of what obstore tells in many."""
    found = re.search(r"status code: (\d+[^:\n]*)", text) or re.search(
        r" - (HTTP error: [^\n]*)", text
    )
    line = found[1].strip() if found else " ".join(text.split("\n\n")[0].split())[:160]
    return f"{line} ({code})" if code else line

"""Is a line of the journal as it was written, and does it follow the line before it?

Each line ends with a field `"crc"`: the CRC-32 of all before that field, begun with the value of
the line before, also across segments. So a line that was changed, lost, repeated or moved is found
as it is read, or with the line after it. The checksum finds accidents; it is no protection against
somebody who means to deceive.
"""

from __future__ import annotations

import re
import zlib

START = 0
"""What the first line begins with, and one that follows a line without a checksum."""

_FIELD = re.compile(rb',"crc":"([0-9a-f]{8})"\}\Z')


def sealed(line: bytes, *, before: int) -> tuple[bytes, int]:
    """Return a line of JSON with its checksum as the last field, and the checksum.

    Args:
        line: An object with at least one field, without a line break.
        before: Checksum of the line before.

    Example:
        >>> sealed(b'{"event":"decided"}', before=START)
        (b'{"event":"decided","crc":"a140f469"}', 2705388649)
    """
    checksum = zlib.crc32(line[:-1], before)
    return b'%b,"crc":"%08x"}' % (line[:-1], checksum), checksum


def checked(line: bytes, *, before: int) -> int:
    """Return the checksum that the next line begins with.

    A line without one, as versions before wrote it, fits anywhere.

    Raises:
        ValueError: The line has one that does not fit.
    """
    found = _FIELD.search(line)
    if found is None:
        return START
    if int(found[1], 16) != zlib.crc32(line[: found.start()], before):
        raise ValueError(
            "its checksum does not fit: it was changed, or it does not follow the line before it"
        )
    return int(found[1], 16)


def left_by(line: bytes) -> int:
    """Return the checksum that a line ends with, unchecked; `START` if it has none."""
    found = _FIELD.search(line)
    return START if found is None else int(found[1], 16)

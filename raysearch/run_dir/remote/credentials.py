"""Which credentials does a person have in the files of the AWS command line?

obstore reads the environment and asks the machine for its role, and not these files.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

_KEYS = {
    "aws_access_key_id": "aws_access_key_id",
    "aws_secret_access_key": "aws_secret_access_key",
    "aws_session_token": "aws_session_token",
    "region": "aws_region",
    "endpoint_url": "aws_endpoint",
}


def profile_credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the keys, the region and the endpoint of the profile in use, as obstore names them.

    Nothing of the keys where the environment has some; nothing at all where there are no files.

    Args:
        environment: AWS_PROFILE, AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE and the variables
            that come before the files.
    """
    profile = environment.get("AWS_PROFILE") or "default"
    home = Path(environment.get("HOME") or "/nonexistent") / ".aws"
    files = {
        environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials": profile,
        environment.get("AWS_CONFIG_FILE") or home / "config": (
            profile if profile == "default" else f"profile {profile}"
        ),
    }
    found: dict[str, str] = {}
    for file, section in files.items():
        found = {**_section(Path(file), section), **found}
    if environment.get("AWS_ACCESS_KEY_ID"):
        found = {key: value for key, value in found.items() if key in _NO_SECRETS}
    if environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"):
        found.pop("aws_region", None)
    return found


_NO_SECRETS = ("aws_region", "aws_endpoint")


def _section(file: Path, section: str) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(file)
        given = dict(parser.items(section))
    except (configparser.Error, OSError, UnicodeDecodeError):
        return {}
    return {_KEYS[key]: value for key, value in given.items() if key in _KEYS and value}

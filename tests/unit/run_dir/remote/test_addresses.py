"""A place is a path or an address, however it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from raysearch.errors import ConfigurationError
from raysearch.run_dir.remote.addresses import address_of
from raysearch.run_dir.remote.credentials import profile_credentials


@pytest.mark.parametrize(
    ("place", "written"),
    [
        ("s3://lab/runs/digits-1", "s3://lab/runs/digits-1"),
        (Path("s3://lab/runs") / "digits-1", "s3://lab/runs/digits-1"),
        ("s3a://lab//runs/./", "s3://lab/runs"),
        ("gs://lab", "gs://lab"),
    ],
)
def test_an_address_is_known_and_written_in_one_way(place, written):
    assert str(address_of(place)) == written


@pytest.mark.parametrize("place", ["runs/digits-1", "/nfs/runs", "C:/digits", "a:b/c", "."])
def test_other_places_are_paths(place):
    assert address_of(place) is None


@pytest.mark.parametrize("place", ["s3://", "s3:///runs", "s3://lab/../other", "s3://a b/c"])
def test_an_address_without_a_bucket_is_refused(place):
    with pytest.raises(ConfigurationError, match=r"does not name a place in a bucket"):
        address_of(place)


def test_another_store_is_refused_with_what_there_is():
    with pytest.raises(ConfigurationError, match=r"hdfs://lab/runs .*Give s3://BUCKET/PREFIX"):
        address_of("hdfs://lab/runs")


CREDENTIALS = """
[default]
aws_access_key_id = first
aws_secret_access_key = hidden
[lab]
aws_access_key_id = second
aws_secret_access_key = also-hidden
aws_session_token = brief
"""
CONFIG = """
[profile lab]
region = eu-west-1
"""


def test_the_profile_gives_keys_and_region(tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(CREDENTIALS)
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    here = {"HOME": str(tmp_path)}
    assert profile_credentials(here)["aws_access_key_id"] == "first"
    assert profile_credentials({**here, "AWS_PROFILE": "lab"}) == {
        "aws_access_key_id": "second",
        "aws_secret_access_key": "also-hidden",
        "aws_session_token": "brief",
        "aws_region": "eu-west-1",
    }
    assert profile_credentials({**here, "AWS_PROFILE": "nobody"}) == {}


def test_the_environment_comes_before_the_profile(tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(CREDENTIALS)
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    here = {"HOME": str(tmp_path), "AWS_PROFILE": "lab", "AWS_ACCESS_KEY_ID": "given"}
    assert profile_credentials(here) == {"aws_region": "eu-west-1"}
    assert profile_credentials({**here, "AWS_REGION": "us-east-2"}) == {}

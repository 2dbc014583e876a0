"""A bucket at a real S3 service of our own, for tests: moto's server, on loopback."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@contextmanager
def serving() -> Iterator[str]:
    """The service's address. It believes every key."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def client(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def new_bucket(endpoint: str, *, versions: bool = False) -> str:
    """The address of a new bucket, under a prefix of ours."""
    name = f"b{secrets.token_hex(8)}"
    made = client(endpoint)
    made.create_bucket(Bucket=name)
    if versions:
        made.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return f"s3://{name}/registry?endpoint={endpoint}"


def everything(endpoint: str, address: str) -> list[str]:
    """Every object, older version and mark of deletion in the bucket."""
    answer = client(endpoint).list_object_versions(Bucket=address.split("/")[2])
    return [one["Key"] for one in (*answer.get("Versions", ()), *answer.get("DeleteMarkers", ()))]

"""A bucket of an S3 service: what we ask of one, and its failures in our own terms.

    s3://BUCKET[/PREFIX][?endpoint=URL][&region=NAME][&style=path|virtual]

Without an endpoint it is the region's of AWS. Keys are found as its tools find them: the variables
`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, `~/.aws/credentials`, or the role of the machine; none stands
in the address. Every upload carries SHA-256, so that the service refuses what was damaged on the way. Plain
http is for this machine and the house's own network (`routes`).
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import parse_qsl, urlsplit

from yinzheng.ledger.net.routes import address_of, is_outside, proxy_for
from yinzheng.verifier.errors import EnvironmentFault, UsageFault

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
PART_BYTES: Final = 64 * 1024 * 1024
"""Longer files go up in parts of this length, each with its own digest."""
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX: Final = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,9}")
_OPTIONS: Final = frozenset({"endpoint", "region", "style"})
_STYLES: Final = ("path", "virtual")
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_OVERTAKEN: Final = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
_REFUSED: Final = frozenset(
    {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "Forbidden"}
)


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """An address taken apart. `prefix` has no stroke at either end, and may be empty."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str | None
    style: str | None

    @classmethod
    def parse(cls, address: str) -> BucketAddress:
        """Raises `UsageFault` `objects-address`."""
        try:
            parts = urlsplit(address)
            pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
            options = dict(pairs)
        except ValueError:
            raise _no_address("it is not of this form") from None
        if parts.scheme != "s3" or parts.fragment or parts.netloc != (parts.hostname or ""):
            raise _no_address("it does not begin with s3://BUCKET")
        if len(options) != len(pairs) or options.keys() - _OPTIONS:
            raise _no_address("an option is unknown or stands twice")
        if _BUCKET.fullmatch(parts.netloc) is None:
            raise _no_address("this is no bucket's name")
        prefix = parts.path.strip("/")
        if prefix and _PREFIX.fullmatch(prefix) is None:
            raise _no_address("the prefix holds other than letters, digits, - and _")
        if options.get("style", "path") not in _STYLES:
            raise _no_address("style is path or virtual")
        _check_endpoint(endpoint := options.get("endpoint"))
        return cls(parts.netloc, prefix, endpoint, options.get("region"), options.get("style"))

    def __str__(self) -> str:
        """The address again, in its one spelling."""
        options = {"endpoint": self.endpoint, "region": self.region, "style": self.style}
        query = "&".join(f"{name}={value}" for name, value in options.items() if value is not None)
        return f"s3://{self.bucket}{'/' * bool(self.prefix)}{self.prefix}{'?' * bool(query)}{query}"


def _check_endpoint(endpoint: str | None) -> None:
    if endpoint is None:
        return
    try:
        parts, host, _ = address_of(endpoint)
    except ValueError:
        raise _no_address("the endpoint is no http or https address") from None
    if parts.username is not None or parts.query or parts.fragment:
        raise _no_address("the endpoint is scheme, host and port alone")
    if parts.scheme == "http" and is_outside(host):
        raise _no_address("plain http is for this machine and the house's own network")


def _no_address(why: str) -> UsageFault:
    return UsageFault(
        f"this is not the address of a bucket: {why}",
        code="objects-address",
        hint="Write s3://BUCKET/PREFIX?endpoint=https://HOST&region=NAME; keys go into ~/.aws/credentials.",
    )


class Bucket:
    """The objects under one prefix. Names given and told are without it.

    Every method raises `EnvironmentFault`: `objects-unreachable`, `objects-refused`, `objects-missing` (no
    such bucket), `objects-credentials`.
    """

    def __init__(self, address: BucketAddress) -> None:
        self.address = address
        self._prefix = f"{address.prefix}/" if address.prefix else ""
        self._client = _client(address)

    def upload(self, name: str, file: BinaryIO) -> None:
        """Store all of `file`, from where it stands, under `name`: there whole, or not at all."""
        from boto3.s3.transfer import TransferConfig

        config = TransferConfig(
            multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
        )
        with self._faults():
            self._client.upload_fileobj(
                file,
                self.address.bucket,
                self._prefix + name,
                ExtraArgs={"ChecksumAlgorithm": "SHA256"},
                Config=config,
            )

    def create(self, name: str, data: bytes) -> bool:
        """Store a small object unless there is one of that name; whether it was stored. Of several who do so
        at once, one does: the service is asked to (`If-None-Match`, RFC 9110 13.1.2).
        """
        return self._put(name, data, IfNoneMatch="*")

    def replace(self, name: str, data: bytes, before: bytes) -> bool:
        """Store a small object in the place of `before`; False where something else is there by now."""
        try:
            with self._faults():
                answer = self._client.get_object(Bucket=self.address.bucket, Key=self._prefix + name)
                with closing(answer["Body"]) as body:
                    if body.read(len(before) + 1) != before:
                        return False
        except FileNotFoundError:
            return False
        return self._put(name, data, IfMatch=answer["ETag"])

    def _put(self, name: str, data: bytes, **condition: str) -> bool:
        from botocore.exceptions import ClientError

        key = {"Bucket": self.address.bucket, "Key": self._prefix + name}
        with self._faults():
            try:
                self._client.put_object(**key, Body=data, ChecksumAlgorithm="SHA256", **condition)
            except ClientError as error:
                if str(error.response.get("Error", {}).get("Code", "")) not in _OVERTAKEN:
                    raise
                return False
        return self.read(name, len(data) + 1) == data  # a service that heeds no condition took the last one

    def read(self, name: str, limit: int) -> bytes | None:
        """At most `limit` bytes of an object, from its beginning; None if there is none."""
        try:
            with closing(self.open(name)) as body:
                return body.read(limit)
        except FileNotFoundError:
            return None

    def open(self, name: str) -> BinaryIO:
        """An object, to read from its beginning. Raises `FileNotFoundError`."""
        with self._faults():
            answer = self._client.get_object(Bucket=self.address.bucket, Key=self._prefix + name)
        return io.BufferedReader(_Body(answer["Body"], self._faults), 1024 * 1024)

    def delete(self, name: str) -> None:
        """Remove an object with every older version of it that the service keeps, and see that it is gone."""
        key = self._prefix + name
        with self._faults():
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.address.bucket, Prefix=key):
                kept = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                for version in kept:
                    if version["Key"] == key:
                        self._client.delete_object(
                            Bucket=self.address.bucket, Key=key, VersionId=version["VersionId"]
                        )
        if self.read(name, 1) is not None:  # a service that tells of no versions would keep it in silence
            raise EnvironmentFault(
                "the bucket's service still has an object that was to be removed",
                code="objects-refused",
                hint="It must list and delete versions of objects (ListObjectVersions, DeleteObject).",
            )

    def names(self) -> Iterator[str]:
        """Every object's name, in no order."""
        with self._faults():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.address.bucket, Prefix=self._prefix):
                for found in page.get("Contents", ()):
                    yield found["Key"].removeprefix(self._prefix)

    def give_up_uploads(self, ours: Callable[[str], bool]) -> int:
        """End uploads that were begun and never finished, of objects whose names are `ours`; how many."""
        ended = 0
        with self._faults():
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.address.bucket, Prefix=self._prefix):
                for begun in page.get("Uploads", ()):
                    if not ours(begun["Key"].removeprefix(self._prefix)):
                        continue  # another's under a longer prefix, who may be at it
                    self._client.abort_multipart_upload(
                        Bucket=self.address.bucket, Key=begun["Key"], UploadId=begun["UploadId"]
                    )
                    ended += 1
        return ended

    @contextmanager
    def _faults(self) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        try:
            yield
        except NoCredentialsError:
            raise EnvironmentFault(
                "no key for the bucket was found",
                code="objects-credentials",
                hint="Put it into ~/.aws/credentials (mode 0600), or AWS_ACCESS_KEY_ID and its secret.",
            ) from None
        except ClientError as error:
            raise self._said(error) from error
        except (BotoCoreError, Boto3Error) as error:
            inner = error.__cause__ if isinstance(error.__cause__, ClientError) else error.__context__
            if isinstance(inner, ClientError):  # uploading in parts wraps it
                raise self._said(inner) from error
            raise self._unreachable(type(error).__name__) from error

    def _said(self, error: Any) -> Exception:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            return FileNotFoundError()
        if code == "NoSuchBucket":
            return EnvironmentFault(
                f"there is no bucket {self.address.bucket}",
                code="objects-missing",
                hint="Create it at the service, for this registry alone, without public access.",
            )
        if code in _REFUSED:
            return EnvironmentFault(
                f"the bucket's service refuses this key ({code})",
                code="objects-refused",
                hint="It must list, read, write and delete objects and their versions in this bucket.",
            )
        return self._unreachable(code)

    def _unreachable(self, kind: str) -> EnvironmentFault:
        return EnvironmentFault(
            "the bucket's service did not answer, or not as it should",
            code="objects-unreachable",
            hint="Check that it runs and can be reached; nothing was acknowledged.",
            kind=kind[:60],
        )


class _Body(io.RawIOBase):
    """The bytes of an answer as they come; a connection that breaks is told in our own terms."""

    def __init__(self, body: Any, faults: Callable[[], Any]) -> None:
        self._body = body
        self._faults = faults

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._faults():
            piece = self._body.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()


def _client(address: BucketAddress) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise EnvironmentFault(
            "what speaks to buckets is not installed",
            code="objects-not-installed",
            hint="scripts/setup objects, or pip install 'yinzheng[objects]'",
        ) from None
    proxied = address.endpoint is None or proxy_for(address.endpoint, os.environ) is not None
    return boto3.session.Session().client(
        "s3",
        endpoint_url=address.endpoint,
        region_name=address.region or (None if address.endpoint is None else "us-east-1"),
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": address.style or ("auto" if address.endpoint is None else "path")},
            proxies=None if proxied else {},
        ),
    )

"""A bucket of an S3-compatible store, with its failures as sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.ops.errors import OperatorError
from app.settings import Settings

_AT_ONCE = 1_000
"""How many objects one request may delete."""
_MAY_NOT_ASK = ("AccessDenied", "AllAccessDisabled")
_REASONS = {
    "NoSuchBucket": "there is no such bucket: see BACKUP_S3_BUCKET",
    "InvalidAccessKeyId": "it does not know the access key: see BACKUP_S3_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret of the access key is wrong: see BACKUP_S3_SECRET_ACCESS_KEY",
    "AccessDenied": "the access key may not do this",
}


class BucketFault(OperatorError):
    """The bucket cannot be used, or not for this."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stored:
    """An object: its name below the prefix, and its size in the bucket."""

    name: str
    size_bytes: int
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Protection:
    """What keeps a copy from somebody who has the access key of the server; None where that cannot be asked."""

    versioned: bool | None
    locked: bool | None


class Bucket:
    """Objects below a prefix. Each method raises BucketFault; it may be used by several threads."""

    def __init__(self, client: Any, name: str, prefix: str = "") -> None:
        self._client = client
        self.name = name
        self._prefix = prefix

    def put(self, name: str, content: bytes) -> None:
        with self._explained():
            self._client.put_object(Bucket=self.name, Key=self._prefix + name, Body=content)

    def get(self, name: str) -> bytes:
        with self._explained():
            found = self._client.get_object(Bucket=self.name, Key=self._prefix + name)
            content: bytes = found["Body"].read()
        return content

    def listed(self, below: str) -> Iterator[Stored]:
        """Every object whose name begins so, in the order of the names."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=self._prefix + below
        )
        with self._explained():
            for page in pages:
                for one in page.get("Contents", ()):
                    yield Stored(one["Key"].removeprefix(self._prefix), one["Size"], one["LastModified"])

    def delete(self, names: Collection[str]) -> None:
        """Remove objects. In a bucket with versions, they stay as older versions."""
        wanted = list(names)
        for begin in range(0, len(wanted), _AT_ONCE):
            some = wanted[begin : begin + _AT_ONCE]
            with self._explained():
                answer = self._client.delete_objects(
                    Bucket=self.name,
                    Delete={"Objects": [{"Key": self._prefix + one} for one in some], "Quiet": True},
                )
            for fault in answer.get("Errors", ()):
                raise self._fault(fault.get("Code", ""), fault.get("Message", ""))

    def protection(self) -> Protection:
        """Whether older versions are kept, and whether the store refuses to remove them for a while."""
        return Protection(self._versioned(), self._locked())

    def _versioned(self) -> bool | None:
        try:
            with self._explained():
                return bool(self._client.get_bucket_versioning(Bucket=self.name).get("Status") == "Enabled")
        except BucketFault as fault:
            if fault.code not in _MAY_NOT_ASK:
                raise
            return None

    def _locked(self) -> bool | None:
        try:
            with self._explained():
                found = self._client.get_object_lock_configuration(Bucket=self.name)
        except BucketFault as fault:  # none is set, or the store knows nothing of it
            return None if fault.code in _MAY_NOT_ASK else False
        return "Rule" in found.get("ObjectLockConfiguration", {})

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as boto3

        try:
            yield
        except ClientError as error:
            said = error.response.get("Error", {})
            raise self._fault(str(said.get("Code", "")), str(said.get("Message", ""))) from error
        except (BotoCoreError, OSError) as error:
            text = " ".join(str(error).split())[:200]
            raise BucketFault(f"The bucket {self.name} cannot be reached ({text}).", "") from error

    def _fault(self, code: str, message: str) -> BucketFault:
        reason = _REASONS.get(code) or f"{code}: {message}"
        return BucketFault(f"The bucket {self.name} refuses: {reason}.", code)


def bucket_of(settings: Settings) -> Bucket | None:
    """The bucket for the copy of the backups; None where the settings name none."""
    if settings.backup_s3_bucket is None:
        return None
    import boto3  # noqa: PLC0415 - a heavy library that most schools never load
    from botocore.config import Config  # noqa: PLC0415

    key, secret = settings.backup_s3_access_key_id, settings.backup_s3_secret_access_key
    client = boto3.client(
        "s3",
        endpoint_url=settings.backup_s3_endpoint_url,
        region_name=settings.backup_s3_region,
        aws_access_key_id=key.get_secret_value() if key else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 4, "mode": "standard"}),
    )
    return Bucket(client, settings.backup_s3_bucket, settings.backup_s3_prefix)

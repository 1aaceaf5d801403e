import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from moto import mock_aws
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.files import FileStore, LocalStore
from app.db.models import FileClaim
from app.settings import Settings
from tests.factories.school import School


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture(params=["disk", "bucket"])
def placed(request: pytest.FixtureRequest, live_settings: Settings) -> Iterator[Settings]:
    """The settings of a school whose files are on disk, or in a bucket."""
    if request.param == "disk":
        yield live_settings
        return
    with mock_aws():
        import boto3

        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="school")
        yield live_settings.model_copy(
            update={
                "s3_bucket": "school",
                "s3_region": "us-east-1",
                "s3_access_key_id": live_settings.secret_key,
                "s3_secret_access_key": live_settings.secret_key,
            }
        )


@pytest.fixture
def store(live_settings: Settings) -> LocalStore:
    return LocalStore(live_settings.data_dir / "files")


@contextmanager
def tomorrow(hours: float = 25) -> Iterator[None]:
    with time_machine.travel(clock.now() + timedelta(hours=hours), tick=True):
        yield


def age(store: LocalStore, sha256: str) -> None:
    """Let a file have been there for two days."""
    two_days_ago = clock.now().timestamp() - 48 * 3600
    os.utime(store._path(sha256), (two_days_ago, two_days_ago))


def hashes(store: FileStore) -> set[str]:
    return {file.sha256 for file in store.listed()}


def claimed(session: Session) -> set[str]:
    return set(session.scalars(select(FileClaim.sha256).where(FileClaim.released_at.is_(None))))

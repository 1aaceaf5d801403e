"""The copy in a bucket, over HTTP: what was acknowledged comes back from there alone, and not without the key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
import time_machine
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from app.core import clock
from app.core.files import LocalStore
from app.ops.backup import plan, receiver, restore, standing, store, take, wal
from app.ops.backup.offsite import copy, fetch, keys, parts
from app.ops.backup.offsite.bucket import Bucket, BucketFault, bucket_of
from app.ops.backup.offsite.copy import Offsite
from app.ops.backup.place import BackupPlace
from app.ops.errors import OperatorError
from app.rules.backups import BackupKind
from app.settings import Settings
from tests.ops.backup.school import School, rows

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("backup")]


@pytest.fixture(scope="module")
def store_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def settings(school: School, store_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """The school's, with a bucket of this test's own and a key."""
    name = f"b{abs(hash(request.node.name)) % 10**9}"
    settings = school.settings.model_copy(
        update={
            "backup_s3_bucket": name,
            "backup_s3_prefix": "aada/",
            "backup_s3_endpoint_url": store_url,
            "backup_s3_region": "us-east-1",
            "backup_s3_access_key_id": SecretStr("key"),
            "backup_s3_secret_access_key": SecretStr("secret"),
            "backup_s3_recipient": keys.new(tmp_path / "key.txt"),
        }
    )
    client(settings).create_bucket(Bucket=name)
    return settings


@pytest.fixture
def apart(school: School, tmp_path: Path) -> School:
    """The school with a folder of backups of its own: the others' go on with theirs."""
    place = tmp_path / "backups"
    found = replace(school, settings=school.settings.model_copy(update={"backup_dir": place}))
    found.place.prepare()
    return found


def full(school: School) -> str:
    """A full backup, without the log that the folder of the other tests receives."""
    return take.take(school.place, school.source, BackupKind.FULL).id


def client(settings: Settings) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings.backup_s3_endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )


def offsite(settings: Settings, place: BackupPlace) -> Offsite:
    found = copy.of(settings, place)
    assert found is not None
    return found


def bucket(settings: Settings) -> Bucket:
    found = bucket_of(settings)
    assert found is not None
    return found


@contextmanager
def cut_after(objects: int) -> Iterator[None]:
    """The line breaks when so many objects have arrived."""
    real, sent = Bucket.put, iter(range(objects))

    def put(self: Bucket, name: str, content: bytes) -> None:
        if next(sent, None) is None:
            raise BucketFault("The bucket cannot be reached (cut).", "")
        real(self, name, content)

    with patch.object(Bucket, "put", put):
        yield


def test_an_instant_comes_back_from_the_bucket_alone(
    school: School, settings: Settings, tmp_path: Path
) -> None:
    school.write(501)
    kept = school.claim(b"x" * (parts.PART_BYTES + 5))
    school.make(BackupKind.FULL)
    school.write(502)
    school.make()
    at = school.write(503)
    receiver.catch_up(school.place, school.source)
    store.copy_all(school.place, school.files)
    copying = offsite(settings, school.place)
    with cut_after(4), pytest.raises(BucketFault):
        copying.turn()
    assert copy.state(school.place).fault == "The bucket cannot be reached (cut)."
    first = copying.turn()
    assert copy.state(school.place).fault is None
    assert first.objects > 4
    again = copying.turn()
    assert again.objects <= 2, "what grows, and until when all is there"
    school.write(504)
    receiver.catch_up(school.place, school.source)
    offsite(settings, school.place).turn()

    client_ = client(settings)
    listed = client_.list_objects_v2(Bucket=settings.backup_s3_bucket)["Contents"]
    one = next(found["Key"] for found in listed if "/files/" in found["Key"])
    content = client_.get_object(Bucket=settings.backup_s3_bucket, Key=one)["Body"].read()
    assert content.startswith(b"age-encryption.org/v1")
    assert b"xxxx" not in content

    key = keys.Key.read(tmp_path / "key.txt")
    into = tmp_path / "came back"
    real = Bucket.get
    left = iter(range(8))

    def get(self: Bucket, name: str) -> bytes:
        if next(left, None) is None:
            raise BucketFault("The bucket cannot be reached (cut).", "")
        return real(self, name)

    with patch.object(Bucket, "get", get), pytest.raises(BucketFault):
        fetch.fetch(bucket(settings), key, into, at, settings, say=lambda _line: None)
    done = fetch.fetch(bucket(settings), key, into, at, settings, say=lambda _line: None)
    assert done.files > 0
    place = BackupPlace(into)
    wanted = plan.make(place, at, settings)
    assert [one.id for one in wanted.chain] == [one.id for one in done.plan.chain]
    assert wanted.newest_timeline == plan.make(school.place, at, settings).newest_timeline
    restored = restore.restore(place, wanted, tmp_path / "school", settings, lambda _line: None)
    assert restored.missing_files == ()
    found = rows(tmp_path / "school")
    assert {501, 502, 503} <= set(found)
    assert 504 not in found
    assert LocalStore(tmp_path / "school" / "files").read_bytes(kept) == b"x" * (parts.PART_BYTES + 5)

    latest = tmp_path / "latest"
    fetch.fetch(bucket(settings), key, latest, None, settings, say=lambda _line: None)
    newest = BackupPlace(latest)
    restore.restore(
        newest, plan.make(newest, None, settings), tmp_path / "newest", settings, lambda _line: None
    )
    assert 504 in rows(tmp_path / "newest")


def test_nothing_opens_without_the_key_and_a_changed_object_is_named(
    school: School, settings: Settings, tmp_path: Path
) -> None:
    newest = school.make(BackupKind.FULL)
    offsite(settings, school.place).turn()
    keys.new(tmp_path / "another.txt")
    into, said = tmp_path / "into", list[str]()

    def fetched(key: str) -> str:
        with pytest.raises(OperatorError) as refused:
            fetch.fetch(
                bucket(settings), keys.Key.read(tmp_path / key), into, None, settings, say=said.append
            )
        return str(refused.value)

    assert "does not open the bucket" in fetched("another.txt")
    assert not into.exists()
    (tmp_path / "letter.txt").write_text("Dear all")
    assert "no line that begins with AGE-SECRET-KEY-" in fetched("letter.txt")
    assert "cannot be read" in fetched("nowhere.txt")
    with pytest.raises(OperatorError, match="must not be written over"):
        keys.new(tmp_path / "key.txt")

    objects = client(settings)
    listed = [one["Key"] for one in objects.list_objects_v2(Bucket=settings.backup_s3_bucket)["Contents"]]
    manifest = next(one for one in listed if f"{newest}/backup_manifest" in one)
    sound = objects.get_object(Bucket=settings.backup_s3_bucket, Key=manifest)["Body"].read()
    objects.put_object(Bucket=settings.backup_s3_bucket, Key=manifest, Body=sound[:-1] + b"?")

    def come(name: str) -> list[str]:
        """The backups that a fetch brings, if it finds what it needs."""
        with suppress(OperatorError):
            key = keys.Key.read(tmp_path / "key.txt")
            fetch.fetch(bucket(settings), key, tmp_path / name, None, settings, say=said.append)
        return [one.id for one in BackupPlace(tmp_path / name).backups()]

    assert newest not in come("changed"), "another one, or none"
    assert any("backup_manifest.00001-of-00001.age in the bucket" in line for line in said)
    objects.delete_object(Bucket=settings.backup_s3_bucket, Key=manifest)
    assert newest not in come("missing")
    assert any(f"backup_manifest of {newest} is missing in the bucket" in line for line in said)
    objects.put_object(Bucket=settings.backup_s3_bucket, Key=manifest, Body=sound)
    for foreign in ("aada/../../etc/cron.d/x", "aada/"):
        objects.put_object(Bucket=settings.backup_s3_bucket, Key=foreign, Body=b"")
    objects.put_object(
        Bucket=settings.backup_s3_bucket, Key="aada/base/20260101T000000Z-full/backup.json", Body=b"{}"
    )
    assert come("sound") == [newest]
    assert any("20260101T000000Z-full/backup.json in the bucket cannot be read" in line for line in said)


def test_what_is_too_old_goes_by_what_lies_there_and_a_lost_folder_takes_nothing_along(
    apart: School, settings: Settings, tmp_path: Path
) -> None:
    old = full(apart)
    offsite(settings, apart.place).turn()
    entry = f"aada/base/{old}/backup.json"

    def there(name: str) -> bool:
        found = client(settings).list_objects_v2(Bucket=settings.backup_s3_bucket, Prefix=name)
        return bool(found["KeyCount"])

    empty = BackupPlace(tmp_path / "empty")
    empty.prepare()
    with pytest.raises(OperatorError, match="Another folder of backups is copied"):
        offsite(settings, empty).turn()
    taken = copy.of(settings, empty, take_over=True)
    assert taken is not None
    assert taken.turn().removed == 0
    assert there(entry)
    with pytest.raises(OperatorError, match="Another folder of backups is copied"):
        offsite(settings, apart.place).turn()
    back = copy.of(settings, apart.place, take_over=True)
    assert back is not None
    back.turn()
    with time_machine.travel(clock.now() + timedelta(days=40), tick=True):
        new = full(apart)
        offsite(settings, apart.place).turn()
        assert there(entry), "the first instants of the window need it"
    with time_machine.travel(clock.now() + timedelta(days=75), tick=True):
        full(apart)
        done = offsite(settings, apart.place).turn()
        assert done.removed > 0
        assert not there(f"aada/base/{old}/")
        assert there(f"aada/base/{new}/backup.json")


def test_settings_and_failures_end_in_sentences(school: School, settings: Settings, tmp_path: Path) -> None:
    for wrong, sentence in (
        ({"backup_s3_recipient": None}, "BACKUP_S3_RECIPIENT is missing"),
        ({"backup_s3_recipient": "age1nonsense"}, "is not a public key"),
        ({"backup_s3_bucket": "nobody-has-this"}, "there is no such bucket"),
        ({"backup_s3_endpoint_url": "http://127.0.0.1:1"}, "cannot be reached"),
    ):
        with pytest.raises(OperatorError, match=sentence):
            offsite(settings.model_copy(update=wrong), school.place).turn()
    school.make(BackupKind.FULL)
    with time_machine.travel(clock.now() + timedelta(hours=7), tick=True):
        found = standing.of(settings)
    assert found is not None
    assert any("The copy in the bucket" in one for one in found.alarms)
    offsite(settings, school.place).turn()
    found = standing.of(settings)
    assert found is not None
    assert not any("The copy in the bucket" in one for one in found.alarms)
    assert found.copied_at is not None
    with school.place.copying(), pytest.raises(OperatorError, match="Another process copies"):
        offsite(settings, school.place).turn()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").touch()
    with pytest.raises(OperatorError, match="is not empty"):
        fetch.fetch(
            bucket(settings),
            keys.Key.read(tmp_path / "key.txt"),
            tmp_path / "full",
            None,
            settings,
            say=lambda _line: None,
        )
    shutil.rmtree(tmp_path / "full")


def test_a_copy_here_that_is_lost_or_damaged_takes_nothing_along_and_one_removed_on_purpose_goes(
    school: School, settings: Settings
) -> None:
    sha256 = school.claim(b"kept where the building does not burn")
    school.make(BackupKind.FULL)
    copying = offsite(settings, school.place)
    copying.turn()

    def there() -> bool:
        return any(sha256 in one.name for one in bucket(settings).listed("files/"))

    path = store.path_of(school.place, sha256)
    path.chmod(0o600)
    path.write_bytes(b"rotten")
    list(store.check(school.place))
    assert not path.exists(), "set aside"
    copying.turn()
    assert there()
    bucket(settings).delete([one.name for one in bucket(settings).listed("")])
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=True):
        store.copy_all(school.place, school.files)
        copying.turn()
        assert there(), "what went from the bucket by itself is sent again"
    path.unlink()
    school.place.note_removed_file(sha256)
    copying.turn()
    assert not there()
    assert school.place.removed_files() == []


def test_another_key_is_refused_while_anything_lies_there_for_the_first(
    school: School, settings: Settings, tmp_path: Path
) -> None:
    offsite(settings, school.place).turn()
    other = settings.model_copy(update={"backup_s3_recipient": keys.new(tmp_path / "other.txt")})
    with pytest.raises(OperatorError, match="encrypted for another key"):
        offsite(other, school.place).turn()
    offsite(other.model_copy(update={"backup_s3_prefix": "again/"}), school.place).turn()


def test_a_chain_whose_full_backup_is_damaged_is_not_sent_and_deleted_in_turns(
    apart: School, settings: Settings
) -> None:
    root = full(apart)
    after = take.take(apart.place, apart.source).id
    [broken] = [one for one in apart.place.backups() if one.id == root]
    apart.place.note(broken, fault="found damaged", at=clock.now())
    copying = offsite(settings, apart.place)
    copying.turn()
    assert not list(bucket(settings).listed(f"base/{after}/"))
    assert copying.turn().removed == 0


def test_the_log_is_not_said_to_be_whole_when_a_segment_was_renamed_meanwhile(
    apart: School, settings: Settings
) -> None:
    full(apart)
    [made] = apart.place.backups()
    folder = wal.new_folder(apart.place, clock.now(), made.system_identifier)
    (folder / f"{wal.segment_name(made.timeline, made.member.last_segment)}.gz.partial").write_bytes(
        b"so far"
    )
    apart.place.note_horizon(clock.now(), made.system_identifier, made.timeline, made.end_lsn)
    copying = offsite(settings, apart.place)
    with patch.object(Offsite, "_growing_segment", side_effect=FileNotFoundError):
        copying.turn()
    assert not list(bucket(settings).listed("caught-up.json"))
    copying.turn()
    assert list(bucket(settings).listed("caught-up.json"))
    apart.place.forget_horizon()
    copying.turn()
    assert not list(bucket(settings).listed("caught-up.json"))

"""The file store: what goes in comes out, whole and under its hash, on disk and in a bucket."""

import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from moto import mock_aws

from app.core import clock
from app.core.files import FileMissing, FileStore, LocalStore, S3Store, open_store
from app.settings import Settings


@pytest.fixture(params=["disk", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Iterator[FileStore]:
    if request.param == "disk":
        yield LocalStore(tmp_path / "files")
        return
    with mock_aws():
        import boto3

        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="school")
        yield open_store(
            settings.model_copy(
                update={
                    "s3_bucket": "school",
                    "s3_region": "us-east-1",
                    "s3_access_key_id": settings.secret_key,
                    "s3_secret_access_key": settings.secret_key,
                }
            )
        )


@pytest.mark.parametrize("content", [b"", b"a", b"golf" * 300_000])
def test_what_goes_in_comes_out_under_its_hash(store: FileStore, content: bytes) -> None:
    stored = store.put(io.BytesIO(content))
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.size == len(content)
    assert store.exists(stored.sha256)
    assert store.read_bytes(stored.sha256) == content
    assert store.put(content) == stored


def test_a_window_of_a_file(store: FileStore) -> None:
    stored = store.put(bytes(range(256)) * 4000)
    assert b"".join(store.read(stored.sha256, 250, 12)) == bytes(
        [250, 251, 252, 253, 254, 255, 0, 1, 2, 3, 4, 5]
    )
    assert b"".join(store.read(stored.sha256, 1_023_990, 100)) == bytes(range(246, 256))
    assert b"".join(store.read(stored.sha256, 5, 0)) == b""


def test_a_file_over_the_limit_leaves_nothing_behind(store: FileStore) -> None:
    with pytest.raises(ValueError, match="more than 10 bytes"):
        store.put(b"x" * 11, max_bytes=10)
    assert not store.exists(hashlib.sha256(b"x" * 11).hexdigest())
    assert not list(store.scratch.iterdir())


def test_a_missing_file_is_named_and_a_deleted_one_is_missing(store: FileStore) -> None:
    stored = store.put(b"soon gone")
    store.delete(stored.sha256)
    store.delete(stored.sha256)
    assert not store.exists(stored.sha256)
    with pytest.raises(FileMissing):
        store.read_bytes(stored.sha256)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a" * 63, "G" * 64, "/" + "a" * 63])
def test_only_a_hash_names_a_file(store: FileStore, name: str) -> None:
    with pytest.raises(FileMissing):
        store.read_bytes(name)


def test_the_settings_choose_the_store(settings: Settings) -> None:
    assert isinstance(open_store(settings), LocalStore)
    with mock_aws():
        assert isinstance(
            open_store(settings.model_copy(update={"s3_bucket": "b", "s3_region": "us-east-1"})), S3Store
        )


def test_everything_that_is_kept_is_listed_with_its_age(store: FileStore) -> None:
    begun = clock.now() - timedelta(seconds=2)
    contents = [b"", b"one", b"two" * 1000]
    kept = {store.put(content).sha256: len(content) for content in contents}
    found = {file.sha256: file for file in store.listed()}
    assert {name: file.size for name, file in found.items()} == kept
    assert all(begun <= file.stored_at <= clock.now() + timedelta(seconds=2) for file in found.values())
    gone = next(iter(kept))
    store.delete(gone)
    assert gone not in {file.sha256 for file in store.listed()}


def test_what_lies_beside_the_files_is_not_listed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert list(store.listed()) == []
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / "README").write_text("not ours")
    (tmp_path / "notes.txt").write_text("not ours")
    assert list(store.listed()) == []


def test_a_bucket_of_more_files_than_a_page_is_listed_whole(store: FileStore) -> None:
    if isinstance(store, S3Store):
        for number in range(1005):
            name = hashlib.sha256(str(number).encode()).hexdigest()
            store.client.put_object(Bucket="school", Key=f"files/{name[:2]}/{name}", Body=b"x")
        store.client.put_object(Bucket="school", Key=f"files/zz/{'0' * 64}", Body=b"not ours")
        store.client.put_object(Bucket="school", Key=f"other/00/{'0' * 64}", Body=b"not ours")
        assert len(list(store.listed())) == 1005


def test_pieces_of_broken_off_uploads_are_cleared_when_they_are_old(store: FileStore) -> None:
    assert store.clear_scratch(clock.now()) == 0
    store.scratch.mkdir(parents=True, exist_ok=True)
    for name in ("incoming-abc", "keep-0-1", "notes-of-somebody"):
        (store.scratch / name).write_bytes(b"half")
    assert store.clear_scratch(clock.now() - timedelta(hours=1)) == 0
    assert store.clear_scratch(clock.now() + timedelta(seconds=2)) == 2
    assert [path.name for path in store.scratch.iterdir()] == ["notes-of-somebody"]

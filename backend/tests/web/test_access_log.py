"""The access log: what a line says of a request and what it never says, and the file that several processes share."""

import json
import logging
import multiprocessing
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.log_files import SharedRotatingFile
from app.core.logging import ACCESS, configure_logging
from app.core.permissions import Role
from app.db.models import User
from app.settings import Settings
from tests.factories.accounts import UserFactory

CONTENT = "127.0.0.1:8000"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    caplog.set_level(logging.INFO, logger="access")

    def read() -> list[dict[str, Any]]:
        return [record.msg for record in caplog.records if record.name == "access"]  # type: ignore[misc]

    return read


Lines = Callable[[], list[dict[str, Any]]]


def test_a_line_names_the_person_by_number_and_the_route_by_its_template(
    session: Session, signed_in: Callable[[User], TestClient], lines: Lines
) -> None:
    admin, student = UserFactory(session=session, role=Role.ADMIN), UserFactory(session=session)
    answer = signed_in(admin).get(
        f"/people/{student.id}?q=secret+words", headers={"X-Request-ID": "request-0001"}
    )
    [line] = lines()
    assert line["route"] == "/people/{user_id}"
    assert line["method"] == "GET"
    assert line["status"] == 200
    assert line["bytes"] == int(answer.headers["content-length"])
    assert line["subject_id"] == admin.id
    assert line["request_id"] == "request-0001"
    assert line["ms"] >= 0
    assert set(line) == {"at", "request_id", "subject_id", "method", "route", "status", "ms", "bytes"}


def test_nobody_signed_in_has_no_number(client: TestClient, lines: Lines) -> None:
    client.get("/people")
    [line] = lines()
    assert (line["subject_id"], line["status"], line["route"]) == (None, 303, "/people")


@pytest.mark.parametrize(
    ("path", "host", "route", "status"),
    [
        ("/no/such/mia@demo.example", None, "-", 404),
        ("/set-password/a-secret", None, "/set-password/{secret}", 410),
        ("/static/app.css", None, "/static/{path}", 200),
        ("/xapi/about?agent=mia", None, "/xapi/about", 200),
        ("/xapi/mia", None, "-", 404),
        ("/p/a-token/files/mia.html", CONTENT, "/p/{token}/files/{path}", 410),
        ("/sign-in?next=mia", CONTENT, "-", 307),
    ],
)
def test_no_line_has_an_address_as_it_was_typed(
    client: TestClient, lines: Lines, path: str, host: str | None, route: str, status: int
) -> None:
    client.get(path, headers={"Host": host} if host else {})
    [line] = lines()
    assert (line["route"], line["status"]) == (route, status)
    assert "mia" not in json.dumps(line)
    assert "secret}" in json.dumps(line) or "secret" not in json.dumps(line)
    assert line["request_id"]


def test_a_head_request_has_its_route_and_no_bytes(client: TestClient, lines: Lines) -> None:
    client.head("/sign-in")
    [line] = lines()
    assert (line["method"], line["route"], line["bytes"]) == ("HEAD", "/sign-in", 0)


def test_a_request_that_is_refused_before_any_route_has_a_line(client: TestClient, lines: Lines) -> None:
    client.post("/sign-in", headers={"Sec-Fetch-Site": "cross-site"})
    [line] = lines()
    assert (line["status"], line["route"]) == (403, "-")


@pytest.fixture
def access_log() -> Iterator[None]:
    kept = (
        ACCESS.handlers,
        ACCESS.propagate,
        ACCESS.level,
        logging.getLogger().handlers,
        logging.getLogger().level,
    )
    ACCESS.handlers = []
    yield
    for handler in ACCESS.handlers:
        handler.close()
    ACCESS.handlers, ACCESS.propagate = kept[0], kept[1]
    ACCESS.setLevel(kept[2])
    logging.getLogger().handlers = kept[3]
    logging.getLogger().setLevel(kept[4])


@pytest.mark.usefixtures("access_log")
def test_the_file_has_each_request_as_json_whatever_the_level_of_the_log(
    client: TestClient, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "logs" / "access.log"
    configure_logging(settings.model_copy(update={"access_log_file": path, "log_level": "WARNING"}))
    client.get("/sign-in")
    [line] = path.read_text().splitlines()
    assert json.loads(line)["event"] == "request"
    assert json.loads(line)["route"] == "/sign-in"
    assert "/sign-in" not in capsys.readouterr().err
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("access_log")
def test_the_log_has_each_request_in_a_line_to_read(
    settings: Settings, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(settings.model_copy(update={"log_level": "INFO"}))
    client.get("/sign-in")
    assert "GET /sign-in 200 " in capsys.readouterr().err


def _write(path: Path, name: str, count: int) -> None:
    handler = SharedRotatingFile(path, most_bytes=4_000, keep=200)
    for number in range(count):
        handler.handle(
            logging.LogRecord("access", logging.INFO, "", 0, f"{name} {number} {uuid.uuid4()}", None, None)
        )
    handler.close()


def test_several_processes_share_a_file_and_no_line_is_lost_or_torn(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, name, 300)) for name in ("a", "b", "c")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    files = [file for file in tmp_path.iterdir() if not file.name.endswith(".lock")]
    written = [line for file in files for line in file.read_text().splitlines()]
    assert sorted(line.rsplit(" ", 1)[0] for line in written) == sorted(
        f"{name} {number}" for name in ("a", "b", "c") for number in range(300)
    )
    assert len(files) > 5
    assert max(file.stat().st_size for file in files) < 4_000 + 3 * 100


def test_no_more_files_are_kept_than_asked_for(tmp_path: Path) -> None:
    handler = SharedRotatingFile(tmp_path / "access.log", most_bytes=100, keep=2)
    for number in range(50):
        handler.handle(logging.LogRecord("access", logging.INFO, "", 0, f"line {number:020}", None, None))
    handler.close()
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["access.log", "access.log.1", "access.log.2", "access.log.lock"]
    assert "49" in (tmp_path / "access.log").read_text()


def test_a_file_that_was_taken_away_begins_again(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    handler = SharedRotatingFile(path, most_bytes=100, keep=2)
    for number in range(10):
        if number == 5:
            path.unlink()
        handler.handle(logging.LogRecord("access", logging.INFO, "", 0, f"line {number:020}", None, None))
    handler.close()
    assert "9" in path.read_text()


def test_a_line_goes_to_no_other_file_when_a_new_one_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of a file that was closed is soon another's: a connection to the database, an upload."""
    path = tmp_path / "access.log"
    handler = SharedRotatingFile(path, most_bytes=60, keep=2)
    failures: list[logging.LogRecord] = []
    monkeypatch.setattr(handler, "handleError", failures.append)

    def write(line: str) -> None:
        handler.handle(logging.LogRecord("access", logging.INFO, "", 0, f"{line:50}", None, None))

    def full() -> int:
        raise OSError("no space left on device")

    write("first")
    with monkeypatch.context() as disk:
        disk.setattr(handler, "_open", full)
        write("second")
        assert len(failures) == 1
        with (tmp_path / "another").open("wb") as another:
            write("third")
            another.flush()
            assert (tmp_path / "another").read_bytes() == b""
    write("fourth")
    handler.close()
    assert path.read_text().startswith("fourth")

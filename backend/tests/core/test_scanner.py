"""No file is kept that the virus scanner has not passed, whatever the scanner does instead of answering."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.errors import Problem
from app.core.files import LocalStore, intake, scanner
from app.core.files.scanner import Infected, Scanner, ScannerDown, TooLargeToScan
from app.ops.doctor import scanner as doctor
from app.ops.doctor.findings import Installation, Level
from app.setting_values import socket_address
from app.settings import Settings, SettingsError, load_settings
from tests.factories.clamd import EICAR, SIGNATURE, StandIn, clamd


@pytest.fixture(params=["unix", "tcp"])
def daemon(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StandIn]:
    with clamd(tmp_path / "clamd.ctl" if request.param == "unix" else None) as stand_in:
        yield stand_in


def ask(stand_in: StandIn, *chunks: bytes) -> None:
    Scanner(socket_address(stand_in.address)).scan(chunks)


def test_a_clean_file_passes_and_was_read_whole(daemon: StandIn) -> None:
    content = bytes(range(256)) * 4096
    ask(daemon, content[:1000], b"", content[1000:])
    assert daemon.scanned == [content]
    # A million bytes come in pieces: no piece of nothing, which would have said that the file ends there.
    assert len(daemon.pieces) > 3
    assert 0 not in daemon.pieces


def test_an_empty_file_passes(daemon: StandIn) -> None:
    ask(daemon)
    assert daemon.scanned == [b""]


def test_a_virus_is_named_also_where_it_is_split_over_pieces(daemon: StandIn) -> None:
    with pytest.raises(Infected) as found:
        ask(daemon, b"x" * 5 + EICAR[:20], EICAR[20:30], EICAR[30:] + b"y")
    assert found.value.signature == SIGNATURE
    assert SIGNATURE in found.value.detail
    assert "Nothing was saved" in found.value.detail


def test_a_name_that_is_no_name_is_shown_harmlessly(daemon: StandIn) -> None:
    daemon.answer = b"stream: <b>\x1b[31m\xff\n FOUND\0"
    with pytest.raises(Infected) as found:
        ask(daemon, b"x")
    assert found.value.signature == "<b>?[31m??"


def test_a_file_beyond_the_scanner_s_limit_is_too_large(daemon: StandIn) -> None:
    daemon.largest = 300_000
    with pytest.raises(TooLargeToScan) as refused:
        ask(daemon, *[b"x" * 100_000] * 50)
    assert refused.value.status == 413
    assert "StreamMaxLength" in refused.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",  # cut short: the zero byte is missing
        b"stream: OK\n",
        b"stream: O\0",
        b"stream: OK\0\0",
        b"stream: OK\0stream: OK\0",
        b"stream: ok\0",
        b"OK\0",
        b"stream: Eicar FOUND",
        b"stream: Can't allocate memory ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"HTTP/1.1 200 OK\r\n\r\n\0",
        b"\xff" * 10_000,
        b"x" * 10_000 + b"\0",
    ],
)
def test_anything_but_the_whole_right_answer_lets_nothing_pass(daemon: StandIn, answer: bytes) -> None:
    daemon.answer = answer
    with pytest.raises(ScannerDown) as down:
        ask(daemon, b"harmless")
    assert down.value.status == 503
    assert int(down.value.headers["Retry-After"]) > 0
    assert "Nothing was saved" in down.value.detail


def test_an_ok_before_the_file_has_come_whole_counts_for_nothing(daemon: StandIn) -> None:
    daemon.early = b"stream: OK\0"
    with pytest.raises(ScannerDown):
        ask(daemon, *[b"x" * 100_000] * 100)


def test_a_virus_found_before_the_file_has_come_whole_counts(daemon: StandIn) -> None:
    daemon.early = f"stream: {SIGNATURE} FOUND\0".encode()
    with pytest.raises(Infected):
        ask(daemon, *[b"x" * 100_000] * 100)


@pytest.mark.parametrize("after", [1, 200_000])
def test_a_scanner_that_closes_early_lets_nothing_pass(daemon: StandIn, after: int) -> None:
    daemon.close_after = after
    with pytest.raises(ScannerDown):
        ask(daemon, *[b"x" * 100_000] * 100)


def test_a_slow_scanner_is_waited_for(daemon: StandIn) -> None:
    daemon.pause_seconds = 0.01
    ask(daemon, b"harmless")


def test_a_scanner_that_never_answers_is_given_up(daemon: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "ANSWER_SECONDS", 0.05)
    daemon.silent = True
    with pytest.raises(ScannerDown):
        ask(daemon, b"harmless")


def test_one_that_drips_its_answer_is_given_up_too(daemon: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each byte comes in time, all of them together do not.
    monkeypatch.setattr(scanner, "ANSWER_SECONDS", 0.1)
    daemon.pause_seconds = 0.05
    with pytest.raises(ScannerDown):
        ask(daemon, b"harmless")


def test_one_that_takes_no_more_of_the_file_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "SEND_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(ScannerDown):
        Scanner(deaf.getsockname()[:2]).scan([b"x" * 1_000_000] * 100)


def test_a_scanner_that_hangs_holds_few_files_and_the_others_do_not_wait_for_it(
    daemon: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanner, "TURN_SECONDS", 0)
    with contextlib.ExitStack() as at_it:
        for _ in range(scanner.AT_ONCE):
            at_it.enter_context(Scanner(socket_address(daemon.address)).scanning())
        with pytest.raises(ScannerDown):
            ask(daemon, b"harmless")
    ask(daemon, b"harmless")


@pytest.mark.parametrize("make", [lambda path: str(path / "nobody.ctl"), lambda _path: ("127.0.0.1", 1)])
def test_a_scanner_that_is_away_lets_nothing_pass(
    tmp_path: Path, make: Callable[[Path], str | tuple[str, int]]
) -> None:
    with pytest.raises(ScannerDown):
        Scanner(make(tmp_path)).scan([b"harmless"])


def test_what_the_file_s_own_reading_raises_goes_on(daemon: StandIn) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise KeyError("the file")

    with pytest.raises(KeyError):
        Scanner(socket_address(daemon.address)).scan(broken())


def test_examining_gives_hash_and_size_and_keeps_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "files")
    assert intake.examine(store, [b"a", b"bc"]) == store.put(b"abc")
    with clamd(None) as stand_in:
        store.scanner = Scanner(socket_address(stand_in.address))
        with pytest.raises(Problem):
            intake.examine(store, [EICAR])
        assert len(list(store.listed())) == 1


@pytest.mark.parametrize(
    "address",
    ["clamd.ctl", "http://localhost:3310", "tcp://localhost", "tcp://:3310", "unix://host/x", "tcp://h:1/x"],
)
def test_an_address_that_is_none_stops_the_start_with_a_sentence(address: str) -> None:
    with pytest.raises(SettingsError, match=r"CLAMAV_SOCKET: .*tcp://127\.0\.0\.1:3310"):
        load_settings(clamav_socket=address, secret_key="x" * 32, _env_file=None)


def test_the_check_of_the_installation_asks_it(settings: Settings, daemon: StandIn, tmp_path: Path) -> None:
    def looked_at(address: str | None) -> list[Level]:
        known = Installation(settings.model_copy(update={"clamav_socket": address}))
        return [finding.level for finding in doctor.answers(known)]

    assert looked_at(None) == []
    assert looked_at(daemon.address) == [Level.OK]
    assert looked_at(str(tmp_path / "nobody")) == [Level.PROBLEM]


def test_health_says_whether_it_answers(settings: Settings, daemon: StandIn, tmp_path: Path) -> None:
    assert scanner.health(settings).ok is None
    there = scanner.health(settings.model_copy(update={"clamav_socket": daemon.address}))
    assert (there.ok, "ClamAV 1.4.2/27500" in there.sentence) == (True, True)
    away = scanner.health(settings.model_copy(update={"clamav_socket": str(tmp_path / "nobody")}))
    assert away.ok is False
    assert "does not answer, so no file can be uploaded" in away.sentence

"""Time stamps by an outside authority: good ones, none, and answers that are no time stamp."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import time_machine
from asn1crypto import cms, tsp, x509

from app.core import clock, timestamps
from app.core.timestamps import Authority, NoTimeStamp
from app.settings import Settings, SettingsError
from tests.core.authority import Tsa, running

DIGEST = sha256(b"what is stamped").digest()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tsa]:
    with running(tmp_path_factory.mktemp("tsa")) as tsa:
        yield tsa


@pytest.fixture
def tsa(shared: Tsa) -> Tsa:
    shared.spoil, shared.asked = lambda answer: (200, answer), 0
    return shared


def authority(tsa: Tsa, **options: float) -> Authority:
    return Authority(tsa.url, timestamps.certificates(tsa.roots), **options)


def test_a_time_stamp_is_accepted_by_openssl_and_read_again(tsa: Tsa) -> None:
    found = authority(tsa).stamp(DIGEST)
    assert found.authority == "A time-stamp authority"
    assert abs(found.at - clock.now()) < timedelta(minutes=1)
    assert tsa.accepts(found.token, DIGEST)
    assert not tsa.accepts(found.token, sha256(b"something else").digest())
    roots = timestamps.certificates(tsa.roots)
    with pytest.raises(NoTimeStamp, match="not of this content"):
        timestamps.read(found.token, sha256(b"something else").digest(), roots)
    with pytest.raises(NoTimeStamp):
        timestamps.read(found.token[:-9], DIGEST, roots)
    with time_machine.travel(clock.now() + timedelta(days=5 * 365), tick=False):
        # Judged as of its own moment: the authority's certificate has ended by then.
        assert timestamps.read(found.token, DIGEST, roots) == found


@pytest.mark.parametrize("readable", [True, False])
def test_a_certificate_that_was_added_on_the_way_is_neither_asked_about_nor_kept(
    tsa: Tsa, tmp_path: Path, readable: bool
) -> None:
    """Which certificates come with a time stamp is not signed, and one names an address that we would ask."""
    with running(tmp_path) as other:
        (stranger,) = timestamps.certificates(other.folder / "tsa.pem")
        if not readable:
            # asn1crypto takes it, the library that reads addresses does not.
            stranger = stranger.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020109"))

        def added(answer: bytes) -> tuple[int, bytes]:
            response = tsp.TimeStampResp.load(answer)
            held = response["time_stamp_token"]["content"]["certificates"]
            one = cms.CertificateChoices("certificate", x509.Certificate.load(stranger))
            response["time_stamp_token"]["content"]["certificates"] = cms.CertificateSet([one, *held])
            return 200, response.dump()

        tsa.spoil = added
        asked = authority(tsa)
        found = asked.stamp(DIGEST)
        carried, missing = asked.evidence(found)
        assert (other.lists_asked, missing) == (0, [])
    own = timestamps.certificates(tsa.folder / "tsa.pem")
    assert carried.certificates == found.chain == (*own, *timestamps.certificates(tsa.roots))
    assert len(carried.crls) == 1
    assert stranger not in found.token
    assert tsa.accepts(found.token, DIGEST)
    assert timestamps.read(found.token, DIGEST, timestamps.certificates(tsa.roots)) == found


def test_an_authority_that_nobody_named_is_refused(tsa: Tsa, tmp_path: Path) -> None:
    with running(tmp_path) as other:
        stranger = Authority(tsa.url, timestamps.certificates(other.roots))
        with pytest.raises(NoTimeStamp, match="TIMESTAMP_ROOTS"):
            stranger.stamp(DIGEST)


def later(answer: bytes) -> tuple[int, bytes]:
    time.sleep(0.4)
    return 200, answer


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda _answer: (500, b"Sorry"), "status 500"),
        (lambda _answer: (200, b"<html>It works!</html>"), "cannot be read"),
        (lambda _answer: (200, b""), "cannot be read"),
        (lambda answer: (200, answer[:-20]), "cannot be read"),
        (lambda answer: (200, answer[:-20] + bytes(20)), "damaged|not of this content"),
        (lambda _answer: (200, bytes.fromhex("30053003020102")), "cannot be read"),
        (lambda answer: (200, answer + bytes(timestamps.LARGEST)), "too large"),
        (later, "does not answer"),
    ],
)
def test_what_is_no_time_stamp_is_none(
    tsa: Tsa, spoil: Callable[[bytes], tuple[int, bytes]], words: str
) -> None:
    asked = authority(tsa, seconds=0.2 if spoil is later else 5.0)
    tsa.spoil = spoil
    with pytest.raises(NoTimeStamp, match=words):
        asked.stamp(DIGEST)


def test_the_answer_to_another_request_is_none(tsa: Tsa) -> None:
    kept: list[bytes] = []
    tsa.spoil = lambda answer: (kept.append(answer), (200, kept[0]))[1]
    asked = authority(tsa)
    asked.stamp(DIGEST)
    with pytest.raises(NoTimeStamp, match="another request"):
        asked.stamp(DIGEST)


def test_an_authority_that_is_down_is_left_alone_for_a_minute(tsa: Tsa) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = Authority(f"http://127.0.0.1:{free.getsockname()[1]}", timestamps.certificates(tsa.roots))
        with pytest.raises(NoTimeStamp, match="does not answer"):
            nobody.stamp(DIGEST)
    asked = authority(tsa)
    tsa.spoil = lambda _answer: (503, b"")
    with time_machine.travel(clock.now(), tick=False) as moment:
        for sentence in ("status 503", "asked again in a minute", "asked again in a minute"):
            with pytest.raises(NoTimeStamp, match=sentence):
                asked.stamp(DIGEST)
        assert tsa.asked == 1
        tsa.spoil = lambda answer: (200, answer)
        moment.shift(timedelta(seconds=61))
        asked.stamp(DIGEST)


def test_settings_that_do_not_go_together_are_refused(tsa: Tsa, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for given, words in (
        ({"timestamp_url": tsa.url}, "TIMESTAMP_ROOTS"),
        ({"timestamp_url": "ftp://tsa.example.org", "timestamp_roots": tsa.roots}, "not an address"),
        ({"timestamp_url": tsa.url, "timestamp_roots": tmp_path / "none.pem"}, "cannot be read"),
        ({"timestamp_url": tsa.url, "timestamp_roots": empty}, "no certificate"),
    ):
        with pytest.raises((SettingsError, ValueError), match=words):
            Settings(_env_file=None, secret_key="x" * 32, **given)  # type: ignore[call-arg, arg-type]
    good = Settings(  # type: ignore[call-arg]
        _env_file=None,
        secret_key="x" * 32,
        timestamp_url=tsa.url,
        timestamp_roots=tsa.roots,  # type: ignore[arg-type]
    )
    assert timestamps.authority(good) is timestamps.authority(good)

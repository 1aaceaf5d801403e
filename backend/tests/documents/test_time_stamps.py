"""Signatures stamped by an outside authority, and documents issued while there is none to be had."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from app.core import clock, timestamps
from app.core.timestamps import Authority
from app.documents import register
from app.documents.keys.service import OwnKey
from app.documents.pades import sign, sign_and_stamp
from app.documents.verification import inspect
from tests.core.authority import Tsa, running
from tests.documents.poppler import signatures
from tests.documents.test_issue import _kinds, make, world

__all__ = ["_kinds", "world"]
Key = tuple[OwnKey, bytes]


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Tsa]:
    folder = tmp_path / "tsa"
    folder.mkdir()
    with running(folder) as found:
        yield found


def test_a_stamped_signature_holds_and_says_when_it_was_seen(
    tsa: Tsa, unsigned: bytes, key: Key, tmp_path: Path
) -> None:
    roots = timestamps.certificates(tsa.roots)
    made = sign_and_stamp(unsigned, key[0], Authority(tsa.url, roots), reason="Issued", school="A school")
    assert made.stamped is not None
    assert made.unstamped is None
    found = inspect(made.pdf, [key[1]], at=clock.now(), stamp_roots=roots)
    assert found.sound, found.findings
    assert found.findings[-1].answer.startswith("A time-stamp authority saw the signature on ")
    # An authority that is no longer in the settings ends none of the documents that it stamped.
    later = inspect(made.pdf, [key[1]], at=clock.now() + timedelta(days=700))
    assert later.sound, later.findings
    assert "not in the settings" in later.findings[-1].answer
    path = tmp_path / "stamped.pdf"
    path.write_bytes(made.pdf)
    assert "Signature is Valid" in signatures(path)
    # The token stands in the file in hexadecimal; the end of it is the authority's own signature.
    end = made.stamped.token[-20:].hex().encode()
    other = made.pdf.replace(end, b"0" * 40).replace(end.upper(), b"0" * 40)
    assert other != made.pdf
    assert not inspect(other, [key[1]], at=clock.now(), stamp_roots=roots).sound
    # Without an authority nothing is asked, and nothing is said of a time stamp.
    plain = inspect(sign(unsigned, key[0], reason="Issued", school="A school"), [key[1]], at=clock.now())
    assert [one.question for one in plain.findings] == ["Signature", "Signer", "Whole file"]


def test_a_document_is_issued_whether_the_authority_answers_or_not(tsa: Tsa, world: SimpleNamespace) -> None:
    settings = world.settings.model_copy(update={"timestamp_url": tsa.url, "timestamp_roots": tsa.roots})
    world.settings = settings
    stamped = make(world)
    tsa.spoil = lambda _answer: (503, b"")
    unstamped = make(world)
    with world.database.begin() as session:
        session.info["settings"] = settings
        for document, said in ((stamped, True), (unstamped, False)):
            verdict = register.verify(session, world.admin, world.files.read_bytes(document.sha256))
            assert verdict.accepted, verdict.findings
            assert ("Time stamp" in {one.question for one in verdict.findings}) is said
        recorded = session.scalars(
            sa.text(
                "SELECT details->>'time_stamp' FROM audit_log WHERE action = 'document.issued' ORDER BY id"
            )
        ).all()
    assert recorded[0].endswith("by A time-stamp authority")
    assert recorded[1] == "The time-stamp authority answered with status 503."

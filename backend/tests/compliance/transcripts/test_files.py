"""Files of transcripts: what was changed in one is refused, and every byte that is kept is read."""

from io import BytesIO
from uuid import uuid4

import pikepdf
import pytest

from app.compliance.transcripts import service
from app.core.errors import NotFound
from app.core.permissions import SYSTEM
from app.db.models import IssuedDocument
from app.documents import service as documents
from tests.compliance.transcripts.conftest import World


@pytest.fixture
def tampered(world: World, issued: IssuedDocument) -> dict[str, bytes]:
    from pyhanko.pdf_utils.generic import NumberObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    pdf = world.pdf(issued)
    flipped = bytearray(pdf)
    flipped[len(pdf) // 3] ^= 1
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = NumberObject(180)
    writer.update_container(page)
    overlay = BytesIO()
    writer.write(overlay)
    return {
        "flipped byte": bytes(flipped),
        "overlay": overlay.getvalue(),
        "appended bytes": pdf + b"% more",
        "truncated": pdf[:-500],
        "no PDF": b"hello",
        "empty": b"",
        "saved again": _saved_again(pdf),
    }


def _saved_again(pdf: bytes) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as opened:
        opened.save(out)
    return out.getvalue()


def test_what_was_changed_is_refused_by_our_own_rule(world: World, tampered: dict[str, bytes]) -> None:
    with world.database.begin() as session:
        for what, pdf in tampered.items():
            judged = service.verify(session, SYSTEM, pdf)
            assert not judged.accepted, what
            assert judged.transcript is None, what


def test_another_document_of_the_school_is_no_transcript(world: World) -> None:
    from app.enrollment.letters import service as letters

    letter = documents.issue(
        world.database,
        world.registrar,
        world.files,
        world.settings,
        lambda session: letters.draft(
            session, world.registrar, world.files, world.enrollments["maria"], None
        ),
        request=uuid4(),
    )
    with world.database.begin() as session:
        judged = service.verify(session, SYSTEM, world.pdf(letter))
        assert judged.verdict.accepted
        assert not judged.accepted
        with pytest.raises(NotFound):
            service.find(session, SYSTEM, letter.number)


def test_every_byte_of_every_issued_file_is_read_and_a_fault_is_named(
    world: World, issued: IssuedDocument
) -> None:
    fine = documents.check_files(world.database, world.files)
    assert fine is not None
    assert (fine.files, fine.size_bytes, fine.fault_count) == (1, issued.size_bytes, 0)
    second = world.issue(whose="omar")
    path = world.settings.data_dir / "files"
    (found,) = list(path.rglob(issued.sha256 or "?"))
    damaged = bytearray(found.read_bytes())
    damaged[-1] ^= 1
    found.chmod(0o600)
    found.write_bytes(damaged)
    (gone,) = list(path.rglob(second.sha256 or "?"))
    gone.unlink()
    bad = documents.check_files(world.database, world.files)
    assert bad is not None
    assert bad.fault_count == 2
    assert bad.faults == (
        f"{issued.number} has other content than when it was issued.",
        f"{second.number} is missing from the file store.",
    )
    with world.database.begin() as session:
        assert documents.last_check(session) == bad

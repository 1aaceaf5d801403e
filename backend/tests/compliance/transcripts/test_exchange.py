"""The XML of issued transcripts: what is attached, drawn again, and downloaded by itself."""

from datetime import UTC, date, datetime
from io import BytesIO

import pikepdf
import pytest
import sqlalchemy as sa
from defusedxml.ElementTree import fromstring

from app.compliance.transcripts import content, layout, service
from app.core.errors import Conflict, NotFound
from app.db.models import Enrollment, FinalGrade, IssuedDocument, TranscriptContent
from app.documents import register
from tests.compliance.transcripts.conftest import World
from tests.factories.school import School


def attached(world: World, document: IssuedDocument) -> str:
    with pikepdf.open(BytesIO(world.pdf(document))) as opened:
        return opened.attachments["transcript.xml"].get_file().read_bytes().decode()


def test_one_that_replaces_another_says_so_and_is_drawn_again(world: World, issued: IssuedDocument) -> None:
    newer = world.issue(replaces=issued.id)
    found = [fromstring(attached(world, one)) for one in (issued, newer)]
    assert [one.findtext("TransmissionData/TransmissionType") for one in found] == ["Original", "Replace"]
    assert f"It replaces transcript {issued.number}." in [one.text for one in found[1].iter("NoteMessage")]
    with world.database.begin() as session:
        again = service.redraw(session, world.files, world.settings, newer.id)
    assert world.pdf(newer).startswith(again.rstrip(b"\n"))


def test_one_that_was_issued_without_xml_is_drawn_again_without_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Format 1 had no XML, and not all that the XML is made of."""
    monkeypatch.setattr(content, "FORMAT", 1)
    old = world.issue()
    monkeypatch.undo()
    with pikepdf.open(BytesIO(world.pdf(old))) as opened:
        assert list(opened.attachments) == ["document.json"]
    with world.database.begin() as session:
        here = service.redraw(session, world.files, world.settings, old.id)
        kept = content.read(session.scalars(sa.select(TranscriptContent.content)).one())
    assert world.pdf(old).startswith(here.rstrip(b"\n"))
    assert kept["format"] == 1
    del kept["replaces"], kept["courses"][0]["passed"], kept["hours"]["modules"][0]["classes"]
    assert layout.facts(kept, old.number, date(2026, 5, 4), "0" * 16)["pesc"] is None
    with world.database.begin() as session, pytest.raises(Conflict, match="nothing to download"):
        service.exchange_record(session, world.maria, old.id)


def test_the_xml_is_downloaded_as_it_is_in_the_file(world: World, issued: IssuedDocument) -> None:
    with world.database.begin() as session:
        number, text = service.exchange_record(session, world.maria, issued.id)
        with pytest.raises(NotFound):
            service.exchange_record(session, world.omar, issued.id)
        downloads = session.scalars(
            sa.text("SELECT target_id FROM audit_log WHERE action = 'document.downloaded'")
        ).all()
    assert (number, downloads) == (issued.number, [str(issued.id)])
    assert attached(world, issued) == text
    with world.database.begin() as session:
        register.void(session, world.registrar, issued.id, "Issued in error")
        with pytest.raises(Conflict, match="no longer valid"):
            service.exchange_record(session, world.maria, issued.id)


def test_a_course_that_was_failed_earns_no_hours(world: World) -> None:
    """Omar sat in the same class as Maria, was there as long, and failed."""
    with world.database.begin() as session:
        passed = session.scalars(sa.select(FinalGrade)).one()
        session.add(
            FinalGrade(
                enrollment_id=world.enrollments["omar"],
                letter="F",
                percent=20,
                **{
                    name: getattr(passed, name)
                    for name in (
                        "class_id", "gpa_weight", "policy_id", "graded_on", "explanation", "status", "submitted_by",
                        "decided_by", "decided_at",
                    )
                },
            )
        )  # fmt: skip
        School(session).attendance(
            session.get_one(Enrollment, world.enrollments["omar"]),
            clock_in=datetime(2026, 4, 6, 13, tzinfo=UTC),
            clock_out=datetime(2026, 4, 6, 16, tzinfo=UTC),
        )
    root = fromstring(attached(world, world.issue(whose="omar")))
    assert [one.text for one in root.iter("CourseAcademicGrade")] == ["F"]
    assert list(root.iter("CourseCreditEarned")) == []
    assert "Clock hours in Dental anatomy: 3.00." in [one.text for one in root.iter("NoteMessage")]

"""What goes with a transcript, and what is recorded when it is given out."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pikepdf
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.compliance.privacy import service as privacy
from app.compliance.transcripts import content, service
from app.compliance.transcripts.deliveries import service as deliveries
from app.compliance.transcripts.requests import service as requests
from app.compliance.transcripts.schemas import ShareForm
from app.core import clock, tokens
from app.core.errors import Invalid
from app.core.permissions import Subject
from app.db.models import (
    AmendmentRequest,
    Consent,
    Disclosure,
    IssuedDocument,
    TranscriptContent,
    UserSession,
)
from app.main import create_app
from tests.compliance.transcripts.conftest import NOW, World
from tests.compliance.transcripts.test_requests import ask
from tests.documents.poppler import text_of

STATEMENT = "My badge did not work on April 7, and the instructor saw me. 🦷"
PRINTED = "My badge did not work on April 7, and the instructor saw me. □"


def attach(world: World) -> None:
    """A statement of Maria's, after a hearing that left the record as it is."""
    with world.database.begin() as session:
        session.add(
            AmendmentRequest(
                student_id=world.maria.user_id,
                record="Attendance of April 7",
                wanted="Four hours",
                outcome="refused",
                decision="No",
                decided_by=world.registrar.user_id,
                decided_at=NOW,
                hearing_asked_at=NOW,
                hearing_outcome="upheld",
                hearing_decision="It stands.",
                heard_by=world.bursar.user_id,
                heard_at=NOW,
                statement=STATEMENT.replace(" and", "\r\nand\u200b"),
                statement_at=NOW,
            )
        )


def test_a_statement_travels_with_every_transcript_issued_after_it(
    world: World, issued: IssuedDocument, tmp_path: Path
) -> None:
    attach(world)
    after, others = world.issue(replaces=issued.id), world.issue(whose="omar")
    path = tmp_path / "transcript.pdf"
    path.write_bytes(world.pdf(after))
    text = " ".join(text_of(path, "-layout").split())
    assert PRINTED in text
    assert "The student’s statement about Attendance of April 7" in text
    with pikepdf.open(BytesIO(world.pdf(after))) as opened:
        assert STATEMENT in opened.attachments["document.json"].get_file().read_bytes().decode()
    with world.database.begin() as session:
        kept = {
            row.document_id: content.read(row.content)
            for row in session.scalars(sa.select(TranscriptContent))
        }
        assert kept[after.id]["statements"] == [{"record": "Attendance of April 7", "statement": STATEMENT}]
        assert not kept[issued.id]["statements"]
        assert not kept[others.id]["statements"]
        # Drawn again it is the same, and so is what was issued before there was a statement.
        for document in (issued, after, others):
            again = service.redraw(session, world.files, world.settings, document.id)
            assert world.pdf(document).startswith(again.rstrip(b"\n")), document.number
    # What an older release kept has no place for statements.
    old = {name: value for name, value in kept[issued.id].items() if name != "statements"}
    assert content.statements(old) == []


def test_every_delivery_is_in_the_disclosure_log_with_its_basis(world: World, issued: IssuedDocument) -> None:
    number = ask(world)
    requests.fulfill(world.database, world.registrar, world.files, world.settings, number, request=uuid4())
    with world.database.begin() as session:
        ((row, recorder),) = privacy.log_of(session, world.registrar, world.maria.user_id)
        assert (row.recipient, row.interest, row.basis, recorder) == (
            "A college",
            "Transfer",
            "consent",
            "Ruth Registrar",
        )
        assert row.records == "Transcript of Dental Assistant Professional, TR-2026-000002"
        consent = session.get_one(Consent, row.consent_id)
        assert (consent.method, consent.signed_name, consent.purpose, consent.entered_by) == (
            "electronic",
            "Maria Lopez",
            "Transfer",
            world.maria.user_id,
        )
        deliveries.share(session, world.maria, world.settings, issued.id, "A dentist")
        found = privacy.log_of(session, world.maria, world.maria.user_id)
        assert [(one.Disclosure.recipient, one.Disclosure.basis) for one in found] == [
            ("A dentist", "student"),
            ("A college", "consent"),
        ]


def test_a_registrars_link_names_its_purpose_and_basis(world: World, issued: IssuedDocument) -> None:
    with world.database.begin() as session, pytest.raises(Invalid, match="purpose"):
        deliveries.share(session, world.registrar, world.settings, issued.id, "A college")
    with world.database.begin() as session:
        other = Consent(
            student_id=world.omar.user_id, records="All", purpose="Any", recipient="A college",
            method="electronic", signed_name="Omar", signed_on=NOW.date(), entered_by=world.omar.user_id,
        )  # fmt: skip
        session.add(other)
        session.flush()
        for basis in ("because", "consent", f"consent-{other.id}", "consent-x"):
            with pytest.raises(Invalid), session.begin_nested():
                deliveries.share(
                    session, world.registrar, world.settings, issued.id, "A college",
                    why=deliveries.Why("Transfer", basis),
                )  # fmt: skip
    with world.database.begin() as session:
        assert session.scalars(sa.select(Disclosure)).all() == []
        assert deliveries.deliveries(session, world.maria, world.maria.user_id) == []
        deliveries.share(
            session, world.registrar, world.settings, issued.id, "A college",
            why=deliveries.Why("Enrollment", "other_school"),
        )  # fmt: skip
        row = session.scalars(sa.select(Disclosure)).one()
        assert (row.basis, row.interest, row.recipient) == ("other_school", "Enrollment", "A college")
    assert {"purpose", "basis"} <= set(ShareForm.model_fields)


def test_the_share_page_asks_the_registrar_for_the_basis_and_the_student_for_nothing(
    world: World, issued: IssuedDocument
) -> None:
    app = create_app(world.settings, world.database)
    address = f"/transcripts/{issued.id}/share"
    with TestClient(app, base_url=world.settings.app_origin, follow_redirects=False) as client:

        def sign_in(who: Subject) -> None:
            with world.database.begin() as session:
                clear, hashed = tokens.new_token()
                until = clock.now() + timedelta(days=1)
                session.add(UserSession(user_id=who.user_id, token_hash=hashed, expires_at=until))
            client.cookies.set("aada_session", clear)

        sign_in(world.registrar)
        assert "A school where the student enrolls" in client.get(address).text
        refused = client.post(address, data={"recipient": "A college", "days": "30"})
        assert (refused.status_code, "Choose what allows the school" in refused.text) == (422, True)
        given = {"recipient": "A college", "days": "30", "purpose": "Transfer", "basis": "consent-99"}
        assert client.post(address, data=given).status_code == 422
        assert client.post(address, data=given | {"basis": "other_school"}).status_code == 303
        sign_in(world.maria)
        assert "Basis in FERPA" not in client.get(address).text
        assert client.post(address, data={"recipient": "A dentist", "days": "30"}).status_code == 303
    with world.database.begin() as session:
        assert session.scalars(sa.select(Disclosure.basis).order_by(Disclosure.id)).all() == [
            "other_school",
            "student",
        ]

"""What people see of the seals: a mail when the history was changed, and the state on the audit page."""

from collections.abc import Callable
from hashlib import sha256

from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.permissions import SYSTEM, Duty
from app.db.models import AuditEntry, OutboxMessage, User
from app.projections import alerts
from tests.factories.accounts import HASHED
from tests.factories.school import School


def test_administrators_get_a_mail_about_a_changed_history(session: Session) -> None:
    admin = School(session).admin(hashed_password=HASHED)
    for faults in ([], ["Entry 7 was changed after it was sealed."]):
        history.record(session, SYSTEM, Action.HISTORY_VERIFIED, None, entries=9, seals=2, faults=faults)
    session.flush()
    alerts.SUBSCRIBER.apply(session, session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all())
    [message] = session.scalars(select(OutboxMessage))
    assert message.to_address == admin.email
    assert "the history was changed" in message.subject
    assert "- Entry 7 was changed after it was sealed.\n" in message.body_text


def test_the_audit_page_says_how_it_stands(session: Session, signed_in: Callable[[User], TestClient]) -> None:
    auditor = signed_in(School(session).with_duty(Duty.AUDITOR))
    assert "Seals" not in auditor.get("/audit").text
    session.execute(
        text(
            "INSERT INTO history_seals (number, generation, first_xid, end_xid, entries, last_entry_id, root, leaves,"
            " previous, hash) VALUES (1, 1, '0', '9', 1, 4321, sha256('a'), sha256('b'), '', sha256('c'))"
        )
    )
    page = auditor.get("/audit").text
    assert "Up to entry 4,321" in page
    assert sha256(b"c").hexdigest() in page
    assert "Not yet; the first is tonight" in page
    fault = "Entry 7 was changed after it was sealed."
    history.record(session, SYSTEM, Action.HISTORY_VERIFIED, None, entries=4321, seals=1, faults=[fault])
    page = auditor.get("/audit").text
    assert "The history does not match its seals" in page
    assert fault in page
    said = auditor.get("/audit?format=json").json()["about"]["History seal"]
    assert said == f"1 {sha256(b'c').hexdigest()}"

"""The disclosure log, consents that it rests on, systems that receive records, and an opt-out that really hides."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.compliance.privacy import service
from app.compliance.privacy.schemas import BatchFields, ConsentFields, DisclosureFields
from app.core import history
from app.core.actions import Action
from app.core.directory import may_publish, publishable
from app.core.errors import Forbidden, Invalid
from app.core.permissions import Subject
from app.core.proof import ProofRequired
from app.db.models import AuditEntry, Disclosure, User
from app.rules.privacy import BASES
from tests.compliance.privacy.conftest import NOW, TODAY, SignedIn
from tests.factories.school import School

FIELDS: dict[str, Any] = {
    "made_on": TODAY,
    "recipient": "GNPEC, Ms. Carter",
    "interest": "Renewal of the authorization",
    "records": "Attendance of 2025",
    "basis": "authorities",
}


def test_a_batch_is_on_every_students_log_or_on_nobodys(
    session: Session, school: School, maria: User, me: Subject, registrar: Subject
) -> None:
    others = [school.student(email=f"batch{number}@example.org") for number in range(30)]
    everybody = "\n".join([maria.email.upper(), *(one.email for one in others)])
    with pytest.raises(Invalid, match=r"nobody@example\.org"):
        service.record_batch(
            session, registrar, BatchFields(students=f"{everybody}\nnobody@example.org", **FIELDS), TODAY
        )
    assert session.scalars(select(Disclosure)).all() == []
    row = service.record_batch(session, registrar, BatchFields(students=everybody, **FIELDS), TODAY)
    for person in (maria, others[-1]):
        ((found, recorder),) = service.log_of(session, registrar, person.id)
        assert (found.id, recorder) == (row.id, "Rita Registrar")
    assert len(service.log_of(session, me, maria.id)) == 1, "the student sees it"
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "disclosure.recorded")).all()
    assert {entry.student_id for entry in entries} == {maria.id, *(one.id for one in others)}
    assert {entry.details["students"] for entry in entries} == {31}
    # The log is evidence: the system itself can neither change nor delete it.
    changed = update(Disclosure).where(Disclosure.id == row.id).values(recipient="Somebody else")
    with session.begin_nested() as savepoint:
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(changed)
        savepoint.rollback()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"made_on": TODAY + timedelta(days=1)}, "made_on"),
        ({"basis": "because"}, "basis"),
        ({"basis": "consent"}, "consent_id"),
        ({"basis": "consent", "consent_id": 999}, "consent_id"),
    ],
)
def test_what_cannot_be_recorded(
    session: Session, maria: User, registrar: Subject, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        service.record(session, registrar, maria.id, DisclosureFields(**(FIELDS | change)), TODAY)
    assert [error.field for error in refused.value.errors] == [field]


def test_a_consent_is_signed_by_who_is_there_and_counts_until_it_is_withdrawn(
    session: Session, maria: User, me: Subject, registrar: Subject
) -> None:
    asked = {"records": "Transcript", "purpose": "A job", "recipient": "Peachtree Dental"}
    signed = ConsentFields(signed_name="maria  lopez", **asked)
    with pytest.raises(ProofRequired):
        service.give(session, replace(me, proved_at=NOW - timedelta(hours=1)), maria.id, signed, TODAY)
    with pytest.raises(Invalid, match="Maria Lopez"):
        service.give(session, me, maria.id, ConsentFields(signed_name="M. L.", **asked), TODAY)
    consent = service.give(session, me, maria.id, signed, TODAY)
    assert (consent.method, consent.signed_on, consent.entered_by) == ("electronic", TODAY, maria.id)
    given = DisclosureFields(**(FIELDS | {"basis": "consent", "consent_id": consent.id}))
    assert service.record(session, registrar, maria.id, given, TODAY).consent_id == consent.id
    before = DisclosureFields(**(given.model_dump() | {"made_on": TODAY - timedelta(days=1)}))
    with pytest.raises(Invalid, match="does not count on that day"):
        service.record(session, registrar, maria.id, before, TODAY)
    service.withdraw(session, me, consent.id)
    with pytest.raises(Invalid, match="does not count on that day"):
        service.record(session, registrar, maria.id, given, TODAY)
    assert len(service.log_of(session, me, maria.id)) == 1, "what was given before stays on record"
    with pytest.raises(Forbidden):
        service.record(
            session, replace(registrar, user_id=maria.id), maria.id, DisclosureFields(**FIELDS), TODAY
        )


def test_systems_that_receive_records_stand_on_the_log_by_themselves(
    session: Session, school: School, maria: User, me: Subject
) -> None:
    admin = school.admin()
    happened = (
        (Action.API_TOKEN_CREATED, 1, {"name": "Tutoring service", "scopes": ["students.read_all"]}),
        (Action.API_TOKEN_CREATED, 2, {"name": "Door plan", "scopes": ["academics.read"]}),
        (Action.API_TOKEN_REVOKED, 1, {}),
    )
    for action, number, details in happened:
        history.record(session, None, action, number, **details)
    found = service.standing_for(session, me, maria.id)
    assert [(one.recipient, one.until is not None) for one in found] == [("Tutoring service", True)]
    assert admin.id != maria.id
    recorded = {name for name, basis in BASES.items() if basis.recorded}
    assert recorded == set(BASES) - {"consent", "student"}


def test_an_opt_out_hides_everywhere_outsiders_look(
    session: Session, school: School, maria: User, me: Subject, registrar: Subject, signed_in: SignedIn
) -> None:
    program = school.program(name="Dental Assistant")
    for person in (maria, school.student(full_name="Open Olga")):
        school.enrollment(person, program)
    office = signed_in(school.admin())
    assert "Maria Lopez" in office.get("/privacy/directory").text
    service.set_hidden(session, me, maria.id, hidden=True)
    service.set_hidden(session, me, maria.id, hidden=True)
    assert not may_publish(session, maria.id)
    shown = session.scalars(select(User.full_name).where(User.role == "student", publishable(User.id))).all()
    assert "Maria Lopez" not in shown
    assert "Open Olga" in shown
    for form in ("", "?format=csv", "?format=json", "?q=maria"):
        assert "Maria Lopez" not in office.get(f"/privacy/directory{form}").text, form
    assert "No directory information" in office.get(f"/people/{maria.id}").text
    service.set_hidden(session, registrar, maria.id, hidden=False)
    assert may_publish(session, maria.id)
    assert session.scalars(
        select(AuditEntry.action).where(AuditEntry.target == "directory_opt_outs").order_by(AuditEntry.id)
    ).all() == ["directory.opted_out", "directory.allowed"]

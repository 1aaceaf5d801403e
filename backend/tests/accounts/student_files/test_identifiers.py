"""Identifiers: sealed, masked, found by the exact number alone, shown whole for a reason and after a proof."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.identifiers import numbers, service
from app.accounts.identifiers.numbers import IdentifierKind
from app.accounts.identifiers.service import IdentifierForm
from app.core import clock
from app.core.errors import Forbidden, Invalid, NotFound, Unavailable
from app.core.permissions import Duty, Subject
from app.db.models import User
from app.settings import Settings
from tests.accounts.student_files.conftest import SignedIn, entries
from tests.factories.school import School

SSN = IdentifierForm(kind=IdentifierKind.SSN, number="123-45-6789")
Make = Callable[[Duty], Subject]


def test_no_row_of_any_table_holds_the_number(
    session: Session, settings: Settings, maria: User, registrar: Subject
) -> None:
    record = service.add(session, registrar, settings, maria.id, SSN)
    row = str(session.execute(text("SELECT t::text FROM student_identifiers t")).scalar_one())
    history = str(session.execute(text("SELECT string_agg(details::text, ' ') FROM audit_log")).scalar_one())
    for held in (row, history):
        assert "123456789" not in held
        assert "123-45" not in held
    assert record.last_four == "6789"


def test_the_page_shows_four_signs_and_the_search_finds_the_whole_number_alone(
    session: Session, settings: Settings, maria: User, registrar: Subject, signed_in: SignedIn, school: School
) -> None:
    service.add(session, registrar, settings, maria.id, SSN)
    client = signed_in(school.with_duty(Duty.ADMISSIONS))
    page = client.get(f"/people/{maria.id}/file").text
    assert "•••• 6789" in page
    assert "123-45" not in page
    for typed, found in (
        ("123456789", True),
        (" 123 45 6789 ", True),
        ("6789", False),
        ("123-45-6780", False),
    ):
        answer = client.post("/people/identifier-search", data={"number": typed})
        assert (maria.full_name in answer.text) is found, typed
        assert typed not in answer.text
    assert [entry.details["found"] for entry in entries(session, "identifier.searched")] == [1, 1, 0, 0]


def test_to_see_it_whole_takes_a_reason_and_a_fresh_proof_and_the_student_reads_of_it(
    session: Session, settings: Settings, maria: User, registrar: Subject, signed_in: SignedIn, school: School
) -> None:
    record = service.add(session, registrar, settings, maria.id, SSN)
    client = signed_in(school.with_duty(Duty.BURSAR))
    path = f"/people/{maria.id}/identifiers/{record.id}/reveal"
    assert client.post(path, data={"reason": " "}).status_code == 422
    shown = client.post(path, data={"reason": "Form 1098-T"})
    assert "123-45-6789" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    [entry] = entries(session, "identifier.revealed")
    assert (entry.student_id, entry.reason, entry.purpose) == (maria.id, "Form 1098-T", "billing")
    with time_machine.travel(clock.now() + timedelta(minutes=20), tick=False):
        refused = client.post(path, data={"reason": "Form 1098-T"})
    assert "123-45-6789" not in refused.text
    assert len(entries(session, "identifier.revealed")) == 1


def test_who_does_not_see_it_whole(
    session: Session, settings: Settings, maria: User, registrar: Subject, duty: Make, me: Subject
) -> None:
    record = service.add(session, registrar, settings, maria.id, SSN)
    for subject in (duty(Duty.ADMISSIONS), duty(Duty.AUDITOR), me):
        with pytest.raises(Forbidden):
            service.reveal(session, subject, settings, maria.id, record.id, "Curious")
    with pytest.raises(NotFound):
        service.reveal(session, duty(Duty.INSTRUCTOR), settings, maria.id, record.id, "Curious")


def test_two_students_do_not_have_one_number(
    session: Session, settings: Settings, school: School, maria: User, registrar: Subject
) -> None:
    record = service.add(session, registrar, settings, maria.id, SSN)
    other = school.student()
    with pytest.raises(IntegrityError, match="uq_student_identifiers_blind_index"), session.begin_nested():
        service.add(session, registrar, settings, other.id, SSN)
    service.remove(session, registrar, maria.id, record.id)
    service.add(session, registrar, settings, other.id, SSN)
    assert [user.id for user in service.find(session, registrar, "123456789")] == [other.id]
    with pytest.raises(NotFound):
        service.reveal(session, registrar, settings, maria.id, record.id, "Again")


def test_a_number_sealed_under_another_key_says_so(
    session: Session, settings: Settings, maria: User, registrar: Subject
) -> None:
    record = service.add(session, registrar, settings, maria.id, SSN)
    other = settings.model_copy(
        update={"secret_key": type(settings.secret_key)("another key of good length, too")}
    )
    with pytest.raises(Unavailable):
        service.reveal(session, registrar, other, maria.id, record.id, "Check")


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (IdentifierKind.SSN, "000-12-3456"),
        (IdentifierKind.SSN, "666-12-3456"),
        (IdentifierKind.SSN, "900-12-3456"),
        (IdentifierKind.SSN, "123-00-6789"),
        (IdentifierKind.SSN, "123-45-0000"),
        (IdentifierKind.SSN, "12345678"),
        (IdentifierKind.SSN, "1234567890"),
        (IdentifierKind.ITIN, "812-70-1234"),
        (IdentifierKind.ITIN, "912-93-1234"),
        (IdentifierKind.STATE_ID, "12"),
        (IdentifierKind.OTHER, "----"),
    ],
)
def test_numbers_that_cannot_be(
    session: Session, settings: Settings, maria: User, registrar: Subject, kind: IdentifierKind, number: str
) -> None:
    with pytest.raises(Invalid):
        service.add(session, registrar, settings, maria.id, IdentifierForm(kind=kind, number=number))


def test_less_than_half_of_a_short_number_is_shown() -> None:
    assert numbers.last_four("AB12") == "2"
    assert numbers.last_four("123456789") == "6789"

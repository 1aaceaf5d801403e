"""Documents that students bring: what is required, sent, checked, missing, and reminded of."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.access.service import subject_for
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.files import FileStore, open_store
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import AdmissionDocument, AuditEntry, OutboxMessage, Program, User
from app.db.session import Database
from app.enrollment.admissions.papers import service
from app.enrollment.admissions.papers.schemas import CheckForm, KindForm, Paper
from app.rules import admission_documents as rule
from app.settings import Settings
from app.web import queue
from app.web.paging import Paging
from tests.enrollment.admissions.conftest import PDF, TODAY, SignedIn
from tests.factories.school import School

Kinds = dict[str, int]
NEXT_YEAR = date(2027, 5, 6)


@pytest.fixture
def maria(session: Session, school: School, kinds: Kinds) -> User:
    """A student whose program requires a diploma and a CPR card."""
    student = school.student(full_name="Maria Lopez", email="maria@example.org")
    enrollment = school.enrollment(student)
    service.require_kinds(session, SYSTEM, None, [kinds["High"]])
    service.require_kinds(session, SYSTEM, enrollment.program_id, [kinds["CPR"]])
    return student


@pytest.fixture
def me(session: Session, settings: Settings, maria: User) -> Subject:
    return subject_for(session, settings, maria)


def send(
    session: Session,
    subject: Subject,
    store: FileStore,
    user: User,
    kind: int,
    expires_on: date | None = None,
) -> AdmissionDocument:
    paper = Paper(kind_id=kind, expires_on=expires_on)
    return service.add_document(session, subject, store, user.id, paper, PDF, TODAY)


def standings(session: Session, subject: Subject, user: User, today: date = TODAY) -> dict[str, str]:
    return {
        line.kind.split()[0]: line.standing
        for line in service.checklist(session, subject, user.id, today).lines
    }


def test_from_missing_to_valid_to_expired(
    session: Session, store: FileStore, maria: User, me: Subject, office: Subject, kinds: Kinds
) -> None:
    assert standings(session, me, maria) == {"High": "missing", "CPR": "missing"}
    record = send(session, me, store, maria, kinds["CPR"], NEXT_YEAR)
    assert standings(session, office, maria)["CPR"] == "received"
    service.accept_document(session, office, maria.id, record.id, CheckForm(expires_on=NEXT_YEAR), TODAY)
    assert standings(session, me, maria)["CPR"] == "valid"
    days = {NEXT_YEAR - timedelta(60): "expiring", NEXT_YEAR: "expiring", NEXT_YEAR + timedelta(1): "expired"}
    assert {day: standings(session, me, maria, day)["CPR"] for day in days} == days
    assert (record.checked_by, record.uploaded_by) == (office.user_id, maria.id)
    claims = (
        "SELECT retention FROM file_claims WHERE owner_room = 'enrollment.admission_documents' ORDER BY 1"
    )
    assert list(session.scalars(text(claims))) == ["normal", "permanent"]


def test_a_newer_document_counts_and_an_older_one_stays(
    session: Session, store: FileStore, maria: User, me: Subject, office: Subject, kinds: Kinds
) -> None:
    for end in (TODAY + timedelta(10), NEXT_YEAR):
        record = send(session, me, store, maria, kinds["CPR"], end)
        service.accept_document(session, office, maria.id, record.id, CheckForm(expires_on=end), TODAY)
    assert standings(session, me, maria)["CPR"] == "valid"
    assert len(service.checklist(session, me, maria.id, TODAY).documents) == 2


def test_an_expired_card_is_refused_when_it_is_sent_and_when_it_is_checked(
    session: Session, store: FileStore, maria: User, me: Subject, office: Subject, kinds: Kinds
) -> None:
    with pytest.raises(Invalid, match="expired on May 5, 2026"):
        send(session, me, store, maria, kinds["CPR"], TODAY - timedelta(1))
    record = send(session, me, store, maria, kinds["CPR"])
    with pytest.raises(Invalid, match="expired on"):
        service.accept_document(
            session, office, maria.id, record.id, CheckForm(expires_on=TODAY - timedelta(1)), TODAY
        )
    with pytest.raises(Invalid, match="expiration date"):
        service.accept_document(session, office, maria.id, record.id, CheckForm(), TODAY)
    with pytest.raises(Invalid, match="after the date of issue"):
        service.accept_document(
            session, office, maria.id, record.id, CheckForm(issued_on=TODAY, expires_on=TODAY), TODAY
        )
    assert record.state == "received"


def test_a_rejected_document_says_why_to_the_student(
    session: Session,
    store: FileStore,
    maria: User,
    me: Subject,
    office: Subject,
    kinds: Kinds,
    signed_in: SignedIn,
) -> None:
    record = send(session, me, store, maria, kinds["CPR"])
    with pytest.raises(Invalid):
        service.reject_document(session, office, maria.id, record.id, None)
    service.reject_document(session, office, maria.id, record.id, "The name cannot be read.")
    page = signed_in(maria).get("/account/admission-documents").text
    assert "The name cannot be read." in page
    mail = session.scalars(select(OutboxMessage).where(OutboxMessage.to_address == maria.email)).one()
    assert "The name cannot be read." in mail.body_text
    with pytest.raises(Conflict):
        service.accept_document(session, office, maria.id, record.id, CheckForm(expires_on=NEXT_YEAR), TODAY)


def test_whose_document_it_is(
    session: Session,
    store: FileStore,
    school: School,
    maria: User,
    me: Subject,
    duty: Callable[[Duty], Subject],
    kinds: Kinds,
    signed_in: SignedIn,
) -> None:
    record = send(session, me, store, maria, kinds["CPR"])
    other = school.student()
    stranger = signed_in(other)
    path = f"/people/{maria.id}/admission-documents/{record.id}/file"
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"/people/{other.id}/admission-documents/{record.id}/file").status_code == 404
    assert signed_in(school.with_duty(Duty.BURSAR)).get(path).status_code == 404
    answer = signed_in(maria).get(path)
    assert (answer.content, answer.headers["content-disposition"][:10]) == (PDF, "attachment")
    assert signed_in(school.with_duty(Duty.REGISTRAR)).get(path).status_code == 200
    opened = select(AuditEntry).where(AuditEntry.action == "admission_document.opened")
    assert session.scalars(opened).one().student_id == maria.id
    with pytest.raises(Forbidden):
        service.accept_document(session, me, maria.id, record.id, CheckForm(expires_on=NEXT_YEAR), TODAY)
    with pytest.raises(Forbidden):
        service.reject_document(session, duty(Duty.AUDITOR), maria.id, record.id, "No")
    with pytest.raises(NotFound):
        service.get_document(session, duty(Duty.ADMISSIONS), other.id, record.id)


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\0", b"<html>", b"PK\x03\x04", b"%PDF-1.7 half", b"\x89PNG\r\n\x1a\n" * 4]
)
def test_what_is_no_document_is_refused_by_the_page(
    signed_in: SignedIn, maria: User, kinds: Kinds, content: bytes
) -> None:
    answer = signed_in(maria).post(
        "/account/admission-documents/new",
        data={"kind_id": kinds["CPR"]},
        files={"file": ("card.pdf", content)},
    )
    assert answer.status_code == 422


def test_a_student_sends_from_the_phone_and_the_office_accepts(
    signed_in: SignedIn, school: School, maria: User, kinds: Kinds, session: Session
) -> None:
    client = signed_in(maria)
    sent = client.post(
        "/account/admission-documents/new", data={"kind_id": kinds["High"]}, files={"file": ("x.pdf", PDF)}
    )
    assert sent.headers["location"] == "/account/admission-documents"
    record = session.scalars(select(AdmissionDocument)).one()
    desk = signed_in(school.with_duty(Duty.ADMISSIONS))
    assert "Maria Lopez" in desk.get("/admissions/documents?standing=received").text
    base = f"/people/{maria.id}/admission-documents/{record.id}"
    assert desk.get(base).status_code == 200
    assert desk.post(f"{base}/accept", data={"issued_on": ""}).status_code == 303
    assert "Accepted" in client.get("/account/admission-documents").text


def test_what_every_program_requires_stands_ticked_at_each(
    signed_in: SignedIn, school: School, maria: User, kinds: Kinds, session: Session
) -> None:
    """And saving the program's own list keeps what was ticked there before."""
    desk = signed_in(school.with_duty(Duty.ADMISSIONS))
    program = session.scalars(select(Program)).first()
    assert program is not None
    number = kinds["CPR"]
    desk.post(f"/admissions/requirements/{program.id}", data={"kinds": [number]})
    desk.post("/admissions/requirements/all", data={"kinds": [number]})
    own = desk.get("/admissions/requirements").text.split(f"/admissions/requirements/{program.id}")[1]
    own = own.split("</form>")[0]
    assert f'value="{number}" checked disabled' in own
    assert f'<input type="hidden" name="kinds" value="{number}">' in own


def test_twenty_unchecked_documents_are_enough(
    session: Session, store: FileStore, maria: User, me: Subject, kinds: Kinds
) -> None:
    for _ in range(service.MOST_WAITING):
        send(session, me, store, maria, kinds["High"])
    with pytest.raises(Conflict, match="wait to be checked"):
        send(session, me, store, maria, kinds["High"])


def test_two_who_check_at_once_decide_once(live_database: Database, live_settings: Settings) -> None:
    store = open_store(live_settings)
    with live_database.begin() as session:
        user = School(session).student()
        kind = service.list_kinds(session, SYSTEM)[0].id
        record = service.add_document(session, SYSTEM, store, user.id, Paper(kind_id=kind), PDF, TODAY)
        user_id, number = user.id, record.id
    barrier = Barrier(2)

    def decide(accepts: bool) -> bool:
        try:
            with live_database.begin() as session:
                barrier.wait()
                if accepts:
                    service.accept_document(session, SYSTEM, user_id, number, CheckForm(), TODAY)
                else:
                    service.reject_document(session, SYSTEM, user_id, number, "Not readable")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, (True, False))) == [False, True]


# The school


def test_the_list_says_what_is_to_do(
    session: Session,
    store: FileStore,
    school: School,
    maria: User,
    me: Subject,
    office: Subject,
    kinds: Kinds,
) -> None:
    found = service.list_lines(session, office, Paging(), TODAY).page().items
    assert [(line.full_name, line.kind.split()[0], line.standing) for line in found] == [
        ("Maria Lopez", "High", "missing"),
        ("Maria Lopez", "CPR", "missing"),
    ]
    send(session, me, store, maria, kinds["High"])
    waiting = {one.kind.name: one.waiting for one in queue.counts(session, office, TODAY)}
    assert waiting["admission_documents"] == 1
    missing = service.list_lines(session, office, Paging(), TODAY, standing="missing").page().items
    assert [line.kind.split()[0] for line in missing] == ["CPR"]
    other = school.program().id
    assert not service.list_lines(session, office, Paging(), TODAY, program_id=other).page().items


def test_kinds_of_the_schools_own(session: Session, office: Subject, maria: User) -> None:
    kind = service.save_kind(session, office, KindForm(name="TB test", expires=True))
    service.require_kinds(session, office, None, [kind.id])
    assert standings(session, office, maria)["TB"] == "missing"
    service.archive_kind(session, office, kind.id)
    assert "TB" not in standings(session, office, maria)
    with pytest.raises(Invalid):
        service.require_kinds(session, office, None, [kind.id + 1000])


def test_what_is_required_of_an_archived_kind_comes_back_with_it(
    session: Session, office: Subject, maria: User, kinds: Kinds
) -> None:
    service.archive_kind(session, office, kinds["High"])
    service.require_kinds(session, office, None, [kinds["CPR"]])
    service.archive_kind(session, office, kinds["High"], archived=False)
    assert service.requirements(session, office)[None] == {kinds["High"], kinds["CPR"]}
    service.archive_kind(session, office, kinds["High"])
    with pytest.raises(Invalid, match="no longer in use"):
        service.require_kinds(session, office, None, [kinds["High"]])


def test_the_history_says_which_program_requires_what(
    session: Session, office: Subject, maria: User, kinds: Kinds
) -> None:
    [program] = session.scalars(select(Program)).all()
    service.require_kinds(session, office, program.id, [kinds["High"], kinds["CPR"]])
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.action, entry.target_id) == ("admission_requirements.changed", str(program.id))
    assert entry.details["name"] == program.name
    before, now = entry.details["kinds"]
    assert [one.split()[0] for one in before] == ["CPR"]
    assert {one.split()[0] for one in now} == {"High", "CPR"}


# Reminders


def test_each_reminder_goes_out_once(
    session: Session,
    settings: Settings,
    store: FileStore,
    maria: User,
    me: Subject,
    office: Subject,
    kinds: Kinds,
) -> None:
    end = TODAY + timedelta(100)
    record = send(session, me, store, maria, kinds["CPR"], end)
    service.accept_document(session, office, maria.id, record.id, CheckForm(expires_on=end), TODAY)
    sent = {}
    for left in (61, 60, 59, 30, 29, 8, 7, 6, 0, -1):
        sent[left] = service.remind(session, settings, end - timedelta(left))
    assert sent == {61: 0, 60: 1, 59: 0, 30: 1, 29: 0, 8: 0, 7: 1, 6: 0, 0: 0, -1: 0}
    mails = select(OutboxMessage).where(OutboxMessage.to_address == maria.email)
    assert len(session.scalars(mails).all()) == 3


def test_nobody_is_reminded_of_what_a_newer_document_has_replaced(
    session: Session,
    settings: Settings,
    store: FileStore,
    maria: User,
    me: Subject,
    office: Subject,
    kinds: Kinds,
) -> None:
    for end in (TODAY + timedelta(20), NEXT_YEAR):
        record = send(session, me, store, maria, kinds["CPR"], end)
        service.accept_document(session, office, maria.id, record.id, CheckForm(expires_on=end), TODAY)
    assert service.remind(session, settings, TODAY) == 0


def test_the_rule_of_reminders() -> None:
    end = date(2026, 8, 1)
    assert rule.reminder_due(end, end - timedelta(61), None) is None
    assert rule.reminder_due(end, end - timedelta(5), None) == 7
    assert rule.reminder_due(end, end - timedelta(5), 7) is None
    assert rule.reminder_due(end, end + timedelta(1), None) is None
    assert rule.standing("accepted", end, end) == "expiring"
    assert rule.standing("accepted", end, end + timedelta(1)) == "expired"
    assert rule.standing(None, None, end) == "missing"

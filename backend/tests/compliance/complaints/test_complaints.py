"""A complaint from the day it comes to the state's agency: terms, steps, letters, and who may not see it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import app.compliance.complaints.offers  # noqa: F401 - what is on offer
from app.compliance.complaints import service
from app.compliance.complaints.schemas import (
    AppealDecisionForm,
    AppealForm,
    AssignForm,
    ComplaintIn,
    DecisionForm,
    NoteForm,
    OfficeForm,
)
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.core.files import FileStore, open_store
from app.core.permissions import SYSTEM, Subject
from app.core.student_records import parts
from app.db.models import AuditEntry, Complaint, ComplaintStep, IssuedDocument, OutboxMessage, User
from app.db.session import Database
from app.desks import audit
from app.documents import service as documents
from app.documents.register import listed
from app.rules import complaints as rules
from app.settings import Settings
from app.web import queue
from app.web.paging import Paging
from app.web.reports import registry
from app.web.reports.registry import Asked
from tests.compliance.complaints.conftest import TODAY, SignedIn, as_registrar, complaint
from tests.factories.school import School, subject_of
from tests.factories.skills import picture

DAY = timedelta(days=1)
PNG = picture("PNG")


def issue(
    database: Database,
    subject: Subject,
    store: FileStore,
    settings: Settings,
    complaint_id: int,
    **given: Any,
) -> IssuedDocument:
    values = DecisionForm(
        request=uuid4(), outcome="partly", decision="The lab is open again.\n\nKeys are at the desk."
    )
    return documents.issue(
        database,
        subject,
        store,
        settings,
        lambda session: service.draft_decision(session, subject, store, complaint_id, values, TODAY),
        **({"request": values.request} | given),
    )


def _hear(
    database: Database, subject: Subject, store: FileStore, settings: Settings, complaint_id: int
) -> IssuedDocument:
    values = AppealDecisionForm(request=uuid4(), outcome="confirmed", decision="Nothing new was said.")
    return documents.issue(
        database,
        subject,
        store,
        settings,
        lambda session: service.draft_appeal_decision(session, subject, store, complaint_id, values, TODAY),
        request=values.request,
    )


def test_only_the_steps_of_the_table_lead_from_state_to_state() -> None:
    """Every step from every state: what is decided is not decided again, and a closed one only goes to GNPEC."""
    allowed = {(step, state) for step, state in product(rules.STEPS, rules.STATES) if rules.may(step, state)}
    assert ("decide", "decided") not in allowed
    assert {step for step, state in allowed if state == "closed"} == {"refer"}
    assert all(rules.next_due(state, TODAY, TODAY, TODAY) == TODAY for state in rules.OPEN)
    assert [rules.next_due(state, TODAY, TODAY) for state in ("decided", "closed", "referred")] == [None] * 3


def test_a_complaint_from_the_portal_to_gnpec(
    database: Database,
    session: Session,
    settings: Settings,
    store: FileStore,
    keys: None,
    school: School,
    me: Subject,
    registrar: Subject,
    colleague: Subject,
) -> None:
    teacher = school.instructor(full_name="Tom Teacher")
    row = service.file_own(session, me, complaint(about_user_id=teacher.id), TODAY, (store, PNG))
    assert (row.number, row.state) == ("CO-2026-0001", "received")
    assert (row.acknowledge_by, row.decide_by) == (date(2026, 5, 9), date(2026, 6, 3))
    found = service.read(session, me, row.id, TODAY)
    assert "May 9, 2026" in found.plain
    assert len(found.files) == 1

    assert "withdraw" in found.may

    def waiting(today: date) -> tuple[int, int]:
        counts = {one.kind.name: one for one in queue.counts(session, registrar, today)}["complaints"]
        return counts.waiting, counts.overdue

    assert (waiting(row.acknowledge_by), waiting(row.acknowledge_by + DAY)) == ((1, 0), (1, 1))
    for wrong, sentence in (
        (AssignForm(assigned_to=colleague.user_id, about_user_id=colleague.user_id), "about does not look"),
        (AssignForm(assigned_to=teacher.id), "duties include complaints"),
        (AssignForm(about_user_id=me.user_id), "works at the school"),
    ):
        with pytest.raises(Invalid, match=sentence):
            service.assign(session, registrar, row.id, wrong)
    service.assign(
        session, registrar, row.id, AssignForm(assigned_to=colleague.user_id, about_user_id=teacher.id)
    )
    service.acknowledge(session, registrar, row.id, "We are on it.")
    with pytest.raises(Conflict, match="“Acknowledged”"):
        service.acknowledge(session, registrar, row.id, "")
    service.begin_review(session, colleague, row.id, "")
    service.add_note(session, colleague, row.id, NoteForm(note="Spoke with the caretaker."))
    session.commit()

    letter = issue(database, colleague, store, settings, row.id)
    session.expire_all()
    assert (row.state, row.decision_document_id, row.decided_by) == ("decided", letter.id, colleague.user_id)
    assert row.appeal_by == TODAY + timedelta(days=14)
    _, pdf = documents.content(session, me, store, letter.id)
    assert pdf.startswith(b"%PDF")
    with pytest.raises(Conflict, match="appealed until"):
        service.close(session, colleague, row.id, "", TODAY)
    service.appeal(session, me, row.id, AppealForm(appeal="It is locked again."), TODAY)
    session.commit()
    with pytest.raises(Forbidden, match="first decision"):
        _hear(database, colleague, store, settings, row.id)
    _hear(database, registrar, store, settings, row.id)
    session.expire_all()
    assert (row.state, row.closed_on, row.appeal_outcome) == ("closed", TODAY, "confirmed")
    service.refer(session, registrar, row.id, "", TODAY)
    assert waiting(TODAY) == (0, 0)

    steps = session.scalars(select(ComplaintStep.step).order_by(ComplaintStep.id)).all()
    assert steps == [
        "filed", "assigned", "acknowledged", "reviewed", "noted", "decided", "appealed", "appeal_decided", "referred",
    ]  # fmt: skip
    mine = service.read(session, me, row.id, TODAY)
    assert not any(step.private or step.by for step in mine.steps), "notes and names are the staff’s"
    mails = session.scalars(
        select(OutboxMessage.body_text).where(OutboxMessage.to_address == me.email).order_by(OutboxMessage.id)
    ).all()
    assert len(mails) == 7
    assert "We are on it." in mails[1]
    assert all(
        "gnpec.georgia.gov" in mails[place] and "/account/complaints/" in mails[place] for place in (3, 5)
    )
    entries = session.scalars(select(AuditEntry.action).where(AuditEntry.target == "complaints")).all()
    assert len(entries) == 10
    shown = [event.title for event in audit.about_student(session, registrar, me.user_id)]
    assert not any("omplaint" in title for title in shown), "whoever reads a timeline may be whom it is about"


def test_whom_it_is_about_finds_nothing(
    database: Database,
    session: Session,
    settings: Settings,
    store: FileStore,
    keys: None,
    school: School,
    maria: User,
    me: Subject,
    registrar: Subject,
) -> None:
    """Whatever the duties: no list, no queue, no complaint, no letter, not in the student's file."""
    boss = subject_of(school.admin(full_name="Ada Admin"))
    boss = replace(boss, session_id=1)
    row = service.file_own(session, me, complaint(about_user_id=boss.user_id), TODAY, (store, PNG))
    paper = service.read(session, me, row.id, TODAY).files[0]
    session.commit()
    letter = issue(database, registrar, store, settings, row.id)
    session.expire_all()

    offer = registry.named("complaints")
    assert offer is not None

    def seen(subject: Subject) -> tuple[bool, ...]:
        listing = service.list_complaints(session, subject, Paging(), TODAY).page().items
        assert offer.may(subject)
        assert offer.take(Asked(session, subject, offer.report)).listing.total() == len(listing)
        file: list[str] = []
        for part in parts():
            if part.name in (
                "complaints/complaints",
                "complaints/complaint_steps",
                "documents/issued_documents",
            ):
                file += [part.name for _ in part.rows(session, maria.id, subject)]
        titles = [event.title for event in audit.about_student(session, subject, maria.id)]
        timeline = "Document issued" in titles
        register = listed(session, subject, Paging()).page().items
        return (
            bool(listing),
            bool(file),
            timeline,
            bool(register),
            bool(documents.of_student(session, subject, maria.id)),
        )

    assert seen(registrar) == (True,) * 5
    assert seen(boss) == (False,) * 5
    # An operator's command has every complaint, whoever it is about.
    assert offer.take(Asked(session, SYSTEM, offer.report)).listing.total() == 1
    for act in (
        lambda: service.read(session, boss, row.id, TODAY),
        lambda: service.read_file(session, boss, store, paper.id),
        lambda: service.assign(session, boss, row.id, AssignForm()),
        lambda: service.add_note(session, boss, row.id, NoteForm(note="Mine")),
        lambda: service.refer(session, boss, row.id, "", TODAY),
        lambda: documents.content(session, boss, store, letter.id),
    ):
        with pytest.raises(NotFound):
            act()
    assert not service.of_student(session, boss, maria.id)
    assert {one.kind.name: one.waiting for one in queue.counts(session, boss, TODAY)}["complaints"] == 0
    other = subject_of(school.student())
    teacher = subject_of(school.instructor())
    for stranger in (other, teacher):
        with pytest.raises(NotFound):
            service.read(session, stranger, row.id, TODAY)
        with pytest.raises(Problem):
            service.of_student(session, stranger, maria.id)


def test_the_office_enters_one_for_a_parent_and_for_somebody_who_left(
    session: Session, school: School, maria: User, registrar: Subject
) -> None:
    came = TODAY - timedelta(days=3)

    def entered(**given: object) -> Complaint:
        values = {
            "request": uuid4(), "kind": "money", "what": "Charged twice", "wanted": "A refund",
            "received_how": "letter", "received_on": came,
        }  # fmt: skip
        return service.enter(session, registrar, maria.id, OfficeForm.model_validate(values | given), TODAY)

    row = entered(relation="parent", complainant="Pat Lopez")
    assert (row.complainant, row.email, row.decide_by) == ("Pat Lopez", None, came + timedelta(days=30))
    assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0, "a letter, then"
    with pytest.raises(Invalid, match="complainant’s name"):
        entered(relation="parent")
    with pytest.raises(Invalid, match="future"):
        entered(received_on=TODAY + DAY)
    with pytest.raises(Invalid, match="entered by a colleague"):
        entered(about_user_id=registrar.user_id)
    maria.deleted_at = maria.created_at
    session.flush()
    admin = replace(subject_of(school.admin()), session_id=1)
    values = OfficeForm(
        request=uuid4(), kind="records", what="No transcript", wanted="Send it", relation="former_student",
        received_how="phone", received_on=came,
    )  # fmt: skip
    left = service.enter(session, admin, maria.id, values, TODAY)
    assert (left.complainant, left.email) == ("Maria Lopez", None)
    assert service.read(session, admin, left.id, TODAY).deleted


def test_the_student_takes_no_step_for_somebody_who_complained(
    session: Session, school: School, maria: User, me: Subject, registrar: Subject, signed_in: SignedIn
) -> None:
    """A parent's or an employer's complaint: the student reads it, and it is not called theirs."""

    def entered(relation: str) -> Complaint:
        values = {
            "request": uuid4(), "kind": "money", "what": "Charged twice", "wanted": "A refund",
            "received_how": "letter", "received_on": TODAY, "relation": relation, "complainant": "Pat Lopez",
        }  # fmt: skip
        return service.enter(session, registrar, maria.id, OfficeForm.model_validate(values), TODAY)

    student = signed_in(maria)
    for relation, own in (("student", True), ("former_student", True), ("parent", False), ("other", False)):
        row = entered(relation)
        session.commit()
        page = student.get(f"/account/complaints/{row.id}").text
        assert ("our complaint" in page, "Complaint by Pat Lopez" in page, "/withdraw" in page) == (
            own,
            not own,
            own,
        ), relation
        assert service.read(session, me, row.id, TODAY).may == ({"withdraw", "file"} if own else set())
        acts = [
            lambda row=row: service.withdraw(session, me, row.id, "", TODAY),  # type: ignore[misc]
            lambda row=row: service.close(session, me, row.id, "", TODAY),  # type: ignore[misc]
            lambda row=row: service.appeal(session, me, row.id, AppealForm(appeal="No."), TODAY),  # type: ignore[misc]
            lambda row=row: service.add_paper(session, me, row.id, None),  # type: ignore[misc]
        ]
        if own:
            acts[0]()
            assert row.state == "closed"
            continue
        for act in acts:
            with pytest.raises(Forbidden, match="Pat Lopez made this complaint"):
                act()
        service.withdraw(session, registrar, row.id, "They called.", TODAY)


def test_what_was_withdrawn_is_never_late_and_whom_it_is_about_stays(
    session: Session, school: School, me: Subject, registrar: Subject
) -> None:
    teacher = school.instructor(full_name="Tom Teacher")
    row = service.file_own(session, me, complaint(about_user_id=teacher.id), TODAY)
    teacher.deleted_at = teacher.created_at
    session.flush()
    assert (teacher.id, "Tom Teacher (account deleted)") in service.staff_choices(session, keep=teacher.id)
    assert teacher.id not in dict(service.staff_choices(session))
    service.assign(session, registrar, row.id, AssignForm(about_user_id=teacher.id))
    assert row.about_user_id == teacher.id

    def timeliness(today: date) -> str:
        return str(service.list_complaints(session, registrar, Paging(), today).page().items[0].timeliness)

    after = row.decide_by + DAY
    assert [timeliness(day) for day in (TODAY, after)] == ["not due yet", "late"]
    service.withdraw(session, me, row.id, "", TODAY)
    assert timeliness(after) == "withdrawn"
    service.refer(session, registrar, row.id, "", TODAY)
    assert timeliness(after) == "withdrawn"
    row.outcome, row.decision, row.appeal_by = "partly", "The lab is open.", after
    for decided_on, expected in ((row.decide_by, "on time"), (after, "late")):
        row.decided_on = decided_on
        session.flush()
        assert timeliness(after) == expected


def test_sent_and_decided_at_once_is_once(live_database: Database, live_settings: Settings) -> None:
    """One form sent six times is one complaint; others are numbered without gaps; of two decisions one is made."""
    store = open_store(live_settings)
    with live_database.begin() as session:
        school = School(session)
        documents.ensure_keys(session, live_settings)
        me = subject_of(school.student(full_name="Maria Lopez"))
        office = [as_registrar(school, name) for name in ("Rita", "Carl")]
    forms = [complaint()] * 6 + [complaint() for _ in range(4)]
    ready, both = Barrier(len(forms)), Barrier(2)

    def send(values: ComplaintIn) -> tuple[int, str]:
        ready.wait()
        with live_database.begin() as own:
            row = service.file_own(own, me, values, TODAY)
            return row.id, row.number

    with ThreadPoolExecutor(len(forms)) as pool:
        sent = list(pool.map(send, forms))
    assert len(set(sent[:6])) == 1
    assert {number for _, number in sent} == {f"CO-2026-{place:04}" for place in range(1, 6)}

    def decide(subject: Subject) -> bool:
        both.wait()
        try:
            issue(live_database, subject, store, live_settings, sent[0][0])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, office)) == [False, True]
    with live_database.begin() as session:
        states = session.scalars(select(IssuedDocument.status).order_by(IssuedDocument.status)).all()
        assert states.count("issued") == 1

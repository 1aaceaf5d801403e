"""Whom a complaint is about finds nothing of it in copies of files, packets, the history, the outbox and search."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy.orm import Session

from app.compliance.complaints import service
from app.compliance.complaints.schemas import AssignForm
from app.compliance.inspections import packet
from app.compliance.inspections import service as inspections
from app.compliance.inspections.schemas import InspectionForm
from app.compliance.privacy import service as privacy
from app.core import history
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.files import FileStore
from app.core.permissions import Duty, Subject
from app.db.models import AccessRequest, Complaint, User
from app.db.session import Database
from app.desks import audit, outbox, security
from app.desks.queries import TrailFilter
from app.desks.security_queries import SecurityFilter
from app.settings import Settings
from app.web.paging import Paging
from app.web.search import search
from tests.compliance.complaints.conftest import NOW, TODAY, SignedIn, as_registrar, complaint
from tests.compliance.complaints.test_complaints import PNG, issue
from tests.factories.school import School, subject_of

ALL = Paging(per_page=200)


@dataclass(frozen=True)
class Doors:
    """Every way by which the staff reads more than the complaint's own page, as text."""

    database: Database
    session: Session
    settings: Settings
    store: FileStore
    maria: int
    asked: int
    """The request to see records that Maria got a copy for."""

    def of(self, duty: str) -> dict[str, Callable[[Subject], str]]:
        copies = {"copy": self.copy, "export": self.export}
        trail = {
            "history": lambda who: self.trail(who, TrailFilter(views="with"), ALL),
            "views": lambda who: self.trail(who, TrailFilter(views="only", student_id=self.maria), ALL),
            "history, searched": lambda who: self.trail(
                who, TrailFilter(), Paging(per_page=200, q="complaint")
            ),
            "history of complaints": lambda who: self.trail(who, TrailFilter(target="complaints"), ALL),
            "security": lambda who: str(
                security.events(self.session, who, SecurityFilter(), ALL, self.settings.zone).page().items
            ),
            "outbox": lambda who: str(
                outbox.list_messages(self.session, who, self.settings, ALL).page().items
            ),
        }
        both = {"packet": self.packet, "search": lambda who: str(search(self.session, who, "CO-2026"))}
        return both | (copies if duty != Duty.AUDITOR else {}) | (trail if duty != Duty.REGISTRAR else {})

    def copy(self, who: Subject) -> str:
        made = privacy.read_copy(self.database, who, self.store, self.settings, self.asked)
        assert not isinstance(made, AccessRequest), "the student's alone"
        with made.file:
            return _text_of(made.file.read())

    def export(self, who: Subject) -> str:
        with privacy.export_file(self.database, who, self.store, self.settings, self.maria).file as file:
            return _text_of(file.read())

    def packet(self, who: Subject) -> str:
        values = InspectionForm(inspector="Ida Inspector", students=str(self.maria))
        row = inspections.start(self.session, who, values, TODAY)
        self.session.commit()
        packet.work(self.database, self.store, self.settings, row.id)
        self.session.expire_all()
        opened = inspections.open_packet(self.session, who, row.id, self.store)
        said = _text_of(self.store.read_bytes(opened.packet_sha256 or ""))
        assert f"complaints about {who.full_name}" in said, "the index says what it leaves out"
        return said

    def trail(self, who: Subject, wanted: TrailFilter, paging: Paging) -> str:
        rows = audit.listing(self.session, who, wanted, paging, self.settings.zone).page().items
        return json.dumps([[one.action, one.target, one.target_id, one.details, one.reason] for one in rows])


def _text_of(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return "\n".join(
            f"{name}\n{opened.read(name).decode(errors='replace')}" for name in opened.namelist()
        )


def _complain(
    database: Database,
    session: Session,
    settings: Settings,
    store: FileStore,
    me: Subject,
    office: tuple[Subject, Subject, Subject],
    duty: Duty,
    person: Subject,
) -> tuple[Complaint, str]:
    """A complaint about somebody, decided, and the number of its letter; with what the history has of it."""
    registrar, colleague, chief = office
    values = complaint(about_user_id=person.user_id, what=f"What the {duty.value} said to me.")
    row = service.file_own(session, me, values, TODAY, (store, PNG))
    form = AssignForm(assigned_to=colleague.user_id, about_user_id=person.user_id)
    service.assign(session, registrar, row.id, form)
    (paper,) = service.read(session, registrar, row.id, TODAY).files
    service.read_file(session, registrar, store, paper.id)
    # What earlier versions wrote of who looked, and what somebody was refused.
    for record in (row.number, str(paper.id)):
        history.record(
            session,
            registrar,
            Action.RECORD_VIEWED,
            me.user_id,
            student_id=me.user_id,
            part="privacy",
            record=record,
        )
    history.record(
        session,
        chief,
        Action.ACCESS_REFUSED,
        None,
        kind="hidden",
        table="complaints",
        record=str(row.id),
        route=f"/refused/{row.number}",
        method="GET",
    )
    session.commit()
    letter = issue(database, colleague, store, settings, row.id).number
    session.expire_all()
    return row, letter


def test_whom_it_is_about_finds_nothing_by_any_other_door(
    database: Database,
    session: Session,
    settings: Settings,
    store: FileStore,
    keys: None,
    school: School,
    maria: User,
    me: Subject,
    registrar: Subject,
    colleague: Subject,
    signed_in: SignedIn,
) -> None:
    """Each is complained about: they find the complaints about the others by every door, and none about themselves."""
    auditor = school.with_duty(Duty.AUDITOR, full_name="Al Auditor")
    chief = replace(subject_of(school.admin(full_name="Chief Admin")), session_id=1, proved_at=NOW)
    people = {
        Duty.REGISTRAR: as_registrar(school, "Rae Registrar"),
        Duty.ADMINISTRATOR: replace(
            subject_of(school.admin(full_name="Ada Admin")), session_id=1, proved_at=NOW
        ),
        Duty.AUDITOR: replace(
            subject_of(auditor), duties=frozenset({Duty.AUDITOR}), session_id=1, proved_at=NOW
        ),
    }
    rows: dict[Duty, tuple[Complaint, str]] = {}
    office = (registrar, colleague, chief)
    for duty, person in people.items():
        rows[duty] = _complain(database, session, settings, store, me, office, duty, person)
    session.expire_all()
    for message in outbox.list_messages(session, chief, settings, ALL).page().items:
        outbox.read(session, chief, settings, message.id)
    asked = privacy.ask_access(session, me, maria.id, "Everything", TODAY).id
    session.commit()
    privacy.answer_with_copy(database, colleague, store, settings, asked, "Here it is.")
    session.expire_all()

    doors = Doors(database, session, settings, store, maria.id, asked)
    faults = []
    for duty, person in people.items():
        for name, read in doors.of(duty).items():
            text = read(person)
            for about, (row, letter) in rows.items():
                faults += [
                    f"{name} of {duty.value}: {word} of the complaint about {about.value}"
                    for word in _findable(name, row, letter)
                    if (word in text) != (about is not duty)
                ]
            row, letter = rows[duty]
            faults += [
                f"{name} of {duty.value}: {word}" for word in (row.number, letter, row.what) if word in text
            ]
        hidden = {
            one.id
            for one in outbox.list_messages(session, chief, settings, ALL).page().items
            if rows[duty][0].number in one.subject
        }
        assert hidden
        if duty is not Duty.REGISTRAR:
            for number in hidden:
                with pytest.raises(NotFound):
                    outbox.read(session, person, settings, number)
    assert not faults, "\n" + "\n".join(faults)

    # As they see it: the audit page and its files, whole and narrowed.
    for duty in (Duty.ADMINISTRATOR, Duty.AUDITOR):
        browser = signed_in(session.get_one(User, people[duty].user_id))
        for narrowed in ("views=with", "target=complaints", "q=complaint"):
            for form in ("per_page=100", "format=csv", "format=json"):
                text = browser.get(f"/audit?{narrowed}&{form}").text
                found = {about for about, (row, _letter) in rows.items() if row.number in text}
                assert found == set(rows) - {duty}, (narrowed, form)

    # The student's own copy has everything, and a packet is its asker's alone.
    mine = privacy.read_copy(database, me, store, settings, asked)
    assert isinstance(mine, AccessRequest)
    own = _text_of(store.read_bytes(mine.archive_sha256 or ""))
    assert all(word in own for row, letter in rows.values() for word in (row.number, letter, row.what))
    (first, *_rest) = inspections.list_inspections(session, chief, Paging(sort="asked")).page().items
    assert not inspections.progress(session, chief, first.id).may_open
    with pytest.raises(NotFound, match="had this packet prepared"):
        inspections.open_packet(session, chief, first.id, store)


def _findable(door: str, row: Complaint, letter: str) -> set[str]:
    """What of a complaint about somebody else is behind a door."""
    if door in ("copy", "export", "packet"):
        return {row.number, letter, row.what}
    if door == "history":
        return {row.number, letter}
    return {row.number}

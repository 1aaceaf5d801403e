"""Messages about complaints: to who complains at every step, to whom one is assigned."""

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.complaints import policy
from app.core import mail
from app.core.permissions import Actor
from app.db.models import Complaint
from app.rules.complaints import GNPEC
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats


def send_step(session: Session, subject: Actor, row: Complaint, step: str, words: str = "") -> None:
    """To who complains. Nobody but the student is sent what was decided: others get a letter from the school."""
    if row.email is None:
        return
    settings: Settings = session.info.get("settings") or get_settings()
    known = school.facts(session)
    student = accounts.people_by_id(session, [row.student_id])[row.student_id]
    own = policy.follows_on_pages(row, student)
    mail.send(
        session,
        row.email,
        "complaint_step",
        requested_by=subject.user_id,
        school=known.legal_name,
        name=row.complainant,
        number=row.number,
        step=step,
        words=words,
        own=own,
        page=f"{settings.app_origin}/account/complaints/{row.id}" if own else "",
        procedure=f"{settings.app_origin}/complaints-procedure",
        acknowledge_by=formats.day(row.acknowledge_by, known.zone),
        decide_by=formats.day(row.decide_by, known.zone),
        appeal_by=formats.day(row.appeal_by, known.zone) if row.appeal_by else "",
        appeal_due=formats.day(row.appeal_due, known.zone) if row.appeal_due else "",
        agency=GNPEC,
    )


def send_assigned(session: Session, subject: Actor, row: Complaint) -> None:
    """To who looks into it from now on, unless they took it themselves."""
    if row.assigned_to is None or row.assigned_to == subject.user_id:
        return
    person = accounts.people_by_id(session, [row.assigned_to])[row.assigned_to]
    settings: Settings = session.info.get("settings") or get_settings()
    known = school.facts(session)
    mail.send(
        session,
        person.email,
        "complaint_assigned",
        requested_by=subject.user_id,
        school=known.legal_name,
        name=person.full_name,
        number=row.number,
        page=f"{settings.app_origin}/complaints/{row.id}",
        decide_by=formats.day(row.decide_by, known.zone),
    )

"""Applications: new, waiting for documents, then accepted, declined or withdrawn.

An applicant is a student's account that nobody signs in with. Acceptance gives it its invitation, and the enrollment
if that is wanted: nothing is typed twice. Who wins when two decide at once is settled by the row's lock.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.accounts.service import Duplicate
from app.core import clock, history, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Subject
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import Application, User
from app.enrollment import service as enrollment
from app.enrollment.admissions import policy
from app.enrollment.admissions.applications import queries
from app.enrollment.admissions.applications.schemas import (
    AcceptForm,
    ApplicationForm,
    ApplicationState,
    WantsForm,
)
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "ApplicationState",
    "accept",
    "applications_of",
    "apply",
    "apply_for",
    "counts",
    "decline",
    "get_application",
    "list_applications",
    "wait_for_documents",
    "who_may_be_the_same",
    "withdraw_application",
]


# Taking in


def who_may_be_the_same(session: Session, subject: Actor, values: ApplicationForm) -> Sequence[Duplicate]:
    """People of the school who may be this applicant, by address or by name and birth date."""
    policy.require_manage(subject)
    return accounts.duplicates(
        session,
        subject,
        email=values.email,
        full_name=values.full_name,
        birth_date=values.birth_date,
    )


def apply(session: Session, subject: Actor, values: ApplicationForm, today: date) -> Application:
    """Take in an application of somebody new.

    Conflict where the address is taken, or where somebody has this name and birth date and nobody has said that this
    is another person (`is_another`).
    """
    policy.require_manage(subject)
    same = [one for one in who_may_be_the_same(session, subject, values) if one.by != "email"]
    if same and not values.is_another:
        sentence = (
            f"{same[0].user.full_name} ({same[0].user.email}) has this name and birth date. Add the application to "
            "that person, or confirm that this is a different person."
        )
        raise Conflict(sentence, errors=[FieldError("is_another", sentence)])
    person = accounts.add_applicant(
        session,
        subject,
        name=values,
        email=values.email,
        birth_date=values.birth_date,
        phone=values.phone,
        today=today,
    )
    return _receive(session, subject, person, values)


def apply_for(session: Session, subject: Actor, user_id: int, values: WantsForm) -> Application:
    """Take in an application of somebody whom the school knows: an applicant, a student, or a former one."""
    policy.require_manage(subject)
    person = accounts.student_named(session, subject, user_id)
    require_not_own(subject, user_id, "applications")
    return _receive(session, subject, person, values)


def _receive(session: Session, subject: Actor, person: User, values: WantsForm) -> Application:
    if queries.program(session, values.program_id) is None:
        sentence = "This program does not exist; it may have been deleted."
        raise Invalid(sentence, errors=[FieldError("program_id", sentence)])
    record = Application(
        user_id=person.id,
        program_id=values.program_id,
        wanted_start=values.wanted_start,
        source=values.source or "",
        state=ApplicationState.NEW.value,
        applied_at=clock.now(),
        created_by=subject.user_id,
    )
    session.add(record)
    session.flush()
    history.record(
        session,
        subject,
        Action.APPLICATION_RECEIVED,
        record.id,
        student_id=person.id,
        program_id=record.program_id,
        wanted_start=record.wanted_start,
    )
    return record


# Reading


def list_applications(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    state: ApplicationState | str | None = None,
    program_id: int | None = None,
) -> Listing[Any]:
    """Applications in one state (`all` for every one, None for those that are open), of one program or all."""
    policy.require_read(subject)
    visible = visibility.limit(session, subject, Records.STUDENTS, Application.user_id)
    return queries.listing(
        session, paging, visible, state=None if state is None else str(state), program_id=program_id
    )


def counts(session: Session, subject: Actor) -> Mapping[str, int]:
    """How many applications stand in each state."""
    policy.require_read(subject)
    return queries.counts(session, visibility.limit(session, subject, Records.STUDENTS, Application.user_id))


@views.opens(Part.ADMISSION, student=lambda found, _given: found.user_id)
def get_application(session: Session, subject: Actor, application_id: int) -> Application:
    """One application. Raises NotFound."""
    policy.require_read(subject)
    found = queries.application(session, application_id)
    if found is None:
        raise NotFound(policy.NO_APPLICATION)
    accounts.student_named(session, subject, found.user_id)
    return found


def applications_of(session: Session, subject: Actor, user_id: int) -> Sequence[Any]:
    """Every application of one person, the latest first."""
    policy.require_see_of(session, subject, user_id)
    return queries.of_student(session, user_id)


# Deciding


def wait_for_documents(session: Session, subject: Actor, application_id: int) -> Application:
    """The applicant has been asked for their documents."""
    record = _open(session, subject, application_id)
    if record.state == ApplicationState.NEW.value:
        _move(session, subject, record, ApplicationState.DOCUMENTS)
    return record


def accept(
    session: Session,
    subject: Subject,
    settings: Settings,
    application_id: int,
    values: AcceptForm,
    today: date,
) -> Application:
    """Accept: the invitation to sign in goes out, and the enrollment begins if `enroll` says so.

    Conflict for an application that was decided already, by somebody else at the same moment too.
    """
    record = _open(session, subject, application_id)
    accounts.admit(session, subject, settings, record.user_id)
    if values.enroll:
        enrolled = enrollment.enroll(
            session, subject, user_id=record.user_id, program_id=record.program_id, today=today
        )
        record.enrollment_id = enrolled.id
    _move(session, subject, record, ApplicationState.ACCEPTED, values.reason)
    return record


def decline(session: Session, subject: Actor, application_id: int, reason: str) -> Application:
    """Decline, with the reason for the record; the applicant gets no account."""
    record = _open(session, subject, application_id)
    _move(session, subject, record, ApplicationState.DECLINED, reason)
    return record


def withdraw_application(session: Session, subject: Actor, application_id: int, reason: str) -> Application:
    """The applicant does not want to come any more."""
    record = _open(session, subject, application_id)
    _move(session, subject, record, ApplicationState.WITHDRAWN, reason)
    return record


def _open(session: Session, subject: Actor, application_id: int) -> Application:
    policy.require_manage(subject)
    record = queries.application(session, application_id, lock=True)
    if record is None:
        raise NotFound(policy.NO_APPLICATION)
    accounts.student_named(session, subject, record.user_id)
    require_not_own(subject, record.user_id, "applications")
    if not ApplicationState(record.state).is_open:
        raise Conflict(f"This application was {record.state} already. Nothing was changed; open it again.")
    return record


def _move(
    session: Session, subject: Actor, record: Application, state: ApplicationState, reason: str = ""
) -> None:
    before, record.state = record.state, state.value
    if not state.is_open:
        record.decided_at, record.decided_by, record.reason = clock.now(), subject.user_id, reason
    session.flush()
    history.record(
        session,
        subject,
        Action.APPLICATION_CHANGED,
        record.id,
        student_id=record.user_id,
        reason=reason or None,
        state=[before, state.value],
    )

"""SQL of admission documents."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict, register_invalid
from app.core.search import matches
from app.db.models import (
    AdmissionDocument,
    AdmissionKind,
    AdmissionRequirement,
    Application,
    Enrollment,
    EnrollmentStatus,
    Program,
    User,
)
from app.db.ready import Page, Ready
from app.rules.admission_documents import REMINDERS, SOON
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

Day = date | BindParameter[date]
OPEN = ("new", "documents")
STANDINGS = ("missing", "rejected", "expired", "expiring", "received", "valid")

register_conflict(
    "uq_admission_kinds_name", "There is a kind of this name already; it may be archived.", "name"
)
register_invalid(
    "check_admission_documents_days", "The expiration date must be after the date of issue.", "expires_on"
)
register_conflict(
    "uq_admission_requirements_kind_id",
    "Someone changed these requirements at the same moment. Nothing was saved; open the page again.",
)


def kinds(session: Session, *, archived: bool = False) -> Sequence[AdmissionKind]:
    """The kinds in their order; with `archived`, those too that are no longer asked for."""
    statement = select(AdmissionKind).order_by(AdmissionKind.position, AdmissionKind.id)
    if not archived:
        statement = statement.where(AdmissionKind.archived_at.is_(None))
    return session.scalars(statement).all()


def kind(session: Session, kind_id: int) -> AdmissionKind | None:
    """One kind by its number."""
    return session.get(AdmissionKind, kind_id)


def next_position(session: Session) -> int:
    """A place behind all others."""
    return (session.scalar(select(func.max(AdmissionKind.position))) or 0) + 1


def requirements(session: Session) -> Sequence[AdmissionRequirement]:
    """Which program requires which kind."""
    return session.scalars(select(AdmissionRequirement)).all()


def require(session: Session, program_id: int | None, kind_ids: Collection[int]) -> None:
    """A program, or every program, requires these kinds from now on and no others.

    What it required of archived kinds stays: nobody could choose them, and it counts again with the kind.
    """
    owner = (
        AdmissionRequirement.program_id.is_(None)
        if program_id is None
        else AdmissionRequirement.program_id == program_id
    )
    chosen_from = select(AdmissionKind.id).where(AdmissionKind.archived_at.is_(None))
    session.execute(delete(AdmissionRequirement).where(owner, AdmissionRequirement.kind_id.in_(chosen_from)))
    session.add_all(AdmissionRequirement(program_id=program_id, kind_id=kind_id) for kind_id in kind_ids)
    session.flush()


def programs(session: Session) -> Sequence[Program]:
    """Every program by name."""
    return session.scalars(select(Program).order_by(func.lower(Program.name), Program.id)).all()


def document(session: Session, document_id: int, *, lock: bool = False) -> AdmissionDocument | None:
    """One document by its number."""
    statement = select(AdmissionDocument).where(AdmissionDocument.id == document_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalar(statement)


def documents_of(session: Session, user_id: int) -> Sequence[tuple[AdmissionDocument, AdmissionKind]]:
    """Everything that a student sent in, the latest first."""
    return session.execute(_DOCUMENTS_OF, {"user_id": user_id}).tuples().all()


_DOCUMENTS_OF = (
    select(AdmissionDocument, AdmissionKind)
    .join(AdmissionKind, AdmissionKind.id == AdmissionDocument.kind_id)
    .where(AdmissionDocument.user_id == bindparam("user_id", type_=Integer))
    .order_by(AdmissionDocument.id.desc())
)


def _required(of: Any = None) -> Subquery:
    """Who needs which kind, for which program: active enrollments and open applications; of one student or of all."""
    enrolled = select(Enrollment.user_id, Enrollment.program_id).where(
        Enrollment.status == EnrollmentStatus.ACTIVE
    )
    applying = select(Application.user_id, Application.program_id).where(Application.state.in_(OPEN))
    if of is not None:
        enrolled, applying = (
            enrolled.where(Enrollment.user_id == of),
            applying.where(Application.user_id == of),
        )
    needs = union(enrolled, applying).subquery()
    return (
        select(
            needs.c.user_id,
            AdmissionRequirement.kind_id,
            func.string_agg(Program.name, aggregate_order_by(literal(", "), Program.name)).label("programs"),
        )
        .join(
            AdmissionRequirement,
            or_(
                AdmissionRequirement.program_id.is_(None),
                AdmissionRequirement.program_id == needs.c.program_id,
            ),
        )
        .join(Program, Program.id == needs.c.program_id)
        .group_by(needs.c.user_id, AdmissionRequirement.kind_id)
        .subquery()
    )


def _best(today: Day, of: Any = None) -> Subquery:
    """Of each student's documents of a kind the one that counts: accepted and valid longest, else what waits."""
    row = AdmissionDocument
    whose = true() if of is None else row.user_id == of
    counts = and_(row.state == "accepted", or_(row.expires_on.is_(None), row.expires_on >= today))
    return (
        select(row)
        .where(whose)
        .distinct(row.user_id, row.kind_id)
        .order_by(
            row.user_id,
            row.kind_id,
            counts.desc(),
            (row.state == "received").desc(),
            (row.state == "accepted").desc(),
            row.expires_on.desc().nulls_first(),
            row.id.desc(),
        )
        .subquery()
    )


def lines(today: date) -> Select[Any]:
    """What each student must have and how it stands."""
    return _lines(today, literal(today + SOON, Date))


def _lines(
    today: Day,
    soon: ColumnElement[date],
    *,
    everything_of: BindParameter[int] | None = None,
    of: Any = None,
) -> Select[Any]:
    """The same; with `everything_of` of one student, what they sent in besides as well.

    The student is looked up inside: to what two sides of a full join have in common, no condition is handed down.
    """
    whose = of if everything_of is None else everything_of
    required, best = _required(whose), _best(today, whose)
    wanted: Any = required
    if everything_of is not None:
        wanted = (
            select(
                func.coalesce(required.c.user_id, best.c.user_id).label("user_id"),
                func.coalesce(required.c.kind_id, best.c.kind_id).label("kind_id"),
                required.c.programs,
            )
            .select_from(required)
            .join(
                best,
                and_(best.c.user_id == required.c.user_id, best.c.kind_id == required.c.kind_id),
                full=True,
            )
            .subquery()
        )
    standing = case(
        (best.c.id.is_(None), "missing"),
        (best.c.state != "accepted", best.c.state),
        (best.c.expires_on < today, "expired"),
        (best.c.expires_on <= soon, "expiring"),
        else_="valid",
    ).label("standing")
    return (
        select(
            User.id.label("user_id"),
            User.full_name,
            User.email,
            AdmissionKind.id.label("kind_id"),
            AdmissionKind.name.label("kind"),
            AdmissionKind.help,
            wanted.c.programs,
            best.c.id.label("document_id"),
            best.c.expires_on,
            best.c.received_at,
            best.c.rejection,
            standing,
        )
        .select_from(wanted)
        .join(User, User.id == wanted.c.user_id)
        .join(AdmissionKind, AdmissionKind.id == wanted.c.kind_id)
        .outerjoin(best, and_(best.c.user_id == wanted.c.user_id, best.c.kind_id == wanted.c.kind_id))
        .where(User.deleted_at.is_(None), AdmissionKind.archived_at.is_(None))
    )


def lines_of(session: Session, user_ids: Collection[int], today: date) -> Sequence[Any]:
    """What some students must have and how it stands, by name of the kind."""
    # Looked up inside, as for one student: a list of numbers is not handed down to what it is joined to.
    of = func.any(bindparam(None, list(user_ids), ARRAY(Integer)))
    statement = _lines(today, literal(today + SOON, Date), of=of)
    return session.execute(statement.order_by(User.id, AdmissionKind.name)).all()


def checklist(session: Session, user_id: int, today: date) -> Sequence[Any]:
    """What one student must have and how it stands, and what they sent in besides."""
    return _CHECKLIST.rows(session, user_id=user_id, today=today, soon=today + SOON)


_CHECKLIST = Ready(
    _lines(
        bindparam("today", type_=Date),
        bindparam("soon", type_=Date),
        everything_of=bindparam("user_id", type_=Integer),
    ).order_by(AdmissionKind.position, AdmissionKind.id),
    page=Page.STUDENTS_FIRST,
)


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    today: date,
    *,
    standing: str | None,
    program_id: int | None,
) -> Listing[Any]:
    """What is missing, expires or waits, by student; or what stands in one way."""
    statement = lines(today).where(visible, *matches(paging.q, User.search_text, AdmissionKind.name))
    if program_id is not None:
        studies = select(Enrollment.user_id).where(
            Enrollment.program_id == program_id, Enrollment.status == EnrollmentStatus.ACTIVE
        )
        wants = select(Application.user_id).where(
            Application.program_id == program_id, Application.state.in_(OPEN)
        )
        statement = statement.where(or_(User.id.in_(studies), User.id.in_(wants)))
    rows = statement.subquery()
    narrowed = rows.c.standing == standing if standing else rows.c.standing != "valid"
    order = {"student": func.lower(rows.c.full_name), "kind": rows.c.kind, "expires": rows.c.expires_on}
    found = select(rows).where(narrowed)
    return Listing(
        session, found.order_by(paging.order(order, "student"), rows.c.user_id, rows.c.kind_id), paging
    )


def to_remind(
    session: Session, today: date, most: int
) -> Sequence[tuple[AdmissionDocument, AdmissionKind, User]]:
    """Accepted documents of students at the school that end soon, and none better has come: locked."""
    best = _best(today)
    studies = select(Enrollment.user_id).where(Enrollment.status == EnrollmentStatus.ACTIVE)
    row = AdmissionDocument
    left = row.expires_on - literal(today, Date)
    due = or_(
        *(
            and_(left <= days, or_(row.reminded_days.is_(None), row.reminded_days > days))
            for days in REMINDERS
        )
    )
    return (
        session.execute(
            select(row, AdmissionKind, User)
            .join(AdmissionKind, AdmissionKind.id == row.kind_id)
            .join(User, User.id == row.user_id)
            .where(
                row.state == "accepted",
                row.expires_on >= today,
                row.expires_on <= today + SOON,
                due,
                row.id.in_(select(best.c.id)),
                User.deleted_at.is_(None),
                AdmissionKind.archived_at.is_(None),
                User.id.in_(studies),
            )
            .order_by(row.id)
            .limit(most)
            .with_for_update(of=row, skip_locked=True)
        )
        .tuples()
        .all()
    )


# Waiting, for the queue


def to_check(visible: ColumnElement[bool]) -> Select[Any]:
    """Documents that nobody has checked yet."""
    return _queued(AdmissionDocument.received_at).where(AdmissionDocument.state == "received", visible)


def to_renew(visible: ColumnElement[bool], today: date) -> Select[Any]:
    """Documents of students at the school that end soon or have ended, where none better has come."""
    row, other = AdmissionDocument, aliased(AdmissionDocument)
    better = exists().where(
        other.user_id == row.user_id,
        other.kind_id == row.kind_id,
        other.id != row.id,
        or_(
            other.state == "received",
            and_(
                other.state == "accepted",
                or_(
                    other.expires_on.is_(None),
                    other.expires_on > row.expires_on,
                    and_(other.expires_on == row.expires_on, other.id > row.id),
                ),
            ),
        ),
    )
    studies = select(Enrollment.user_id).where(Enrollment.status == EnrollmentStatus.ACTIVE)
    return _queued(
        func.coalesce(AdmissionDocument.checked_at, AdmissionDocument.received_at),
        due_on=AdmissionDocument.expires_on,
    ).where(
        AdmissionDocument.state == "accepted",
        AdmissionDocument.expires_on <= today + SOON,
        ~better,
        User.id.in_(studies),
        AdmissionKind.archived_at.is_(None),
        visible,
    )


def _queued(since: Any, due_on: Any = None) -> Select[Any]:
    return (
        select(
            *line(
                number=AdmissionDocument.id,
                student_id=AdmissionDocument.user_id,
                about=User.full_name,
                what=AdmissionKind.name,
                since=since,
                due_on=due_on,
                href=func.concat(
                    "/people/", AdmissionDocument.user_id, "/admission-documents/", AdmissionDocument.id
                ),
            )
        )
        .select_from(AdmissionDocument)
        .join(User, User.id == AdmissionDocument.user_id)
        .join(AdmissionKind, AdmissionKind.id == AdmissionDocument.kind_id)
        .where(User.deleted_at.is_(None))
    )

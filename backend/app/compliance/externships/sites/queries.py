"""Every SQL statement about externship sites, agreements, supervisors and rubrics."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Row,
    Select,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict, register_invalid
from app.core.search import matches
from app.db.models import (
    Externship,
    ExternshipAgreement,
    ExternshipPlacement,
    ExternshipSite,
    ExternshipSupervisor,
    User,
)
from app.rules.admission_documents import REMINDERS
from app.rules.externships import SOON
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

T = TypeVar("T", ExternshipSite, ExternshipAgreement, ExternshipSupervisor)
register_conflict(
    "uq_externship_sites_name", "There is a site of this name already; it may be archived.", "name"
)
register_invalid(
    "check_externship_agreements_days", "The last day must be after the day of signing.", "expires_on"
)
register_invalid(
    "check_externship_agreements_ended", "The agreement cannot end before it was signed.", "ended_on"
)
register_conflict(
    "uq_externship_supervisors_site_id_email",
    "This site has a supervisor with this address already.",
    "email",
)


def get(session: Session, model: type[T], number: int, *, lock: bool = False) -> T | None:
    """A row by its number; `lock` makes others wait who ask the same."""
    statement = select(model).where(model.id == number)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()
    session.refresh(row)


def _last(today: BindParameter[date]) -> Any:
    """The last day that the agreements which have begun cover; NULL without any."""
    return (
        select(
            func.max(
                func.least(
                    ExternshipAgreement.expires_on,
                    func.coalesce(ExternshipAgreement.ended_on, ExternshipAgreement.expires_on),
                )
            )
        )
        .where(ExternshipAgreement.site_id == ExternshipSite.id, ExternshipAgreement.signed_on <= today)
        .correlate(ExternshipSite)
        .scalar_subquery()
    )


def standing_of(today: date) -> tuple[Any, Any]:
    """Expressions of a site's standing, as `rules.externships.site_standing` has it, and of its last covered day."""
    day = bindparam("site_today", today, Date)
    last = _last(day)
    standing = case(
        (last.is_(None), "unapproved"),
        (last < day, "expired"),
        (last <= bindparam("site_soon", today + SOON, Date), "expiring"),
        else_="approved",
    )
    return standing, last


def _present(today: date) -> Any:
    return (
        select(func.count())
        .select_from(ExternshipPlacement)
        .where(
            ExternshipPlacement.site_id == ExternshipSite.id,
            ExternshipPlacement.starts_on <= today,
            ExternshipPlacement.ends_on >= today,
        )
        .correlate(ExternshipSite)
        .scalar_subquery()
    )


def sites(
    session: Session, paging: Paging, today: date, *, standing: str | None, archived: bool
) -> Listing[Any]:
    """Sites by name unless sorted otherwise."""
    kind, last = standing_of(today)
    present = _present(today)
    statement = select(
        ExternshipSite.id,
        ExternshipSite.name,
        ExternshipSite.address,
        ExternshipSite.contact_name,
        ExternshipSite.contact_email,
        ExternshipSite.contact_phone,
        ExternshipSite.capacity,
        ExternshipSite.archived_at,
        kind.label("standing"),
        last.label("covered_until"),
        present.label("students"),
    ).where(
        ExternshipSite.archived_at.is_not(None) if archived else ExternshipSite.archived_at.is_(None),
        *matches(paging.q, ExternshipSite.name, ExternshipSite.address),
    )
    if standing is not None:
        statement = statement.where(kind == standing)
    order = paging.order(
        {
            "name": func.lower(ExternshipSite.name),
            "standing": kind,
            "until": last,
            "students": present,
            "capacity": ExternshipSite.capacity,
        },
        "name",
    )
    return Listing(session, statement.order_by(order, ExternshipSite.id), paging)


def to_renew(today: date) -> Select[Any]:
    """Sites in use whose agreement expires soon or has expired, for the queue."""
    kind, last_day = standing_of(today)
    return (
        select(
            *line(
                number=ExternshipSite.id,
                about=ExternshipSite.name,
                what="Signed agreement",
                since=ExternshipSite.created_at,
                due_on=last_day,
                href=func.concat("/externships/sites/", ExternshipSite.id),
            )
        )
        .select_from(ExternshipSite)
        .where(ExternshipSite.archived_at.is_(None), kind.in_(("expiring", "expired")))
    )


def count_ending(session: Session, today: date) -> int:
    """How many sites in use have an agreement that expires soon, or has expired."""
    kind, _last_day = standing_of(today)
    return (
        session.scalar(
            select(func.count())
            .select_from(ExternshipSite)
            .where(ExternshipSite.archived_at.is_(None), kind.in_(("expiring", "expired")))
        )
        or 0
    )


def agreements(session: Session, site_id: int) -> Sequence[ExternshipAgreement]:
    """A site's agreements, the newest first."""
    return session.scalars(
        select(ExternshipAgreement)
        .where(ExternshipAgreement.site_id == site_id)
        .order_by(ExternshipAgreement.expires_on.desc(), ExternshipAgreement.id.desc())
    ).all()


def supervisors(session: Session, site_id: int, *, archived: bool = False) -> Sequence[ExternshipSupervisor]:
    """A site's supervisors by name; with `archived`, all there have been."""
    statement = select(ExternshipSupervisor).where(ExternshipSupervisor.site_id == site_id)
    if not archived:
        statement = statement.where(ExternshipSupervisor.archived_at.is_(None))
    return session.scalars(
        statement.order_by(
            ExternshipSupervisor.archived_at.is_not(None), ExternshipSupervisor.name, ExternshipSupervisor.id
        )
    ).all()


def lock_externships(session: Session, supervisor_id: int) -> None:
    """Lock the open externships of a supervisor, as sending a week does before it locks the supervisor."""
    session.execute(
        select(Externship.id)
        .where(
            Externship.id.in_(
                select(ExternshipPlacement.externship_id).where(
                    ExternshipPlacement.supervisor_id == supervisor_id
                )
            ),
            Externship.verified.is_not(True),
        )
        .order_by(Externship.id)
        .with_for_update(key_share=True)
    )


def name_in_externships(session: Session, supervisor: ExternshipSupervisor) -> None:
    """Write the supervisor's name and address into the documented rows that are not verified."""
    session.execute(
        update(Externship)
        .where(
            Externship.id.in_(
                select(ExternshipPlacement.externship_id).where(
                    ExternshipPlacement.supervisor_id == supervisor.id
                )
            ),
            Externship.verified.is_not(True),
        )
        .values(supervisor_name=supervisor.name, supervisor_email=supervisor.email)
    )


def choices(session: Session, today: date) -> Sequence[Row[Any]]:
    """Supervisors of the sites that take students today: id, name, title, site_id and the site's name, by site."""
    kind, _last_day = standing_of(today)
    return session.execute(
        select(
            ExternshipSupervisor.id,
            ExternshipSupervisor.name,
            ExternshipSupervisor.title,
            ExternshipSite.id.label("site_id"),
            ExternshipSite.name.label("site"),
        )
        .join(ExternshipSite, ExternshipSite.id == ExternshipSupervisor.site_id)
        .where(
            ExternshipSupervisor.archived_at.is_(None),
            ExternshipSite.archived_at.is_(None),
            kind.in_(("approved", "expiring")),
        )
        .order_by(func.lower(ExternshipSite.name), ExternshipSupervisor.name, ExternshipSupervisor.id)
    ).all()


def to_remind(session: Session, today: date, most: int) -> Sequence[Row[Any]]:
    """Agreements that end soon and are their site's last one, with the site's name: locked, those that nobody holds."""
    later = (
        select(ExternshipAgreement.id)
        .where(
            ExternshipAgreement.site_id == ExternshipSite.id,
            ExternshipAgreement.expires_on > today + timedelta(days=max(REMINDERS)),
        )
        .correlate(ExternshipSite)
    )
    due: ColumnElement[bool] = or_(
        *(
            (ExternshipAgreement.expires_on <= today + timedelta(days=days))
            & or_(ExternshipAgreement.reminded_days.is_(None), ExternshipAgreement.reminded_days > days)
            for days in REMINDERS
        )
    )
    return session.execute(
        select(ExternshipAgreement, ExternshipSite.name, User)
        .join(ExternshipSite, ExternshipSite.id == ExternshipAgreement.site_id)
        .outerjoin(User, User.id == ExternshipAgreement.uploaded_by)
        .where(
            ExternshipSite.archived_at.is_(None),
            ExternshipAgreement.ended_on.is_(None),
            ExternshipAgreement.expires_on >= today,
            ~later.exists(),
            due,
        )
        .order_by(ExternshipAgreement.expires_on, ExternshipAgreement.id)
        .limit(most)
        .with_for_update(of=ExternshipAgreement, skip_locked=True)
    ).all()

"""Every SQL statement about kiosks."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app.compliance.attendance.kiosk.schemas import State
from app.core.constraints import register_conflict
from app.core.permissions import Role
from app.core.search import about_people, matches
from app.db.models import (
    Attendance,
    Enrollment,
    EnrollmentStatus,
    Kiosk,
    KioskCard,
    KioskPin,
    KioskPunch,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_conflict("uq_kiosks_name", "Another kiosk has this name. Choose one that says where it is.", "name")
register_conflict("uq_kiosk_cards_user_id", "This student has a card already. Nothing was changed.")

_Decider = aliased(User)


def add(session: Session, row: Kiosk | KioskCard | KioskPunch) -> None:
    """Write a new row."""
    session.add(row)
    session.flush()


def kiosks(session: Session) -> Sequence[Row[Any]]:
    """Kiosk, and how many of its punches wait for the staff; those in use first, by name."""
    waiting = (
        select(KioskPunch.kiosk_id, func.count().label("waiting"))
        .where(KioskPunch.waits, KioskPunch.decided_at.is_(None))
        .group_by(KioskPunch.kiosk_id)
        .subquery()
    )
    return session.execute(
        select(Kiosk, func.coalesce(waiting.c.waiting, 0))
        .outerjoin(waiting, waiting.c.kiosk_id == Kiosk.id)
        .order_by(Kiosk.revoked_at.is_not(None), func.lower(Kiosk.name), Kiosk.id)
    ).all()


def find(session: Session, kiosk_id: int, *, lock: bool = False) -> Kiosk | None:
    """One kiosk; with `lock` its punches are settled by nobody else meanwhile."""
    statement = select(Kiosk).where(Kiosk.id == kiosk_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def seen(session: Session, kiosk_id: int, now: datetime, skew_ms: int) -> None:
    """Note a contact, and how far the server's clock is ahead of the tablet's."""
    session.execute(update(Kiosk).where(Kiosk.id == kiosk_id).values(last_seen_at=now, skew_ms=skew_ms))


def by_code(session: Session, code_hash: str) -> Kiosk | None:
    """The kiosk that waits for this registration code, locked, so that one tablet uses it."""
    return session.scalars(select(Kiosk).where(Kiosk.code_hash == code_hash).with_for_update()).one_or_none()


# PINs and cards


def pin(session: Session, user_id: int) -> KioskPin | None:
    """A student's PIN."""
    return session.get(KioskPin, user_id)


def keep_pin(session: Session, user_id: int, sealed_hash: str, now: datetime) -> None:
    """Set a student's PIN, or another one."""
    statement = insert(KioskPin).values(user_id=user_id, sealed_hash=sealed_hash, set_at=now)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id"],
            set_={"sealed_hash": statement.excluded.sealed_hash, "set_at": statement.excluded.set_at},
        )
    )


def students(session: Session, numbers: Collection[int]) -> dict[int, tuple[User, str | None]]:
    """The students with these numbers, each with the sealed hash of the PIN; deleted ones are not among them."""
    rows = session.execute(
        select(User, KioskPin.sealed_hash)
        .outerjoin(KioskPin, KioskPin.user_id == User.id)
        .where(User.id.in_(numbers), User.role == Role.STUDENT, User.deleted_at.is_(None))
    )
    return {user.id: (user, sealed) for user, sealed in rows}


def cards(session: Session, numbers: Collection[int]) -> dict[int, KioskCard]:
    """Cards by their numbers, revoked ones too."""
    return {card.id: card for card in session.scalars(select(KioskCard).where(KioskCard.id.in_(numbers)))}


def valid_card(session: Session, user_id: int) -> KioskCard | None:
    """A student's card that is not revoked, locked."""
    return session.scalars(
        select(KioskCard)
        .where(KioskCard.user_id == user_id, KioskCard.revoked_at.is_(None))
        .with_for_update()
    ).one_or_none()


def card_listing(session: Session, visible: ColumnElement[bool], paging: Paging) -> Listing[Any]:
    """Rows of (student, name, card, issued) of the students with an active enrollment, by name."""
    enrolled = select(Enrollment.user_id).where(Enrollment.status == EnrollmentStatus.ACTIVE)
    sorts = {"student": User.full_name, "issued": KioskCard.issued_at}
    return Listing(
        session,
        select(User.id, User.full_name, KioskCard.id, KioskCard.issued_at)
        .outerjoin(KioskCard, and_(KioskCard.user_id == User.id, KioskCard.revoked_at.is_(None)))
        .where(
            User.id.in_(enrolled),
            User.deleted_at.is_(None),
            visible,
            *matches(paging.q, User.search_text),
        )
        .order_by(paging.order(sorts, "student"), User.id),
        paging,
    )


# Punches


def known(session: Session, kiosk_id: int, digests: Collection[str]) -> dict[str, KioskPunch]:
    """Those of a kiosk's punches that have arrived before, by their digest."""
    rows = session.scalars(
        select(KioskPunch).where(KioskPunch.kiosk_id == kiosk_id, KioskPunch.digest.in_(digests))
    )
    return {row.digest: row for row in rows}


def by_counter(session: Session, kiosk_id: int, counter: int) -> KioskPunch | None:
    """The punch with this number."""
    return session.scalars(
        select(KioskPunch).where(KioskPunch.kiosk_id == kiosk_id, KioskPunch.counter == counter)
    ).one_or_none()


def first_held(session: Session, kiosk_id: int) -> KioskPunch | None:
    """Of the punches that wait for an earlier one, the one with the lowest number."""
    return session.scalars(
        select(KioskPunch)
        .where(KioskPunch.kiosk_id == kiosk_id, KioskPunch.state == "held")
        .order_by(KioskPunch.counter)
        .limit(1)
    ).one_or_none()


def held_since(session: Session, before: datetime) -> Sequence[int]:
    """Kiosks with punches that have waited for an earlier one since before this moment."""
    return session.scalars(
        select(KioskPunch.kiosk_id)
        .where(KioskPunch.state == "held", KioskPunch.received_at < before)
        .distinct()
    ).all()


def visible_punches(
    session: Session, visible: ColumnElement[bool], *, everybody: bool
) -> ColumnElement[bool]:
    """The condition that a punch is of a student whom one sees; those of nobody only for who sees everybody."""
    if everybody:
        return or_(visible, KioskPunch.user_id.is_(None))
    return and_(visible, KioskPunch.user_id.is_not(None))


def _lines() -> Select[Any]:
    return (
        select(KioskPunch, Kiosk.name, User.full_name, _Decider.full_name)
        .join(Kiosk, Kiosk.id == KioskPunch.kiosk_id)
        .outerjoin(User, User.id == KioskPunch.user_id)
        .outerjoin(_Decider, _Decider.id == KioskPunch.decided_by)
    )


SORTS = {
    "punched": KioskPunch.punched_at,
    "received": KioskPunch.received_at,
    "student": User.full_name,
    "kiosk": Kiosk.name,
}


def listing(
    session: Session, visible: ColumnElement[bool], paging: Paging, state: State, kiosk_id: int | None
) -> Listing[Any]:
    """Rows of (KioskPunch, kiosk, student, who decided): those that wait, the oldest first; else the newest first."""
    named = {KioskPunch.kiosk_id: lambda word: select(Kiosk.id).where(*matches(word, Kiosk.name))}
    conditions: list[ColumnElement[bool]] = [
        visible,
        *about_people(session, paging.q, KioskPunch.user_id, named),
    ]
    if kiosk_id is not None:
        conditions.append(KioskPunch.kiosk_id == kiosk_id)
    if state is State.WAITING:
        conditions += [KioskPunch.waits.is_(True), KioskPunch.decided_at.is_(None)]
    elif state is not State.ALL:
        conditions.append(KioskPunch.state == state.value)
    first = "received" if state is State.WAITING else "-received"
    ordered = _lines().where(*conditions).order_by(paging.order(SORTS, first), KioskPunch.id)
    return Listing(session, ordered, paging)


def shown(session: Session, punch_id: int) -> Row[Any]:
    """The row of a punch that is there, as the list has it."""
    return session.execute(_lines().where(KioskPunch.id == punch_id)).one()


def of_record(session: Session, attendance_id: int) -> Sequence[Row[Any]]:
    """The punches that made an attendance record, in order: KioskPunch and the kiosk's name."""
    return session.execute(
        select(KioskPunch, Kiosk.name)
        .join(Kiosk, Kiosk.id == KioskPunch.kiosk_id)
        .where(KioskPunch.attendance_id == attendance_id)
        .order_by(KioskPunch.punched_at, KioskPunch.id)
    ).all()


def find_punch(session: Session, punch_id: int) -> KioskPunch | None:
    """One punch."""
    return session.get(KioskPunch, punch_id)


def lock_punch(session: Session, punch_id: int) -> KioskPunch | None:
    """One punch, so that one person decides."""
    return session.scalars(
        select(KioskPunch)
        .where(KioskPunch.id == punch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def records_near(session: Session, user_id: int, start: datetime, end: datetime) -> Sequence[Attendance]:
    """A student's records that touch the time from `start` to `end`, in order."""
    return session.scalars(
        select(Attendance)
        .where(
            Attendance.user_id == user_id,
            Attendance.clock_in < end,
            or_(Attendance.clock_out.is_(None), Attendance.clock_out >= start),
        )
        .order_by(Attendance.clock_in)
    ).all()


def to_decide(visible: ColumnElement[bool]) -> Select[Any]:
    """Punches that wait for the staff, for the queue."""
    return (
        select(
            *line(
                number=KioskPunch.id,
                student_id=KioskPunch.user_id,
                about=func.coalesce(User.full_name, Kiosk.name),
                what="Punch at a kiosk",
                since=KioskPunch.received_at,
                href=func.concat("/attendance/kiosk-punches/", KioskPunch.id),
            )
        )
        .select_from(KioskPunch)
        .join(Kiosk, Kiosk.id == KioskPunch.kiosk_id)
        .outerjoin(User, User.id == KioskPunch.user_id)
        .where(KioskPunch.waits, KioskPunch.decided_at.is_(None), visible)
    )

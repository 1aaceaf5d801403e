"""SQL of lists of time entries. What decides about a list's statements is named, so that they are put together once."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session

from app.compliance.attendance.schemas import AttendanceFilter, AttendanceState
from app.core.search import about_people, matches
from app.db.models import Attendance, Enrollment, Program, User
from app.db.ready import Kept
from app.rules import hours
from app.web.listing import Listing
from app.web.paging import Form, Paging, mentions

SORTS = {
    "clock_in": Attendance.clock_in,
    "clock_out": Attendance.clock_out,
    "minutes": Attendance.total_minutes,
    "student": User.full_name,
    "program": Program.name,
}

_Limits = Mapping[str, Any]
"""The values of a filter, those that it has, or parameters in their place."""


def records_listing(
    session: Session,
    filters: AttendanceFilter,
    visible: Callable[[], ColumnElement[bool]],
    paging: Paging,
    zone: ZoneInfo,
    forgotten_before: datetime,
    *,
    kept: Hashable | None,
) -> Listing[Any]:
    """Rows of a record's columns with `student` and `program`, newest first unless sorted otherwise.

    `kept` says all that decides about what is `visible`; None for a list whose statements are not kept.
    """
    programs = {Enrollment.program_id: lambda word: select(Program.id).where(*matches(word, Program.name))}
    found = about_people(session, paging.q, Attendance.user_id, programs)
    limits = _limits(filters, zone, forgotten_before)

    def conditions(limits: _Limits) -> list[ColumnElement[bool]]:
        return [visible(), *_conditions(filters.state, limits), *found]

    def statement(limits: _Limits = limits) -> Select[Any]:
        order = paging.order(SORTS, "-clock_in"), Attendance.id.desc()
        return _records().where(*conditions(limits)).order_by(*order)

    def counting(limits: _Limits = limits) -> Select[Any]:
        narrowed, rows = conditions(limits), select(literal(1)).select_from(Attendance)
        if mentions(narrowed, Enrollment):
            rows = rows.join(Enrollment, Enrollment.id == Attendance.enrollment_id)
        return rows.where(*narrowed)

    form = None
    if kept is not None:
        named = _named(limits)
        key = ("attendance", kept, filters.state, *named)
        form = Form(key, lambda: (statement(named), counting(named)), limits)
    return Listing(session, statement, paging, counting=counting, key=Attendance.id, form=form)


def records(
    session: Session,
    filters: AttendanceFilter,
    visible: Callable[[], ColumnElement[bool]],
    zone: ZoneInfo,
    forgotten_before: datetime,
    *,
    kept: Hashable | None,
    limit: int,
) -> Sequence[Any]:
    """The newest rows of a record's columns with `student` and `program`."""
    limits = _limits(filters, zone, forgotten_before)
    return _rows(session, _newest, filters.state, visible, limits, kept, most=limit)


def record(session: Session, record_id: int) -> Any | None:
    """One row of a record's columns with `student` and `program`."""
    return session.execute(_records().where(Attendance.id == record_id)).one_or_none()


def count(
    session: Session,
    filters: AttendanceFilter,
    visible: Callable[[], ColumnElement[bool]],
    zone: ZoneInfo,
    forgotten_before: datetime,
    *,
    kept: Hashable | None,
) -> int:
    """How many records the filter lets through."""
    limits = _limits(filters, zone, forgotten_before)
    return int(_rows(session, _counted, filters.state, visible, limits, kept)[0][0])


_kept = Kept()


def _rows(
    session: Session,
    build: Callable[[AttendanceState | None, ColumnElement[bool], _Limits], Select[Any]],
    state: AttendanceState | None,
    visible: Callable[[], ColumnElement[bool]],
    limits: _Limits,
    kept: Hashable | None,
    **more: Any,
) -> Sequence[Any]:
    """Asked by a statement that is put together once for each kind of filter and for what a person may see."""
    if kept is None:
        return session.execute(build(state, visible(), limits), more).all()
    key = (build.__name__, kept, state, *limits)
    ready = _kept.of(key, lambda: build(state, visible(), _named(limits)))
    return ready.rows(session, **limits, **more)


def _newest(state: AttendanceState | None, visible: ColumnElement[bool], limits: _Limits) -> Select[Any]:
    order = Attendance.clock_in.desc(), Attendance.id.desc()
    narrowed = _records().where(visible, *_conditions(state, limits))
    return narrowed.order_by(*order).limit(bindparam("most", type_=Integer))


def _counted(state: AttendanceState | None, visible: ColumnElement[bool], limits: _Limits) -> Select[Any]:
    rows = select(func.count()).select_from(Attendance)
    return rows.where(visible, *_conditions(state, limits))


def _records() -> Select[Any]:
    return (
        select(*Attendance.__table__.c, User.full_name.label("student"), Program.name.label("program"))
        .select_from(Attendance)
        .join(User, User.id == Attendance.user_id)
        .join(Enrollment, Enrollment.id == Attendance.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
    )


def _limits(filters: AttendanceFilter, zone: ZoneInfo, forgotten_before: datetime) -> _Limits:
    first, last = filters.first, filters.last
    found = {
        "of_student": filters.user_id,
        "of_enrollment": filters.enrollment_id,
        "since": None if first is None else hours.start_of_day(first, zone),
        "until": None if last is None else hours.day_bounds(last, last, zone)[1],
        "forgotten_before": forgotten_before,
    }
    return {name: value for name, value in found.items() if value is not None}


def _named(limits: _Limits) -> _Limits:
    return {name: bindparam(name) for name in limits}


def _conditions(state: AttendanceState | None, limits: _Limits) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if "of_student" in limits:
        conditions.append(Attendance.user_id == limits["of_student"])
    elif "of_enrollment" not in limits:
        # Deleted people stand in no list; their records are there where one of them is asked for.
        conditions.append(Attendance.user_id.not_in(select(User.id).where(User.deleted_at.is_not(None))))
    if "of_enrollment" in limits:
        conditions.append(Attendance.enrollment_id == limits["of_enrollment"])
    if "since" in limits:
        conditions.append(Attendance.clock_in >= limits["since"])
    if "until" in limits:
        conditions.append(Attendance.clock_in < limits["until"])
    still_open = Attendance.clock_out.is_(None)
    forgotten = Attendance.clock_in < limits["forgotten_before"]
    match state:
        case AttendanceState.OPEN:
            conditions.append(and_(still_open, Attendance.clock_in >= limits["forgotten_before"]))
        case AttendanceState.COMPLETE:
            conditions.append(
                and_(Attendance.clock_out.is_not(None), Attendance.missing_clock_out.is_(False))
            )
        case AttendanceState.NEEDS_CORRECTION:
            conditions.append(or_(Attendance.missing_clock_out, and_(still_open, forgotten)))
        case None:
            pass
    return conditions

"""Classes as JSON. Instructors read their own; the registrar and administrators make and fill them."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from app.academics.classes import service
from app.academics.classes.schemas import (
    ChangeIn,
    ChangeOut,
    ClassDetail,
    ClassIn,
    ClassOut,
    ClassPatch,
    InstructorIn,
    InstructorOut,
    MeetingOut,
    RemoveIn,
    SeatOut,
    SeatsIn,
    WeeklyIn,
    WeeklyOut,
)
from app.core import clock
from app.core.permissions import Subject
from app.web.field_types import Day, OptionalDay, PathId, RecordId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1/classes", tags=["classes"])


@router.get("")
def list_classes(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    program_id: Annotated[RecordId | None, Query(description="Only from this program.")] = None,
    current: Annotated[bool, Query(description="Only those whose term is not over.")] = False,
) -> Page[ClassOut]:
    """Classes, newest first; an instructor's own. Sorts: code, name, program, starts, ends, room, students."""
    found = service.list_classes(db, subject, paging, settings.zone, program_id=program_id, current=current)
    return found.page().map(ClassOut.model_validate)


@router.post("", status_code=201)
def create_class(db: Db, subject: CurrentSubject, settings: SettingsDep, body: ClassIn) -> ClassDetail:
    """Make a class. 409 when the code is taken."""
    return _detail(db, subject, settings, service.create(db, subject, body).id)


@router.get("/{class_id}")
def get_class(db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId) -> ClassDetail:
    """One class with its timetable, its instructors and, for those who manage it, what is double-booked."""
    return _detail(db, subject, settings, class_id)


@router.patch("/{class_id}")
def update_class(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, body: ClassPatch
) -> ClassDetail:
    """Change what is given; the rest stays."""
    service.update(db, subject, class_id, body.model_dump(exclude_unset=True))
    return _detail(db, subject, settings, class_id)


@router.delete("/{class_id}", status_code=204)
def delete_class(db: Db, subject: CurrentSubject, class_id: PathId) -> None:
    """Delete a class. 409 once anybody has sat in it."""
    service.delete(db, subject, class_id)


# The timetable


@router.get("/{class_id}/meetings")
def list_meetings(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    first: Annotated[OptionalDay, Query(alias="from", description="First day, at the school.")] = None,
    last: Annotated[OptionalDay, Query(alias="to", description="Last day, at the school.")] = None,
) -> list[MeetingOut]:
    """The meetings within the term, changes and holidays applied, in order."""
    zone = settings.zone
    return [
        MeetingOut(
            day=one.day,
            starts=clock.local(one.starts, zone),
            ends=clock.local(one.ends, zone),
            room=one.room,
            note=one.note,
        )
        for one in service.meetings(db, subject, class_id, zone, first, last)
    ]


@router.put("/{class_id}/weekly")
def replace_weekly(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    body: Annotated[list[WeeklyIn], Field(max_length=50)],
) -> ClassDetail:
    """Give the class these weekly meetings in place of those it has."""
    service.replace_weekly(db, subject, class_id, body)
    return _detail(db, subject, settings, class_id)


@router.post("/{class_id}/changes", status_code=201)
def add_change(db: Db, subject: CurrentSubject, class_id: PathId, body: ChangeIn) -> ChangeOut:
    """Cancel or move a day's meetings, or add one. 409 for a day that is changed already."""
    return ChangeOut.model_validate(service.add_change(db, subject, class_id, body))


@router.delete("/{class_id}/changes/{change_id}", status_code=204)
def remove_change(db: Db, subject: CurrentSubject, class_id: PathId, change_id: PathId) -> None:
    """Let the day be as every week again."""
    service.remove_change(db, subject, class_id, change_id)


# Instructors


@router.post("/{class_id}/instructors", status_code=201)
def add_instructor(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, body: InstructorIn
) -> ClassDetail:
    """Let somebody of the staff teach the class; they see its students from now on."""
    service.add_instructor(db, subject, class_id, body)
    return _detail(db, subject, settings, class_id)


@router.delete("/{class_id}/instructors/{assignment_id}", status_code=204)
def end_instructor(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    assignment_id: PathId,
    last_day: Annotated[Day | None, Query(description="Last day; yesterday unless given.")] = None,
) -> None:
    """End an assignment; its instructor sees the students no longer."""
    yesterday = clock.today(settings.zone) - timedelta(days=1)
    service.end_instructor(db, subject, class_id, assignment_id, last_day=last_day or yesterday)


# Seats


@router.get("/{class_id}/seats")
def list_seats(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, paging: PageParams
) -> Page[SeatOut]:
    """The students of the class. Sorts: student, email, progress, from."""
    return service.roster(db, subject, class_id, paging, settings.zone).page().map(SeatOut.model_validate)


@router.post("/{class_id}/seats", status_code=201)
def add_students(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, body: SeatsIn
) -> list[int]:
    """Seat students, all or none; answers the seats' numbers. 409 for a full class and for who sits already."""
    seats = service.add_students(
        db, subject, class_id, body.enrollment_ids, settings.zone, starts_on=body.starts_on
    )
    return [seat.id for seat in seats]


@router.post("/{class_id}/seats/end", status_code=204)
def remove_students(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, body: RemoveIn
) -> None:
    """Remove students from the class, all or none."""
    service.remove_students(db, subject, class_id, body.seat_ids, settings.zone, last_day=body.last_day)


def _detail(db: Db, subject: Subject, settings: SettingsDep, class_id: int) -> ClassDetail:
    view = service.read(db, subject, class_id, settings.zone)
    row: Any = view.record
    return ClassDetail(
        **ClassOut.model_validate(row).model_dump(),
        weekly=[WeeklyOut.model_validate(one) for one in view.weekly],
        changes=[ChangeOut.model_validate(one) for one in view.changes],
        teachers=[InstructorOut.model_validate(one) for one in view.teachers],
        warnings=view.warnings,
    )

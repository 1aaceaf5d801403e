"""The roster as a page: large buttons for a tablet, one tap each."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.attendance import policy
from app.compliance.attendance.roster import service
from app.compliance.attendance.roster.schemas import AllPresentForm, MarkForm
from app.core.errors import Conflict, Invalid, Problem
from app.core.permissions import Subject
from app.rules.roster import Mark
from app.settings import Settings
from app.web.field_types import EARLIEST_DAY, LATEST_DAY, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
classes.register_link(
    classes.ClassLink("Attendance", "/attendance", "clipboard-check", policy.may_list, order=5)
)


def _ordinary(moment: datetime | None) -> datetime | None:
    if moment is not None and not EARLIEST_DAY.year <= moment.year <= LATEST_DAY.year:
        raise ValueError("There was no meeting then.")
    return moment


Starts = Annotated[
    AwareDatetime | None, BeforeValidator(blank_is_none), AfterValidator(_ordinary), Query(alias="meeting")
]


def address(class_id: int, starts: datetime) -> str:
    """Where the roster of a meeting stands."""
    return f"/classes/{class_id}/attendance?meeting={starts:%Y-%m-%dT%H:%M:%SZ}"


@router.get("/classes/{class_id}/attendance")
def roster(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    meeting: Starts = None,
) -> Response:
    """The roster of a meeting; of the latest, unless one is named."""
    return _page(request, db, subject, settings, class_id, meeting)


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    starts: datetime | None,
    problem: Problem | None = None,
) -> Response:
    view = service.read(db, subject, class_id, settings.zone, starts)
    return render(
        request,
        "attendance/roster.html",
        problem.status if problem else 200,
        view=view,
        meeting=view.meeting,
        marks=list(Mark),
        problem=problem,
        here=address(class_id, view.meeting.starts) if view.meeting else None,
        address_of=lambda starts: address(class_id, starts),
        breadcrumbs=[("Classes", "/classes"), (view.code, f"/classes/{class_id}"), ("Attendance", None)],
    )


@router.post("/classes/{class_id}/attendance")
def mark(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[MarkForm], Depends(posted(MarkForm))],
    meeting: Starts = None,
) -> Response:
    """One student's mark."""

    def save(starts: datetime) -> Response:
        if form.values is None:
            raise Invalid(" ".join(one for errors in form.errors.values() for one in errors))
        service.mark(db, subject, class_id, starts, form.values, settings.zone)
        return redirect(f"{address(class_id, starts)}#student-{form.values.enrollment_id}")

    return _saved(request, db, subject, settings, class_id, meeting, save)


@router.post("/classes/{class_id}/attendance/all-present")
def mark_all_present(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    _form: Annotated[Form[AllPresentForm], Depends(posted(AllPresentForm))],
    meeting: Starts = None,
) -> Response:
    """Everybody who has no mark yet."""

    def save(starts: datetime) -> Response:
        service.mark_all_present(db, subject, class_id, starts, settings.zone)
        return redirect(address(class_id, starts))

    return _saved(request, db, subject, settings, class_id, meeting, save)


def _saved(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    starts: datetime | None,
    save: Callable[[datetime], Response],
) -> Response:
    """Save, or show the roster as it is beside the sentence that says why not."""
    service.require_marking(db, subject, class_id, settings.zone)
    try:
        if starts is None:
            raise Invalid("Choose a meeting of the class first.")
        with db.begin_nested():
            return save(starts)
    except (Conflict, Invalid) as problem:
        return _page(request, db, subject, settings, class_id, starts, problem)

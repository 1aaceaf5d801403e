"""Pages of externships for the staff: the list, one externship with its log, its verification."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.externships import policy
from app.compliance.externships.hours import service as hours
from app.compliance.externships.links.schemas import SendForm
from app.compliance.externships.placements import service
from app.compliance.externships.placements.reports import EXTERNSHIPS, HOURS
from app.compliance.externships.placements.schemas import (
    PlacementFields,
    PlacementForm,
    ReasonForm,
    VerifyForm,
)
from app.compliance.externships.verification import service as verification
from app.compliance.externships.weeks import service as weeks
from app.core import clock
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.enrollment import service as enrollment
from app.rules.externships import RATINGS
from app.settings import Settings
from app.web import navigation, refusals, reports, scans, search, uploads
from app.web.field_types import OptionalDay, OptionalId, PathId, blank_is_none
from app.web.forms import GENERAL, Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
uploads.register("/externships/*/verify")
refusals.register_record("externship_id", "externships", owner="user_id", kind=Records.EXTERNSHIPS)
refusals.register_record("hours_id", "externship_hours", owner="user_id", kind=Records.EXTERNSHIPS)
navigation.register(NavItem("Externships", "/externships", "building-hospital", policy.may_list, order=49))
LISTS = [Requires(*Records.EXTERNSHIPS.value)]
MANAGES = [Requires(Permission.EXTERNSHIPS_MANAGE)]
LIST = ("Externships", "/externships")
_State = Annotated[
    Literal["planned", "under_way", "disputed", "to_verify", "verified", "without_log"] | None,
    BeforeValidator(blank_is_none),
    Query(),
]
_DayState = Annotated[
    Literal["logged", "confirmed", "disputed"] | None, BeforeValidator(blank_is_none), Query()
]


def _find(session: Session, subject: Subject, words: str) -> Found | None:
    if not policy.may_list(subject):
        return None
    today = clock.today(session.info["settings"].zone)
    page = service.list_externships(session, subject, Paging(q=words, per_page=search.MOST), today).page()
    hits = [
        Hit(
            f"{row.full_name} at {row.site}", row.program or "", f"/externships/{row.id}", "building-hospital"
        )
        for row in page.items
    ]
    return Found("Externships", hits, page.total, "/externships")


search.register("externships", _find, order=60)


@router.get("/externships", dependencies=LISTS)
def externships(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    state: _State = None,
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """Who is where, and what waits to be verified."""
    found = service.list_externships(
        db, subject, paging, clock.today(settings.zone), state=state, program_id=program_id
    )
    return reports.answer(
        request,
        db,
        subject,
        EXTERNSHIPS,
        found,
        "externships/list.html",
        choices={"program_id": _programs(db, subject)},
        may_manage=policy.may_manage(subject),
        may_read_sites=policy.may_read_sites(subject),
        tab="externships",
    )


@router.get("/externships/hours", dependencies=LISTS)
def externship_hours(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: _DayState = None,
    first: Annotated[OptionalDay, Query()] = None,
    last: Annotated[OptionalDay, Query()] = None,
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """Every logged day."""
    found = hours.list_hours(db, subject, paging, state=state, first=first, last=last, program_id=program_id)
    return reports.answer(
        request,
        db,
        subject,
        HOURS,
        found,
        "externships/list.html",
        choices={"program_id": _programs(db, subject)},
        may_manage=False,
        may_read_sites=policy.may_read_sites(subject),
        tab="hours",
    )


def _programs(db: Session, subject: Subject) -> list[tuple[str, str]]:
    return [(str(row.id), row.name) for row in enrollment.program_names(db, subject)]


# Placing


@router.get("/externships/new", dependencies=MANAGES)
def new_externship(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    return _form_page(request, db, subject, settings, Form.blank(PlacementForm, enrollment_id=enrollment_id))


@router.post("/externships/new", dependencies=MANAGES)
def place(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[PlacementForm], Depends(posted(PlacementForm))],
) -> Response:
    def save(values: PlacementForm) -> Response:
        return redirect(f"/externships/{service.place(db, subject, values).id}")

    return form.submit(db, save, again=lambda: _form_page(request, db, subject, settings, form))


@router.get("/externships/{externship_id}/edit", dependencies=MANAGES)
def edit_externship(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, externship_id: PathId
) -> Response:
    row = service.read_externship(db, subject, externship_id, settings.zone).row
    return _form_page(request, db, subject, settings, Form.filled(PlacementFields, row), row)


@router.post("/externships/{externship_id}/edit", dependencies=MANAGES)
def change(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    externship_id: PathId,
    form: Annotated[Form[PlacementFields], Depends(posted(PlacementFields))],
) -> Response:
    row = service.read_externship(db, subject, externship_id, settings.zone).row

    def save(values: PlacementFields) -> Response:
        service.change(db, subject, externship_id, values)
        return redirect(f"/externships/{externship_id}")

    return form.submit(db, save, again=lambda: _form_page(request, db, subject, settings, form, row))


def _form_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    form: Form[Any],
    row: Any | None = None,
) -> Response:
    enrollments, supervisors = service.choices(db, subject, clock.today(settings.zone))
    places = [(one.id, f"{one.site}: {one.name}, {one.title}") for one in supervisors]
    if row is not None and row.supervisor_id not in {one.id for one in supervisors}:
        places.insert(0, (row.supervisor_id, f"{row.site}: {row.supervisor}"))
    title = "Change the placement" if row else "Place a student"
    return render(
        request,
        "externships/placement_form.html",
        form=form,
        row=row,
        title=title,
        students=[(one.id, f"{one.full_name} – {one.program}") for one in enrollments],
        places=places,
        back=f"/externships/{row.id}" if row else "/externships",
        breadcrumbs=[LIST, *([(row.full_name, f"/externships/{row.id}")] if row else []), (title, None)],
    )


# One externship


@router.get("/externships/{externship_id}", dependencies=LISTS)
def externship(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, externship_id: PathId
) -> Response:
    """One externship: log, links, evaluations, verification."""
    return _page(request, db, subject, settings, externship_id, Form.blank(VerifyForm))


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    externship_id: int,
    form: Form[Any],
) -> Response:
    found = service.read_externship(db, subject, externship_id, settings.zone)
    row = found.row
    return render(
        request,
        "externships/externship.html",
        found=found,
        row=row,
        form=form,
        base=f"/externships/{externship_id}",
        ratings=RATINGS,
        accept=scans.ACCEPT,
        scan_help=scans.HELP,
        may_manage=policy.may_manage(subject, row.user_id) and row.site_id is not None,
        breadcrumbs=[LIST, (row.full_name, f"/people/{row.user_id}"), (row.site, None)],
    )


@router.post("/externships/{externship_id}/send", dependencies=MANAGES)
def send(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    externship_id: PathId,
    form: Annotated[Form[SendForm], Depends(posted(SendForm))],
) -> Response:
    """Mail the supervisor a link for a week."""

    def act(values: SendForm) -> Response:
        weeks.send_week(db, subject, externship_id, values.week, settings.zone)
        return redirect(f"/externships/{externship_id}#links")

    return form.submit(db, act, again=lambda: _after(request, db, subject, settings, externship_id, form))


@router.post("/externships/{externship_id}/verify", dependencies=MANAGES)
def verify(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    externship_id: PathId,
    form: Annotated[Form[VerifyForm], Depends(posted(VerifyForm))],
) -> Response:
    """Verify the hours by the supporting document."""

    def act(values: VerifyForm) -> Response:
        content = values.file.file.read(scans.LARGEST_BYTES + 1)
        verification.verify(
            db, subject, store, externship_id, seen_minutes=values.seen_minutes, content=content
        )
        return redirect(f"/externships/{externship_id}")

    return form.submit(db, act, again=lambda: _page(request, db, subject, settings, externship_id, form))


@router.post("/externships/{externship_id}/reopen", dependencies=MANAGES)
def reopen(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    externship_id: PathId,
    form: Annotated[Form[ReasonForm], Depends(posted(ReasonForm))],
) -> Response:
    """Take the verification back."""

    def act(values: ReasonForm) -> Response:
        verification.reopen(db, subject, externship_id, values.reason)
        return redirect(f"/externships/{externship_id}")

    return form.submit(db, act, again=lambda: _after(request, db, subject, settings, externship_id, form))


@router.post("/externships/hours/{hours_id}/reopen", dependencies=MANAGES)
def reopen_day(
    db: Db,
    subject: CurrentSubject,
    hours_id: PathId,
    form: Annotated[Form[ReasonForm], Depends(posted(ReasonForm))],
) -> Response:
    """Let the student change a day that was confirmed by mistake."""
    externship_id = verification.reopen_day(db, subject, hours_id, form.checked().reason)
    return redirect(f"/externships/{externship_id}")


@router.get("/externships/{externship_id}/document")
def document(
    db: Db, subject: CurrentSubject, settings: SettingsDep, store: FilesDep, externship_id: PathId
) -> Response:
    """The supporting document; the student may see it too."""
    today = clock.today(settings.zone)
    content, media_type = verification.read_document(db, subject, store, externship_id, today)
    return scans.answer(content, media_type, f"externship-{externship_id}")


def _after(
    request: Request, db: Session, subject: Subject, settings: Settings, externship_id: int, form: Form[Any]
) -> Response:
    """The page with what was wrong about one of its small forms above it."""
    shown = Form.blank(VerifyForm)
    for _name, message in form.messages:
        shown.add_error(GENERAL, message)
    return _page(request, db, subject, settings, externship_id, shown)

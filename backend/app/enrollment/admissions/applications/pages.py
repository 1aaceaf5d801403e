"""The desk of admissions: applications, who may be the same person, and decisions."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import clock
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.enrollment import service as enrollment
from app.enrollment.admissions import policy
from app.enrollment.admissions.applications import queries, service
from app.enrollment.admissions.applications.reports import APPLICATIONS
from app.enrollment.admissions.applications.schemas import (
    AcceptForm,
    ApplicationForm,
    ApplicationState,
    ReasonForm,
    WantsForm,
)
from app.enrollment.admissions.papers import service as papers
from app.settings import Settings
from app.web import navigation, refusals, reports, search
from app.web.field_types import OptionalId, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("Admissions", "/admissions", "user-plus", policy.may_read, order=45))
refusals.register_record("application_id", "applications", owner="user_id", kind=Records.STUDENTS)

READS = [Requires(Permission.ADMISSIONS_READ)]
MANAGES = [Requires(Permission.ADMISSIONS_MANAGE)]
LIST = ("Admissions", "/admissions")
State = Annotated[
    Literal["new", "documents", "accepted", "declined", "withdrawn", "all"] | None,
    BeforeValidator(blank_is_none),
    Query(),
]


def _programs(db: Session, subject: Subject) -> list[tuple[str, str]]:
    return [(str(row.id), row.name) for row in enrollment.program_names(db, subject)]


@router.get("/admissions", dependencies=READS)
def applications(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: State = None,
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    counted = service.counts(db, subject)
    states = [(one.value, f"{one.label} ({counted.get(one.value, 0):,})") for one in ApplicationState]
    return reports.answer(
        request,
        db,
        subject,
        APPLICATIONS,
        service.list_applications(db, subject, paging, state=state, program_id=program_id),
        "admissions/applications.html",
        choices={"program_id": _programs(db, subject), "state": [*states, ("all", "Every state")]},
        may_manage=policy.may_manage(subject),
    )


# Taking in


@router.get("/admissions/new", dependencies=MANAGES)
def new_application(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return _new_page(request, db, subject, Form.blank(ApplicationForm))


@router.post("/admissions/new", dependencies=MANAGES)
def add_application(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ApplicationForm], Depends(posted(ApplicationForm))],
) -> Response:
    def save(values: ApplicationForm) -> Response:
        record = service.apply(db, subject, values, clock.today(settings.zone))
        return redirect(f"/admissions/{record.id}")

    return form.submit(db, save, again=lambda: _new_page(request, db, subject, form))


def _new_page(request: Request, db: Session, subject: Subject, form: Form[ApplicationForm]) -> Response:
    return render(
        request,
        "admissions/application_new.html",
        form=form,
        programs=_programs(db, subject),
        same=service.who_may_be_the_same(db, subject, form.values) if form.values else [],
        status_of=accounts.status_of,
        breadcrumbs=[LIST, ("New application", None)],
    )


@router.get("/people/{user_id}/applications/new", dependencies=MANAGES)
def new_application_of(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    return _wants_page(request, db, subject, user_id, Form.blank(WantsForm))


@router.post("/people/{user_id}/applications/new", dependencies=MANAGES)
def add_application_of(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    form: Annotated[Form[WantsForm], Depends(posted(WantsForm))],
) -> Response:
    def save(values: WantsForm) -> Response:
        return redirect(f"/admissions/{service.apply_for(db, subject, user_id, values).id}")

    return form.submit(db, save, again=lambda: _wants_page(request, db, subject, user_id, form))


def _wants_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[WantsForm]
) -> Response:
    person = accounts.student_named(db, subject, user_id)
    return render(
        request,
        "admissions/application_of.html",
        form=form,
        person=person,
        programs=_programs(db, subject),
        breadcrumbs=[LIST, (f"New application of {person.full_name}", None)],
    )


# One application


@router.get("/admissions/{application_id}", dependencies=READS)
def application(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, application_id: PathId
) -> Response:
    return _page(request, db, subject, settings, application_id)


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    application_id: int,
    accepting: Form[AcceptForm] | None = None,
    ending: Form[ReasonForm] | None = None,
) -> Response:
    record = service.get_application(db, subject, application_id)
    found = papers.checklist(db, subject, record.user_id, clock.today(settings.zone))
    program = queries.program(db, record.program_id)
    state = ApplicationState(record.state)
    return render(
        request,
        "admissions/application.html",
        record=record,
        state=state,
        person=found.person,
        status=accounts.status_of(found.person),
        program=program,
        lines=found.lines,
        to_do=found.to_do,
        accepting=accepting or Form.blank(AcceptForm, enroll=True),
        ending=ending or Form.blank(ReasonForm),
        may_manage=policy.may_manage(subject) and state.is_open and subject.user_id != record.user_id,
        breadcrumbs=[LIST, (found.person.full_name, None)],
    )


@router.post("/admissions/{application_id}/documents", dependencies=MANAGES)
def wait_for_documents(db: Db, subject: CurrentSubject, application_id: PathId) -> Response:
    service.wait_for_documents(db, subject, application_id)
    return redirect(f"/admissions/{application_id}")


@router.post("/admissions/{application_id}/accept", dependencies=MANAGES)
def accept(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    application_id: PathId,
    form: Annotated[Form[AcceptForm], Depends(posted(AcceptForm))],
) -> Response:
    def act(values: AcceptForm) -> Response:
        service.accept(db, subject, settings, application_id, values, clock.today(settings.zone))
        return redirect(f"/admissions/{application_id}")

    return form.submit(
        db, act, again=lambda: _page(request, db, subject, settings, application_id, accepting=form)
    )


EndForm = Annotated[Form[ReasonForm], Depends(posted(ReasonForm))]


@router.post("/admissions/{application_id}/decline", dependencies=MANAGES)
def decline(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    application_id: PathId,
    form: EndForm,
) -> Response:
    def act(values: ReasonForm) -> Response:
        service.decline(db, subject, application_id, values.why)
        return redirect(f"/admissions/{application_id}")

    return form.submit(
        db, act, again=lambda: _page(request, db, subject, settings, application_id, ending=form)
    )


@router.post("/admissions/{application_id}/withdraw", dependencies=MANAGES)
def withdraw(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    application_id: PathId,
    form: EndForm,
) -> Response:
    def act(values: ReasonForm) -> Response:
        service.withdraw_application(db, subject, application_id, values.why)
        return redirect(f"/admissions/{application_id}")

    return form.submit(
        db, act, again=lambda: _page(request, db, subject, settings, application_id, ending=form)
    )


def _find(db: Session, subject: Subject, words: str) -> Found | None:
    if not policy.may_read(subject):
        return None
    paging = Paging(q=words, per_page=search.MOST)
    page = service.list_applications(db, subject, paging, state="all").page()
    hits = [
        Hit(
            row.full_name,
            f"{row.program_name}, {ApplicationState(row.state).label.lower()}",
            f"/admissions/{row.id}",
            "user-plus",
        )
        for row in page.items
    ]
    return Found("Applications", hits, page.total, "/admissions?state=all")


search.register("applications", _find, order=40)

"""What students do about their own records: see them, have them amended, consent, opt out, see who was given what."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.compliance.privacy import access, amendments, consents, directory, disclosures
from app.compliance.privacy.schemas import (
    AccessForm,
    AmendmentForm,
    ButtonForm,
    ConsentFields,
    DirectoryForm,
    StatementForm,
)
from app.core import clock, proof
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.rules.privacy import ACCESS_DAYS, BASES, EXEMPT
from app.settings import Settings
from app.web import navigation
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
RECORDS = ("Privacy", "/account/privacy")
navigation.register(NavItem("Privacy", "/account/privacy", "shield-check", navigation.STUDENTS, order=56))


def _student(subject: Subject) -> int:
    """The number of the student who asks. Raises NotFound for the staff, who have no such page."""
    if not subject.is_student:
        raise NotFound("This page is for students. A student’s records are on their page under People.")
    return subject.user_id


@router.get("/account/privacy")
def records(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    """Everything about one's records."""
    return _page(request, db, subject, settings, Form.blank(AccessForm))


def _page(
    request: Request, db: Session, subject: Subject, settings: Settings, form: Form[AccessForm]
) -> Response:
    student_id = _student(subject)
    today = clock.today(settings.zone)
    return render(
        request,
        "privacy/records.html",
        form=form,
        log=disclosures.log_of(db, subject, student_id),
        standing=disclosures.standing_for(db, subject, student_id),
        consents=consents.consents_of(db, subject, student_id),
        hidden=directory.is_hidden(db, subject, student_id),
        access=access.requests_of(db, subject, student_id),
        amendments=amendments.amendments_of(db, subject, student_id),
        bases=BASES,
        exempt=EXEMPT,
        items=directory.ITEMS,
        days=ACCESS_DAYS,
        today=today,
        breadcrumbs=[("Your account", "/account"), ("Privacy", None)],
    )


@router.post("/account/privacy/access-requests")
def ask_access(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[AccessForm], Depends(posted(AccessForm))],
) -> Response:
    def act(values: AccessForm) -> Response:
        access.ask_access(db, subject, _student(subject), values.records, clock.today(settings.zone))
        return redirect("/account/privacy#access")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, form))


@router.post("/account/privacy/access-requests/{access_request_id}/withdraw")
def withdraw_request(
    db: Db,
    subject: CurrentSubject,
    access_request_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    form.checked()
    access.withdraw_request(db, subject, access_request_id)
    return redirect("/account/privacy#access")


@router.post("/account/privacy/directory")
def set_directory(
    db: Db, subject: CurrentSubject, form: Annotated[Form[DirectoryForm], Depends(posted(DirectoryForm))]
) -> Response:
    """Opt out of directory information, or allow it again."""
    student_id = _student(subject)
    directory.set_hidden(db, subject, student_id, hidden=form.checked().hidden == "yes")
    return redirect("/account/privacy#directory")


# Consents


@router.get("/account/privacy/consents/new")
def new_consent(request: Request, subject: CurrentSubject) -> Response:
    _student(subject)
    # A signature that counts needs to know who signs (34 CFR 99.30(d)).
    proof.require_recent(subject)
    return _consent_page(request, Form.blank(ConsentFields))


@router.post("/account/privacy/consents/new")
def give_consent(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ConsentFields], Depends(posted(ConsentFields))],
) -> Response:
    def act(values: ConsentFields) -> Response:
        consents.give(db, subject, _student(subject), values, clock.today(settings.zone))
        return redirect("/account/privacy#consents")

    return form.submit(db, act, lambda: _consent_page(request, form))


def _consent_page(request: Request, form: Form[ConsentFields]) -> Response:
    return render(
        request,
        "privacy/consent_form.html",
        form=form,
        paper=False,
        accept="",
        help="",
        breadcrumbs=[RECORDS, ("Give a consent", None)],
    )


@router.post("/privacy/consents/{consent_id}/withdraw")
def withdraw_consent(
    db: Db,
    subject: CurrentSubject,
    consent_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    """The student withdraws a consent, or the office on their letter."""
    form.checked()
    row = consents.withdraw(db, subject, consent_id)
    own = row.student_id == subject.user_id
    return redirect("/account/privacy#consents" if own else f"/people/{row.student_id}/privacy")


# Amendment


@router.get("/account/privacy/amendments/new")
def new_amendment(request: Request, subject: CurrentSubject) -> Response:
    _student(subject)
    return _amendment_form(request, Form.blank(AmendmentForm, request=uuid4()))


@router.post("/account/privacy/amendments/new")
def ask_amendment(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[AmendmentForm], Depends(posted(AmendmentForm))],
) -> Response:
    _student(subject)

    def act(values: AmendmentForm) -> Response:
        row = amendments.ask_amendment(db, subject, _student(subject), values)
        return redirect(f"/account/privacy/amendments/{row.id}")

    return form.submit(db, act, lambda: _amendment_form(request, form))


def _amendment_form(request: Request, form: Form[AmendmentForm]) -> Response:
    return render(
        request, "privacy/amendment_form.html", form=form, breadcrumbs=[RECORDS, ("Amend a record", None)]
    )


@router.get("/account/privacy/amendments/{amendment_id}")
def amendment(request: Request, db: Db, subject: CurrentSubject, amendment_id: PathId) -> Response:
    """One's own request: what was decided, and what can follow."""
    _student(subject)
    return _amendment_page(request, db, subject, amendment_id, Form.blank(StatementForm))


def _amendment_page(
    request: Request, db: Session, subject: Subject, amendment_id: int, form: Form[StatementForm]
) -> Response:
    found = amendments.read_amendment(db, subject, amendment_id)
    return render(
        request,
        "privacy/amendment.html",
        found=found,
        row=found.row,
        form=form,
        own=True,
        breadcrumbs=[RECORDS, ("Amendment", None)],
    )


@router.post("/account/privacy/amendments/{amendment_id}/hearing")
def ask_hearing(
    db: Db,
    subject: CurrentSubject,
    amendment_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    form.checked()
    amendments.ask_hearing(db, subject, amendment_id)
    return redirect(f"/account/privacy/amendments/{amendment_id}")


@router.post("/account/privacy/amendments/{amendment_id}/statement")
def attach_statement(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    amendment_id: PathId,
    form: Annotated[Form[StatementForm], Depends(posted(StatementForm))],
) -> Response:
    def act(values: StatementForm) -> Response:
        amendments.attach_statement(db, subject, amendment_id, values.statement)
        return redirect(f"/account/privacy/amendments/{amendment_id}")

    return form.submit(db, act, lambda: _amendment_page(request, db, subject, amendment_id, form))

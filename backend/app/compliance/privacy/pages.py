"""Pages of FERPA for the office: requests, disclosures, one student's, the directory, the whole file."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.privacy import (
    access,
    amendments,
    consents,
    directory,
    disclosures,
    policy,
    request_pages,
)
from app.compliance.privacy.reports import DIRECTORY, DISCLOSURES, REQUESTS
from app.compliance.privacy.request_pages import MANAGES, PRIVACY, READS, Manager
from app.compliance.privacy.schemas import (
    AccessLetterForm,
    BatchFields,
    ButtonForm,
    DirectoryForm,
    DisclosureFields,
    PaperConsentForm,
)
from app.core import clock
from app.core.permissions import Subject
from app.core.visibility import Records
from app.rules.privacy import BASES, EXEMPT
from app.web import navigation, refusals, reports, scans, uploads
from app.web.field_types import PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.reports.answers import download
from app.web.request import (
    CurrentSubject,
    DatabaseDep,
    Db,
    FilesDep,
    SettingsDep,
)

router = APIRouter(include_in_schema=False)
router.include_router(request_pages.router)
uploads.register("/people/*/consents/new")
navigation.register(NavItem("Privacy", "/privacy", "shield-check", policy.may_list, order=56))
refusals.register_record("access_request_id", "access_requests", owner="student_id", kind=Records.STUDENTS)
refusals.register_record("amendment_id", "amendment_requests", owner="student_id", kind=Records.STUDENTS)
refusals.register_record("consent_id", "consents", owner="student_id", kind=Records.STUDENTS)
State = Annotated[Literal["closed"] | None, BeforeValidator(blank_is_none), Query()]


# Lists


@router.get("/privacy", dependencies=READS)
def requests(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, state: State = None
) -> Response:
    """Requests to see and to amend records."""
    listing = access.list_requests(db, subject, paging, closed=state == "closed")
    return reports.answer(request, db, subject, REQUESTS, listing, "privacy/requests.html")


@router.get("/privacy/disclosures", dependencies=READS)
def disclosure_log(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Every disclosure."""
    return reports.answer(
        request,
        db,
        subject,
        DISCLOSURES,
        disclosures.list_disclosures(db, subject, paging),
        "privacy/disclosures.html",
        exempt=EXEMPT,
        may_manage=policy.may_manage(subject),
        breadcrumbs=[PRIVACY, ("Disclosures", None)],
    )


@router.get("/privacy/directory", dependencies=READS)
def directory_list(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """What may be given out of everybody who has not opted out."""
    return reports.answer(
        request,
        db,
        subject,
        DIRECTORY,
        directory.list_directory(db, subject, paging),
        "privacy/directory.html",
        items=directory.ITEMS,
        breadcrumbs=[PRIVACY, ("Directory information", None)],
    )


@router.get("/privacy/disclosures/new", dependencies=MANAGES)
def new_batch(request: Request, subject: CurrentSubject, settings: SettingsDep) -> Response:
    """One disclosure of many students."""
    form = Form.blank(BatchFields, made_on=clock.today(settings.zone))
    return _batch_page(request, form)


@router.post("/privacy/disclosures/new", dependencies=MANAGES)
def record_batch(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[BatchFields], Depends(posted(BatchFields))],
) -> Response:
    def act(values: BatchFields) -> Response:
        disclosures.record_batch(db, subject, values, clock.today(settings.zone))
        return redirect("/privacy/disclosures")

    return form.submit(db, act, lambda: _batch_page(request, form))


def _batch_page(request: Request, form: Form[BatchFields]) -> Response:
    return render(
        request,
        "privacy/disclosure_form.html",
        form=form,
        bases=_bases(consent=False),
        consents=[],
        statements=[],
        batch=True,
        breadcrumbs=[PRIVACY, ("Disclosures", "/privacy/disclosures"), ("Record", None)],
    )


def _bases(*, consent: bool) -> list[tuple[str, str]]:
    return [
        (one.name, f"{one.label} ({one.rule})") for one in BASES.values() if consent or one.name != "consent"
    ]


# One student's


@router.get("/people/{user_id}/privacy", dependencies=READS)
def student(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    """What FERPA keeps of a student."""
    letter = Form.blank(AccessLetterForm, received_on=clock.today(settings.zone))
    return _student_page(request, db, subject, user_id, letter)


def _student_page(
    request: Request, db: Session, subject: Subject, user_id: int, letter: Form[AccessLetterForm]
) -> Response:
    person = policy.require_read(db, subject, user_id)
    return render(
        request,
        "privacy/student.html",
        person=person,
        log=disclosures.log_of(db, subject, user_id),
        standing=disclosures.standing_for(db, subject, user_id),
        consents=consents.consents_of(db, subject, user_id),
        hidden=directory.is_hidden(db, subject, user_id),
        access=access.requests_of(db, subject, user_id),
        amendments=amendments.amendments_of(db, subject, user_id),
        bases=BASES,
        exempt=EXEMPT,
        may_manage=policy.may_manage(subject, user_id),
        letter=letter,
        breadcrumbs=[("People", "/people"), (person.full_name, f"/people/{user_id}"), ("Privacy", None)],
    )


@router.get("/people/{user_id}/disclosures/new", dependencies=MANAGES)
def new_disclosure(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    form = Form.blank(DisclosureFields, made_on=clock.today(settings.zone))
    return _disclosure_page(request, db, subject, user_id, form)


@router.post("/people/{user_id}/disclosures/new", dependencies=MANAGES)
def record(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    form: Annotated[Form[DisclosureFields], Depends(posted(DisclosureFields))],
) -> Response:
    def act(values: DisclosureFields) -> Response:
        disclosures.record(db, subject, user_id, values, clock.today(settings.zone))
        return redirect(f"/people/{user_id}/privacy")

    return form.submit(db, act, lambda: _disclosure_page(request, db, subject, user_id, form))


def _disclosure_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[DisclosureFields]
) -> Response:
    person = policy.require_manage(db, subject, user_id)
    given = consents.consents_of(db, subject, user_id)
    return render(
        request,
        "privacy/disclosure_form.html",
        form=form,
        bases=_bases(consent=bool(given)),
        consents=[(one.id, f"{one.recipient}: {one.records[:60]}") for one in given if not one.withdrawn_at],
        statements=amendments.statements_of(db, user_id),
        batch=False,
        breadcrumbs=[(person.full_name, f"/people/{user_id}/privacy"), ("Record a disclosure", None)],
    )


@router.get("/people/{user_id}/consents/new", dependencies=MANAGES)
def new_consent(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    form = Form.blank(PaperConsentForm, signed_on=clock.today(settings.zone))
    return _consent_page(request, db, subject, user_id, form)


@router.post("/people/{user_id}/consents/new", dependencies=MANAGES)
def enter_consent(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    user_id: PathId,
    form: Annotated[Form[PaperConsentForm], Depends(posted(PaperConsentForm))],
) -> Response:
    def act(values: PaperConsentForm) -> Response:
        content = values.document.file.read(scans.LARGEST_BYTES + 1)
        consents.enter(db, subject, store, user_id, values, content, clock.today(settings.zone))
        return redirect(f"/people/{user_id}/privacy")

    return form.submit(db, act, lambda: _consent_page(request, db, subject, user_id, form))


def _consent_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[PaperConsentForm]
) -> Response:
    person = policy.require_manage(db, subject, user_id)
    return render(
        request,
        "privacy/consent_form.html",
        form=form,
        paper=True,
        accept=scans.ACCEPT,
        help=scans.HELP,
        breadcrumbs=[(person.full_name, f"/people/{user_id}/privacy"), ("Enter a consent", None)],
    )


@router.get("/privacy/consents/{consent_id}/document")
def consent_paper(db: Db, subject: CurrentSubject, store: FilesDep, consent_id: PathId) -> Response:
    paper = consents.read_paper(db, subject, store, consent_id)
    return scans.answer(paper.content, paper.media_type, f"consent-{consent_id}")


@router.post("/people/{user_id}/directory", dependencies=MANAGES)
def set_directory(
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    form: Annotated[Form[DirectoryForm], Depends(posted(DirectoryForm))],
) -> Response:
    """Turn directory information off, or on again, as the student asked in writing."""
    directory.set_hidden(db, subject, user_id, hidden=form.checked().hidden == "yes")
    return redirect(f"/people/{user_id}/privacy")


@router.post("/people/{user_id}/access-requests", dependencies=MANAGES)
def enter_letter(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    form: Annotated[Form[AccessLetterForm], Depends(posted(AccessLetterForm))],
) -> Response:
    """A request that came by letter or in person; the 45 days count from the day it came."""

    def act(values: AccessLetterForm) -> Response:
        row = access.ask_access(
            db, subject, user_id, values.records, clock.today(settings.zone), received_on=values.received_on
        )
        return redirect(f"/privacy/access/{row.id}")

    return form.submit(db, act, lambda: _student_page(request, db, subject, user_id, form))


@router.post("/people/{user_id}/file-export")
def export(
    database: DatabaseDep,
    subject: Manager,
    settings: SettingsDep,
    store: FilesDep,
    user_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    """The student's whole file as one signed archive."""
    form.checked()
    made = access.export_file(database, subject, store, settings, user_id)
    made.file.seek(made.size)
    return download(made.file, made.name, "application/zip")

"""Pages of FERPA for the office: requests, disclosures, one student's, the directory, the whole file."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from app.compliance.privacy import access, amendments, consents, directory, disclosures, policy
from app.compliance.privacy.reports import DIRECTORY, DISCLOSURES, REQUESTS
from app.compliance.privacy.schemas import (
    AccessLetterForm,
    AnswerForm,
    BatchFields,
    ButtonForm,
    DecisionForm,
    DisclosureFields,
    HearingForm,
    PaperConsentForm,
)
from app.core import clock
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.rules.privacy import BASES, EXEMPT
from app.settings import Settings
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
    Requires,
    SettingsDep,
    uploading,
)

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.PRIVACY_READ)]
MANAGES = [Requires(Permission.PRIVACY_MANAGE)]
Manager = Annotated[Subject, Depends(uploading(Permission.PRIVACY_MANAGE))]
"""For what works long: who asks is known in a transaction that is over by then."""
PRIVACY = ("Privacy", "/privacy")
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
        letter=Form.blank(AccessLetterForm, received_on=clock.today(settings.zone)),
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
    content, media_type = consents.read_paper(db, subject, store, consent_id)
    return scans.answer(content, media_type, f"consent-{consent_id}")


@router.post("/people/{user_id}/directory", dependencies=MANAGES)
def set_directory(
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    """Turn directory information off, or on again, as the student asked in writing."""
    form.checked()
    hidden = directory.is_hidden(db, subject, user_id)
    directory.set_hidden(db, subject, user_id, hidden=not hidden)
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
    values = form.checked()
    row = access.ask_access(
        db, subject, user_id, values.records, clock.today(settings.zone), received_on=values.received_on
    )
    return redirect(f"/privacy/access/{row.id}")


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


# One request


@router.get("/privacy/access/{access_request_id}", dependencies=READS)
def access_request(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, access_request_id: PathId
) -> Response:
    form = Form.blank(AnswerForm, how="copy")
    return _access_page(request, db, subject, settings, access_request_id, form)


@router.post("/privacy/access/{access_request_id}")
def answer(
    request: Request,
    database: DatabaseDep,
    subject: Manager,
    settings: SettingsDep,
    store: FilesDep,
    access_request_id: PathId,
    form: Annotated[Form[AnswerForm], Depends(posted(AnswerForm))],
) -> Response:
    """Answer with a copy of the whole file, or say that the student has looked at the records."""

    def act(values: AnswerForm) -> Response:
        if values.how == "copy":
            access.answer_with_copy(database, subject, store, settings, access_request_id, values.answer)
        else:
            with database.begin() as session:
                access.answer_inspected(session, subject, access_request_id, values.answer)
        return redirect(f"/privacy/access/{access_request_id}")

    def again() -> Response:
        with database.begin() as session:
            return _access_page(request, session, subject, settings, access_request_id, form)

    return form.submit_apart(act, again)


def _access_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    access_request_id: int,
    form: Form[AnswerForm],
) -> Response:
    found = access.read_request(db, subject, access_request_id, clock.today(settings.zone))
    return render(
        request,
        "privacy/access.html",
        found=found,
        row=found.row,
        form=form,
        breadcrumbs=[PRIVACY, (found.student, f"/people/{found.row.student_id}/privacy"), ("Request", None)],
    )


@router.get("/privacy/access/{access_request_id}/copy")
def copy(db: Db, subject: CurrentSubject, store: FilesDep, access_request_id: PathId) -> Response:
    """The archive that answered a request, for the student and the office."""
    row, chunks = access.read_copy(db, subject, access_request_id, store)
    headers = {
        "Content-Disposition": f'attachment; filename="student-file-{row.student_id}-{row.received_on}.zip"',
        "Content-Length": str(row.archive_bytes),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)


@router.get("/privacy/amendments/{amendment_id}", dependencies=READS)
def amendment(request: Request, db: Db, subject: CurrentSubject, amendment_id: PathId) -> Response:
    return _amendment_page(request, db, subject, amendment_id, Form.blank(DecisionForm))


@router.post("/privacy/amendments/{amendment_id}", dependencies=MANAGES)
def decide(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    amendment_id: PathId,
    form: Annotated[Form[DecisionForm], Depends(posted(DecisionForm))],
) -> Response:
    def act(values: DecisionForm) -> Response:
        amendments.decide_amendment(db, subject, amendment_id, values)
        return redirect(f"/privacy/amendments/{amendment_id}")

    return form.submit(db, act, lambda: _amendment_page(request, db, subject, amendment_id, form))


@router.post("/privacy/amendments/{amendment_id}/hearing", dependencies=MANAGES)
def hear(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    amendment_id: PathId,
    form: Annotated[Form[HearingForm], Depends(posted(HearingForm))],
) -> Response:
    def act(values: HearingForm) -> Response:
        amendments.decide_hearing(db, subject, amendment_id, values)
        return redirect(f"/privacy/amendments/{amendment_id}")

    return form.submit(db, act, lambda: _amendment_page(request, db, subject, amendment_id, form))


def _amendment_page(
    request: Request, db: Session, subject: Subject, amendment_id: int, form: Form[Any]
) -> Response:
    found = amendments.read_amendment(db, subject, amendment_id)
    return render(
        request,
        "privacy/amendment.html",
        found=found,
        row=found.row,
        form=form,
        own=False,
        breadcrumbs=[
            PRIVACY,
            (found.student, f"/people/{found.row.student_id}/privacy"),
            ("Amendment", None),
        ],
    )

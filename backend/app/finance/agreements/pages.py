"""Pages of agreements: the office's list, one agreement with its acts, its file, the student's own."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.enrollment import service as enrollment
from app.finance.agreements import policy, refund_terms, service, terms
from app.finance.agreements.cosigners import service as cosigners
from app.finance.agreements.reports import AGREEMENTS
from app.finance.agreements.schemas import ConsentForm, CountersignForm, SignForm, VoidForm
from app.finance.agreements.signatures import service as signatures
from app.finance.agreements.signatures.service import Trace
from app.rules import agreements as rules
from app.rules.agreements import STATES
from app.web import navigation, refusals, reports, search
from app.web.downloads import pdf_response
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import (
    BriefSubject,
    CurrentSubject,
    DatabaseDep,
    Db,
    FilesDep,
    Requires,
    SettingsDep,
    client_ip,
)
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
refusals.register_record("agreement_id", "enrollment_agreements", owner="student_id")
navigation.register(
    NavItem("Agreements", "/agreements", "signature", policy.may_read_all, order=55),
    NavItem("Agreement", "/account/agreements", "signature", lambda subject: subject.is_student, order=55),
)
READS = [Requires(Permission.AGREEMENTS_READ)]
LIST = ("Agreements", "/agreements")


def trace_of(request: Request) -> Trace:
    """Where a request came from."""
    return Trace(client_ip(request), request.headers.get("user-agent"))


def _found(session: Session, subject: Subject, words: str) -> Found | None:
    """Agreements by number or student, for the box that finds things."""
    if not policy.may_read_all(subject):
        return None
    page = service.listed(session, subject, Paging(q=words, per_page=search.MOST)).page()
    hits = [
        Hit(
            row.number,
            f"{row.student} · {STATES[row.EnrollmentAgreement.status]}",
            f"/agreements/{row.EnrollmentAgreement.id}",
            "signature",
        )
        for row in page.items
    ]
    return Found("Agreements", hits, page.total or len(hits), "/agreements")


search.register("agreements", _found, order=65)


@router.get("/agreements", dependencies=READS)
def agreements(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    status: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    listing = service.listed(
        db, subject, paging, status=status if status in STATES else None, waiting=status == "waiting"
    )
    return reports.answer(
        request,
        db,
        subject,
        AGREEMENTS,
        listing,
        "agreements/list.html",
        may_prepare=policy.may_prepare(subject),
    )


@router.get("/account/agreements")
def own(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """A student’s own agreements."""
    if not subject.is_student:
        return redirect("/agreements")
    return render(
        request,
        "agreements/own.html",
        agreements=service.of_student(db, subject, subject.user_id),
        states=STATES,
        enrollment_id=None,
        may_prepare=False,
        breadcrumbs=[("Agreement", None)],
    )


# One agreement


@router.get("/agreements/{agreement_id}")
def agreement(request: Request, db: Db, subject: CurrentSubject, agreement_id: PathId) -> Response:
    return _page(request, db, subject, agreement_id, None)


def _page(
    request: Request, session: Session, subject: Subject, agreement_id: int, form: Form[Any] | None
) -> Response:
    found = service.read(session, subject, agreement_id)
    row = found.row
    is_own = row.student_id == subject.user_id
    form = form or Form.blank(ConsentForm)

    def of(model: type[Any], **initial: object) -> Form[Any]:
        return form if form.model is model else Form.blank(model, **initial)

    leaving = enrollment.why_leaving(session, row.enrollment_id, signed=row.signed_at is not None)
    goes_on = leaving is None
    prepares = policy.may_prepare(subject) and not is_own
    return render(
        request,
        "agreements/agreement.html",
        found=found,
        row=row,
        drawn=terms.drawn(row.terms),
        consent=terms.CONSENT,
        states=STATES,
        form=form,
        consent_form=of(ConsentForm),
        sign_form=of(SignForm, shown=row.file_sha256),
        countersign_form=of(CountersignForm, shown=row.file_sha256, name=""),
        void_form=of(VoidForm),
        own=is_own,
        over=service.is_over(row),
        leaving=leaving if found.waits else None,
        refunded=rules.refunded_on_cancellation(refund_terms.of_terms(row.terms).rule),
        may_sign=is_own and goes_on and row.status == "awaiting_student" and not service.is_over(row),
        may_countersign=(
            policy.may_sign_for_school(subject) and not is_own and goes_on and row.status == "awaiting_school"
        ),
        may_void=prepares and found.waits,
        may_resend=prepares and goes_on and row.status == "awaiting_cosigner" and not service.is_over(row),
        may_supersede=prepares and goes_on and row.status == "in_force",
        breadcrumbs=[("Agreement", "/account/agreements") if is_own else LIST, (found.number, None)],
    )


@router.get("/agreements/{agreement_id}/file")
def file(
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    agreement_id: PathId,
    download: Annotated[bool, Query()] = False,
) -> Response:
    """The file with the signatures so far."""
    number, pdf = service.content(database, subject, files, agreement_id)
    return pdf_response(pdf, f"{number}.pdf", inline=not download)


@router.post("/agreements/{agreement_id}/consent")
def consent(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    agreement_id: PathId,
    form: Annotated[Form[ConsentForm], Depends(posted(ConsentForm))],
) -> Response:
    def act(_values: ConsentForm) -> Response:
        signatures.consent(db, subject, agreement_id)
        return redirect(f"/agreements/{agreement_id}#sign")

    return form.submit(db, act, lambda: _page(request, db, subject, agreement_id, form))


@router.post("/agreements/{agreement_id}/sign")
def sign(
    request: Request,
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    agreement_id: PathId,
    form: Annotated[Form[SignForm], Depends(posted(SignForm))],
) -> Response:
    """The student signs."""

    def act(values: SignForm) -> Response:
        signatures.sign(database, subject, files, settings, agreement_id, values, trace_of(request))
        return redirect(f"/agreements/{agreement_id}")

    return form.submit_apart(
        database, act, lambda session: _page(request, session, subject, agreement_id, form)
    )


@router.post("/agreements/{agreement_id}/countersign")
def countersign(
    request: Request,
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    agreement_id: PathId,
    form: Annotated[Form[CountersignForm], Depends(posted(CountersignForm))],
) -> Response:
    """The school signs."""

    def act(values: CountersignForm) -> Response:
        signatures.countersign(database, subject, files, settings, agreement_id, values, trace_of(request))
        return redirect(f"/agreements/{agreement_id}")

    return form.submit_apart(
        database, act, lambda session: _page(request, session, subject, agreement_id, form)
    )


@router.post("/agreements/{agreement_id}/void")
def void(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    agreement_id: PathId,
    form: Annotated[Form[VoidForm], Depends(posted(VoidForm))],
) -> Response:
    def act(values: VoidForm) -> Response:
        service.void(db, subject, agreement_id, values.reason)
        return redirect(f"/agreements/{agreement_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, agreement_id, form))


@router.post("/agreements/{agreement_id}/link")
def resend(db: Db, subject: CurrentSubject, settings: SettingsDep, agreement_id: PathId) -> Response:
    """A new link for the cosigner."""
    cosigners.resend(db, subject, settings, agreement_id)
    return redirect(f"/agreements/{agreement_id}")

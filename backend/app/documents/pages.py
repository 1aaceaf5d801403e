"""Documents as pages: the register, one document, its file, the verification of a file, the school's certificates."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.core.permissions import Permission, Subject
from app.documents import kinds, policy, register
from app.documents.keys import service as keys
from app.documents.register import Verdict
from app.documents.reports import DOCUMENTS_REPORT, STATES
from app.documents.schemas import VerifyForm, VoidForm
from app.documents.verification import MAX_BYTES
from app.web import navigation, refusals, reports, uploads
from app.web.downloads import pdf_response
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.pace import PUBLIC, Paced
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep, uploading

router = APIRouter(include_in_schema=False)
refusals.register_record("document_id", "issued_documents", owner="student_id")
navigation.register(
    NavItem("Documents", "/documents", "file-certificate", policy.may_open_list, order=55),
)
uploads.register("/documents/verify")
READS = [Requires(Permission.DOCUMENTS_READ_ALL)]
LIST = ("Documents", "/documents")
AskedStatus = Annotated[str, Query(max_length=20)]


@router.get("/documents")
def documents(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, status: AskedStatus = ""
) -> Response:
    """The register for whoever reads it all; a student’s own documents, and what can be made, for them."""
    if not policy.may_read_all(subject) and subject.is_student:
        return render(
            request,
            "documents/own.html",
            documents=register.of_student(db, subject, subject.user_id),
            offers=register.offers(db, subject, subject.user_id),
            kind_title=kinds.title,
        )
    wanted = status if status in dict(STATES) else None
    listing = register.listed(db, subject, paging, status=wanted)
    return reports.answer(
        request, db, subject, DOCUMENTS_REPORT, listing, "documents/register.html", kind_title=kinds.title
    )


# Verifying: before the addresses with a number


@router.get("/documents/verify", dependencies=READS)
def verify_page(request: Request, subject: CurrentSubject) -> Response:
    policy.require_read_all(subject)
    return _verify_page(request, Form.blank(VerifyForm))


@router.post("/documents/verify")
def verify(
    request: Request,
    subject: Annotated[Subject, Depends(uploading(Permission.DOCUMENTS_READ_ALL))],
    form: Annotated[Form[VerifyForm], Depends(posted(VerifyForm))],
    db: Db,
) -> Response:
    policy.require_read_all(subject)

    def look(values: VerifyForm) -> Response:
        pdf = values.file.file.read(MAX_BYTES + 1)
        verdict = register.verify(db, subject, pdf)
        return _verify_page(request, Form.blank(VerifyForm), verdict, values.file.filename)

    return form.submit(db, look, again=lambda: _verify_page(request, form))


def _verify_page(
    request: Request, form: Form[VerifyForm], verdict: Verdict | None = None, name: str | None = None
) -> Response:
    return render(
        request,
        "documents/verify.html",
        form=form,
        verdict=verdict,
        file_name=name,
        kind_title=kinds.title,
        max_mebibytes=MAX_BYTES // 1024**2,
        breadcrumbs=[LIST, ("Verify a file", None)],
    )


# The school's certificates, for anybody who verifies a document


@router.get("/documents/authority/root.pem", dependencies=[Paced(PUBLIC)])
def root_certificate(db: Db) -> Response:
    """The certificate of the school's present authority."""
    return _pem(keys.root_pem(db), "root.pem")


@router.get("/documents/authority/certificates.pem", dependencies=[Paced(PUBLIC)])
def every_certificate(db: Db) -> Response:
    """Every certificate the school has had."""
    return _pem(keys.every_certificate_pem(db), "certificates.pem")


@router.get("/documents/authority/crls.pem", dependencies=[Paced(PUBLIC)])
def every_crl(db: Db) -> Response:
    """Every list of revoked certificates, the newest first."""
    return _pem(keys.every_crl_pem(db), "crls.pem")


def _pem(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="application/x-pem-file", headers=headers)


# One document


@router.get("/documents/{document_id}")
def document(request: Request, db: Db, subject: CurrentSubject, document_id: PathId) -> Response:
    return _document_page(request, db, subject, document_id, Form.blank(VoidForm))


@router.get("/documents/{document_id}/file")
def file(
    db: Db, subject: CurrentSubject, files: FilesDep, settings: SettingsDep, document_id: PathId
) -> Response:
    """The signed PDF, byte for byte as it was issued."""
    found, pdf = register.content(db, subject, files, document_id)
    return pdf_response(pdf, f"{found.number}.pdf", inline=False)


@router.post("/documents/{document_id}/void", dependencies=[Requires(Permission.DOCUMENTS_ISSUE)])
def void(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    document_id: PathId,
    form: Annotated[Form[VoidForm], Depends(posted(VoidForm))],
) -> Response:
    def act(values: VoidForm) -> Response:
        register.void(db, subject, document_id, values.reason)
        return redirect(f"/documents/{document_id}")

    return form.submit(db, act, again=lambda: _document_page(request, db, subject, document_id, form))


def _document_page(
    request: Request, db: Db, subject: Subject, document_id: int, form: Form[VoidForm]
) -> Response:
    row = register.read(db, subject, document_id)
    crumbs = [LIST, (row.IssuedDocument.number, None)]
    return render(
        request,
        "documents/document.html",
        document=row.IssuedDocument,
        owner=row.owner,
        issuer=row.issuer,
        title=kinds.title(row.IssuedDocument.kind),
        replace_href=kinds.replace_href(row.IssuedDocument) if policy.may_change(subject) else None,
        may_change=policy.may_change(subject),
        form=form,
        breadcrumbs=crumbs,
    )

"""Sharing a transcript, and the log of who received it, as pages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.compliance.transcripts import policy
from app.compliance.transcripts.deliveries import disclosure, service
from app.compliance.transcripts.schemas import DELIVERY_NAMES, ShareForm
from app.core.permissions import Subject
from app.settings import Settings
from app.web import refusals, shown_once
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("transcript_document_id", "issued_documents", owner="student_id")
refusals.register_record("delivery_id", "transcript_deliveries")
LIST = ("Transcripts", "/transcripts")
RECORDS = ("Records", "/account/records")


@router.get("/transcripts/{transcript_document_id}/share")
def share_page(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, transcript_document_id: PathId
) -> Response:
    page = _share_page(request, db, subject, settings, transcript_document_id, Form.blank(ShareForm))
    shown_once.forget(settings, page)
    return page


@router.post("/transcripts/{transcript_document_id}/share")
def share(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    transcript_document_id: PathId,
    form: Annotated[Form[ShareForm], Depends(posted(ShareForm))],
) -> Response:
    here = f"/transcripts/{transcript_document_id}/share"

    def act(values: ShareForm) -> Response:
        why = None
        if not subject.is_student:
            # Whoever may not share is not asked what for.
            policy.require_issue(subject)
            why = disclosure.required(values.purpose, values.basis)
        link = service.share(
            db, subject, settings, transcript_document_id, values.recipient, values.days, why=why
        )
        response = redirect(here)
        shown_once.hand_over(settings, subject, response, here, {"link": link, "for": values.recipient})
        return response

    return form.submit(
        db, act, again=lambda: _share_page(request, db, subject, settings, transcript_document_id, form)
    )


@router.post("/transcripts/links/{delivery_id}/revoke")
def revoke(db: Db, subject: CurrentSubject, delivery_id: PathId) -> Response:
    row = service.revoke(db, subject, delivery_id)
    return redirect(f"/transcripts/{row.document_id}/share")


def _share_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    transcript_document_id: int,
    form: Form[ShareForm],
) -> Response:
    row, log = service.deliveries_of(db, subject, transcript_document_id)
    return render(
        request,
        "transcripts/share.html",
        row=row,
        log=log,
        form=form,
        grounds=service.grounds(db, subject, row.user_id),
        made=shown_once.handed_over(settings, subject, request),
        may_share=row.status == "issued" and (subject.user_id == row.user_id or policy.may_issue(subject)),
        delivery_names=DELIVERY_NAMES,
        breadcrumbs=[
            RECORDS if subject.is_student else LIST,
            (row.number, f"/documents/{transcript_document_id}"),
            ("Share", None),
        ],
    )

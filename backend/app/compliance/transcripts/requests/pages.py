"""Requests and deliveries as pages."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.compliance.transcripts import policy
from app.compliance.transcripts import service as transcripts
from app.compliance.transcripts.holds import service as holds
from app.compliance.transcripts.reports import REQUEST_STATES, REQUESTS_REPORT
from app.compliance.transcripts.requests import service
from app.compliance.transcripts.schemas import (
    DELIVERIES,
    DELIVERY_NAMES,
    IssueForm,
    NoteForm,
    RequestForm,
)
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.settings import Settings
from app.web import refusals, reports, shown_once
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, DatabaseDep, Db, FilesDep, Requires, SettingsDep, uploading

router = APIRouter(include_in_schema=False)
refusals.register_record("transcript_request_id", "transcript_requests", owner="user_id")
READS = [Requires(Permission.DOCUMENTS_READ_ALL)]
ISSUES = [Requires(Permission.DOCUMENTS_ISSUE)]
LIST = ("Transcripts", "/transcripts")
RECORDS = ("Records", "/account/records")


# The student


@router.get("/account/records/request")
def request_page(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return _request_page(request, db, subject, Form.blank(RequestForm, request=uuid4(), delivery="mail"))


@router.post("/account/records/request")
def request_transcript(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[RequestForm], Depends(posted(RequestForm))],
) -> Response:
    def act(values: RequestForm) -> Response:
        service.request_transcript(db, subject, values)
        return redirect("/account/records")

    return form.submit(db, act, again=lambda: _request_page(request, db, subject, form))


@router.post("/account/records/requests/{transcript_request_id}/cancel")
def cancel(db: Db, subject: CurrentSubject, transcript_request_id: PathId) -> Response:
    service.cancel(db, subject, transcript_request_id)
    return redirect("/account/records")


def _request_page(request: Request, db: Db, subject: Subject, form: Form[RequestForm]) -> Response:
    rows = transcripts.enrollments_of(db, subject, subject.user_id)
    if not rows:
        raise NotFound("You were never enrolled in a program, so there is no transcript to request.")
    return render(
        request,
        "transcripts/request.html",
        form=form,
        options=[(row.id, row.program) for row in rows],
        deliveries=DELIVERIES,
        fees=[(words, service.fee_cents(db, subject.user_id, delivery)) for delivery, words in DELIVERIES],
        holds=holds.sentences(db, subject.user_id),
        breadcrumbs=[RECORDS, ("Request a transcript", None)],
    )


# The registrar


@router.get("/transcripts/requests", dependencies=READS)
def listing(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    wanted = state if state in dict(REQUEST_STATES) else None
    found = service.listed(db, subject, paging, state=wanted)
    return reports.answer(
        request,
        db,
        subject,
        REQUESTS_REPORT,
        found,
        "transcripts/requests.html",
        breadcrumbs=[LIST, ("Requests", None)],
    )


@router.get("/transcripts/requests/{transcript_request_id}", dependencies=READS)
def one(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, transcript_request_id: PathId
) -> Response:
    page = _one_page(request, db, subject, settings, transcript_request_id, Form.blank(NoteForm))
    shown_once.forget(settings, page)
    return page


@router.post("/transcripts/requests/{transcript_request_id}/fulfill")
def fulfill(
    request: Request,
    subject: Annotated[Subject, Depends(uploading(Permission.DOCUMENTS_ISSUE))],
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    transcript_request_id: PathId,
    form: Annotated[Form[IssueForm], Depends(posted(IssueForm))],
) -> Response:
    here = f"/transcripts/requests/{transcript_request_id}"

    def act(values: IssueForm) -> Response:
        done = service.fulfill(
            database, subject, files, settings, transcript_request_id, request=values.request
        )
        response = redirect(here)
        if done.link is not None:
            shown_once.hand_over(settings, subject, response, here, {"link": done.link})
        return response

    def again(session: Session) -> Response:
        note = Form.blank(NoteForm)
        for name, message in form.messages:
            note.add_error("" if name else name, message)
        return _one_page(request, session, subject, settings, transcript_request_id, note)

    return form.submit_apart(database, act, again)


@router.post("/transcripts/requests/{transcript_request_id}/decline", dependencies=ISSUES)
def decline(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    transcript_request_id: PathId,
    form: Annotated[Form[NoteForm], Depends(posted(NoteForm))],
) -> Response:
    def act(values: NoteForm) -> Response:
        service.decline(db, subject, transcript_request_id, values.note)
        return redirect(f"/transcripts/requests/{transcript_request_id}")

    return form.submit(
        db,
        act,
        again=lambda: _one_page(request, db, subject, settings, transcript_request_id, form),
    )


def _one_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    request_id: int,
    form: Form[NoteForm],
) -> Response:
    row = service.read(db, subject, request_id)
    record = row.TranscriptRequest
    return render(
        request,
        "transcripts/one_request.html",
        row=row,
        record=record,
        form=form,
        act=uuid4(),
        holds=holds.sentences(db, record.user_id) if record.state == "waiting" else [],
        link=shown_once.handed_over(settings, subject, request).get("link"),
        delivery_names=DELIVERY_NAMES,
        may_issue=policy.may_issue(subject) and subject.user_id != record.user_id,
        breadcrumbs=[LIST, ("Requests", "/transcripts/requests"), (row.student, None)],
    )

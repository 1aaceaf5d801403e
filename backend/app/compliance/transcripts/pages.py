"""Transcripts as pages: the registrar's list, a student's records, one enrollment's transcript, holds."""

from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.compliance.transcripts import policy, service
from app.compliance.transcripts.deliveries import service as deliveries
from app.compliance.transcripts.holds import service as holds
from app.compliance.transcripts.reports import STATES, TRANSCRIPTS_REPORT
from app.compliance.transcripts.requests import service as requests
from app.compliance.transcripts.schemas import DELIVERY_NAMES, HoldForm, IssueForm, LiftForm
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.enrollment import service as enrollment
from app.web import navigation, refusals, reports, search
from app.web.downloads import pdf_response
from app.web.field_types import OptionalId, PathId
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
    uploading,
)
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
refusals.register_record("hold_id", "transcript_holds", owner="user_id")
navigation.register(
    NavItem("Transcripts", "/transcripts", "folder", policy.may_read_all, order=54),
    NavItem("Records", "/account/records", "folder", lambda subject: subject.is_student, order=54),
)
READS = [Requires(Permission.DOCUMENTS_READ_ALL)]
HOLDS = [Requires(Permission.HOLDS_MANAGE)]
LIST = ("Transcripts", "/transcripts")
AskedStatus = Annotated[str, Query(max_length=20)]


def _found(session: Session, subject: Subject, words: str) -> Found | None:
    """Transcripts by their number or their student’s name, for the box that finds things."""
    if not policy.may_read_all(subject):
        return None
    page = service.listed(session, subject, Paging(q=words, per_page=search.MOST)).page()
    hits = [
        Hit(row.number, f"{row.student} · {row.program}", f"/documents/{row.document_id}", "certificate")
        for row in page.items
    ]
    return Found("Transcripts", hits, page.total or len(hits), "/transcripts")


search.register("transcripts", _found, order=60)


@router.get("/transcripts", dependencies=READS)
def transcripts(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    status: AskedStatus = "",
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    wanted = status if status in dict(STATES) else None
    listing = service.listed(db, subject, paging, status=wanted, program_id=program_id)
    programs = [(str(one.id), one.name) for one in enrollment.program_names(db, subject)]
    return reports.answer(
        request,
        db,
        subject,
        TRANSCRIPTS_REPORT,
        listing,
        "transcripts/list.html",
        choices={"program_id": programs},
        waiting=requests.count_waiting(db, subject),
        may_issue=policy.may_issue(subject),
    )


@router.get("/account/records")
def records(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """A student’s own transcripts, requests, links and holds."""
    if not subject.is_student:
        return redirect("/transcripts")
    return render(
        request,
        "transcripts/records.html",
        enrollments=service.enrollments_of(db, subject, subject.user_id),
        transcripts=service.of_student(db, subject, subject.user_id),
        requests=requests.of_student(db, subject, subject.user_id),
        deliveries=deliveries.deliveries(db, subject, subject.user_id),
        holds=holds.sentences(db, subject.user_id),
        delivery_names=DELIVERY_NAMES,
    )


# One enrollment


@router.get("/enrollments/{enrollment_id}/transcript")
def transcript(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    enrollment_id: PathId,
    replaces: Annotated[OptionalId, Query()] = None,
) -> Response:
    form = Form.blank(IssueForm, request=uuid4(), replaces=replaces)
    return _page(request, db, subject, enrollment_id, form)


@router.get("/enrollments/{enrollment_id}/transcript/preview")
def preview(
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
) -> Response:
    """The transcript as it would look. No connection is held while it is rendered."""
    with database.begin() as session:
        made = service.draft(session, subject, files, settings, enrollment_id)
    return pdf_response(service.preview(settings, made), "preview.pdf", inline=True)


@router.get("/enrollments/{enrollment_id}/transcript/copy")
def unofficial(
    subject: BriefSubject,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
) -> Response:
    """An unofficial copy of today’s records."""
    with database.begin() as session:
        made = service.copy(session, subject, files, settings, enrollment_id)
    return pdf_response(service.draw_copy(settings, made), "unofficial-transcript.pdf", inline=False)


@router.post("/enrollments/{enrollment_id}/transcript")
def issue(
    request: Request,
    subject: Annotated[Subject, Depends(uploading(Permission.DOCUMENTS_ISSUE))],
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[IssueForm], Depends(posted(IssueForm))],
) -> Response:
    def act(values: IssueForm) -> Response:
        made = service.issue(
            database,
            subject,
            files,
            settings,
            enrollment_id,
            request=values.request,
            replaces=values.replaces,
        )
        return redirect(f"/documents/{made.id}")

    return form.submit_apart(
        database, act, lambda session: _page(request, session, subject, enrollment_id, form)
    )


def _page(request: Request, db: Db, subject: Subject, enrollment_id: int, form: Form[IssueForm]) -> Response:
    row = service.read(db, subject, enrollment_id)
    staff = not subject.is_student
    return render(
        request,
        "transcripts/transcript.html",
        record=row,
        form=form,
        valid=service.valid_of(db, subject, enrollment_id),
        holds=holds.sentences(db, row.user_id),
        may_issue=policy.may_issue(subject) and subject.user_id != row.user_id,
        back=f"/people/{row.user_id}" if staff else "/account/records",
        breadcrumbs=[
            LIST if staff else ("Records", "/account/records"),
            *([(row.full_name, f"/people/{row.user_id}")] if staff else []),
            (row.program, None),
        ],
    )


@router.get("/transcripts/{transcript_document_id}/record.json")
def signed_record(
    subject: BriefSubject, database: DatabaseDep, settings: SettingsDep, transcript_document_id: PathId
) -> Response:
    """The transcript as signed credentials (CLR 2.0). No connection is held while it is signed."""
    made = service.signed_record(database, subject, settings, transcript_document_id)
    return _download(f"{made.number}.clr.json", made.text, "application/json")


@router.get("/transcripts/{transcript_document_id}/transcript.xml")
def exchange_record(db: Db, subject: CurrentSubject, transcript_document_id: PathId) -> Response:
    """The transcript as PESC XML, as it is attached to the PDF."""
    number, text = service.exchange_record(db, subject, transcript_document_id)
    return _download(f"{number}.xml", text, "application/xml")


def _download(name: str, text: str, media_type: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(text, media_type=media_type, headers=headers)


# Holds


@router.get(
    "/people/{user_id}/holds",
    dependencies=[Requires(Permission.DOCUMENTS_READ_ALL, Permission.HOLDS_MANAGE)],
)
def holds_page(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    return _holds_page(request, db, subject, user_id, Form.blank(HoldForm))


@router.post("/people/{user_id}/holds", dependencies=HOLDS)
def set_hold(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    form: Annotated[Form[HoldForm], Depends(posted(HoldForm))],
) -> Response:
    def act(values: HoldForm) -> Response:
        holds.set_hold(db, subject, user_id, values.reason)
        return redirect(f"/people/{user_id}/holds")

    return form.submit(db, act, again=lambda: _holds_page(request, db, subject, user_id, form))


@router.post("/people/{user_id}/holds/{hold_id}/lift", dependencies=HOLDS)
def lift_hold(
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    hold_id: PathId,
    form: Annotated[Form[LiftForm], Depends(posted(LiftForm))],
) -> Response:
    values = form.checked()
    if holds.lift(db, subject, hold_id, values.note).user_id != user_id:
        raise NotFound("There is no such hold.")
    return redirect(f"/people/{user_id}/holds")


def _holds_page(request: Request, db: Db, subject: Subject, user_id: int, form: Form[HoldForm]) -> Response:
    rows: Sequence[object] = holds.of_student(db, subject, user_id)
    student = holds.student_name(db, subject, user_id)
    return render(
        request,
        "transcripts/holds.html",
        student=student,
        user_id=user_id,
        rows=rows,
        sentences=holds.sentences(db, user_id),
        form=form,
        may_hold=policy.may_hold(subject) and subject.user_id != user_id,
        breadcrumbs=[("People", "/people"), (student, f"/people/{user_id}"), ("Transcript holds", None)],
    )

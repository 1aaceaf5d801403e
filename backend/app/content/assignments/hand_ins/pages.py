"""The student's page of an assignment, and the files that were handed in and returned."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from app.content.assignments import files, kinds
from app.content.assignments.hand_ins import service
from app.content.assignments.schemas import HandInForm, Upload
from app.core import clock
from app.core.files import quota
from app.core.permissions import Subject
from app.settings import Settings
from app.web import refusals, uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import BriefSubject, CurrentSubject, Db, FilesDep, SettingsDep, database_of

router = APIRouter(include_in_schema=False)
uploads.register("/learn/assignments/*", "max_hand_in_bytes")
refusals.register_record("hand_in_file_id", "hand_in_files")
refusals.register_record("hand_in_grade_id", "hand_in_grades")


def _invited(
    request: Request, assigned_lesson_id: PathId, subject: BriefSubject, settings: SettingsDep
) -> Subject:
    """The student, if the assignment is theirs and takes something: asked before the files are read.

    What comes is late by when it began to come: a slow line costs nobody points.
    """
    request.state.began_at = clock.now()
    with database_of(request).begin() as session:
        service.require_open(session, subject, assigned_lesson_id, settings.zone)
    return subject


Invited = Annotated[Subject, Depends(_invited)]


@router.get("/learn/assignments/{assigned_lesson_id}")
def assignment(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, assigned_lesson_id: PathId
) -> Response:
    """What is to be done, until when, the form to hand in, receipts and feedback."""
    return _page(request, db, subject, settings, assigned_lesson_id, Form.blank(HandInForm, request=uuid4()))


@router.post("/learn/assignments/{assigned_lesson_id}")
def hand_in(
    request: Request,
    assigned_lesson_id: PathId,
    subject: Invited,
    settings: SettingsDep,
    store: FilesDep,
    form: Annotated[Form[HandInForm], Depends(posted(HandInForm))],
    db: Db,
) -> Response:
    """Hand in, and go to the receipt."""

    def act(values: HandInForm) -> Response:
        made = service.hand_in(
            db,
            subject,
            store,
            assigned_lesson_id,
            [Upload(one.filename or "", one.file) for one in values.files],
            request=values.request,
            note=values.note,
            zone=settings.zone,
            began_at=request.state.began_at,
        )
        return redirect(f"/learn/assignments/{assigned_lesson_id}#hand-in-{made.number}")

    return form.submit(db, act, again=lambda: _page(request, db, subject, settings, assigned_lesson_id, form))


def _page(
    request: Request, db: Db, subject: Subject, settings: Settings, lesson_id: int, form: Form[HandInForm]
) -> Response:
    opened = service.open_assignment(db, subject, lesson_id, settings.zone)
    return render(
        request,
        "assignments/student.html",
        opened=opened,
        version=opened.asked.version,
        form=form,
        again=request.method == "POST",
        amount=quota.amount,
        accept=kinds.accept_of(opened.asked.version.kinds),
        labels=[kinds.label_of(one) for one in opened.asked.version.kinds],
        breadcrumbs=[("Learn", "/learn"), (opened.lesson.title, None)],
    )


@router.get("/hand-ins/files/{hand_in_file_id}")
def download(db: Db, subject: CurrentSubject, store: FilesDep, hand_in_file_id: PathId) -> Response:
    """A file that was handed in, as a download."""
    found, _whose = service.read_file(db, subject, hand_in_file_id)
    return files.answer(
        store, sha256=found.sha256, size=found.size_bytes, name=found.name, media_type=found.media_type
    )


@router.get("/hand-ins/files/{hand_in_file_id}/picture")
def picture(db: Db, subject: CurrentSubject, store: FilesDep, hand_in_file_id: PathId) -> Response:
    """A photo that was handed in, shown."""
    found, _whose = service.read_file(db, subject, hand_in_file_id)
    return files.answer(
        store,
        sha256=found.sha256,
        size=found.size_bytes,
        name=found.name,
        media_type=found.media_type,
        inline=True,
    )


@router.get("/hand-ins/grades/{hand_in_grade_id}/file")
def returned(db: Db, subject: CurrentSubject, store: FilesDep, hand_in_grade_id: PathId) -> Response:
    """The file that came back with a grade."""
    found, _whose = service.read_returned(db, subject, hand_in_grade_id)
    return files.answer(
        store,
        sha256=found.file_sha256 or "",
        size=found.file_bytes or 0,
        name=found.file_name or "file",
        media_type=found.file_type or "application/octet-stream",
    )

"""Pages on which lessons are written: the list, the editor with its preview and files."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.content import package_files, policy
from app.content import service as content
from app.content.authoring import media, service
from app.content.authoring.markdown import LONGEST
from app.content.authoring.reports import WRITTEN_LESSONS
from app.content.authoring.schemas import (
    MediaForm,
    MediaRemovalForm,
    PreviewForm,
    PublishForm,
    TextForm,
)
from app.content.bank import policy as bank_policy
from app.core.permissions import Permission, Subject
from app.web import navigation, reports, uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import Crumb, NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, uploading

router = APIRouter(include_in_schema=False)
CHANGES = [Requires(Permission.CONTENT_CHANGE)]
READS = [Requires(Permission.CONTENT_READ)]
Uploader = Annotated[Subject, Depends(uploading(Permission.CONTENT_CHANGE))]
navigation.register(NavItem("Writing", "/authoring", "writing", policy.may_read, order=42))
uploads.register("/lessons/*/write/files")


@router.get("/authoring", dependencies=READS)
def written_lessons(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Lessons that are written here."""
    listing = service.list_written(db, subject, paging)
    return reports.answer(request, db, subject, WRITTEN_LESSONS, listing, "authoring/lessons.html")


@router.get("/lessons/{lesson_id}/write", dependencies=READS)
def editor(request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject) -> Response:
    """The newest text with its preview beside it."""
    return _editor(request, db, subject, lesson_id)


@router.post("/lessons/{lesson_id}/write", dependencies=CHANGES)
def save(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[TextForm], Depends(posted(TextForm))],
) -> Response:
    """Save the text as the next version; refused with what was typed kept where somebody else has saved meanwhile."""

    def take_in(values: TextForm) -> Response:
        service.save(db, subject, lesson_id, made_from=values.version, body=values.body.replace("\r\n", "\n"))
        return redirect(f"/lessons/{lesson_id}/write")

    return form.submit(db, take_in, again=lambda: _editor(request, db, subject, lesson_id, text=form))


@router.post("/lessons/{lesson_id}/write/preview", dependencies=CHANGES)
def preview(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[PreviewForm], Depends(posted(PreviewForm))],
) -> Response:
    """The text as it stands in the editor, as a piece of the page."""
    rendered = service.preview(db, subject, lesson_id, form.checked().body.replace("\r\n", "\n"))
    return render(request, "authoring/preview.html", rendered=rendered)


@router.post("/lessons/{lesson_id}/write/publish", dependencies=CHANGES)
def publish(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    files: FilesDep,
    form: Annotated[Form[PublishForm], Depends(posted(PublishForm))],
) -> Response:
    """Make the newest version what students get."""

    def act(values: PublishForm) -> Response:
        service.publish(db, subject, files, lesson_id, version=values.version)
        return redirect(f"/lessons/{lesson_id}/write")

    return form.submit(db, act, again=lambda: _editor(request, db, subject, lesson_id, publishing=form))


@router.post("/lessons/{lesson_id}/write/files")
def upload(
    request: Request,
    lesson_id: PathId,
    subject: Uploader,
    files: FilesDep,
    form: Annotated[Form[MediaForm], Depends(posted(MediaForm))],
    db: Db,
) -> Response:
    """Add a picture, film, recording or captions."""

    def take_in(values: MediaForm) -> Response:
        media.upload(db, subject, files, lesson_id, values.file.file, values.file.filename or "")
        return redirect(f"/lessons/{lesson_id}/write#files")

    return form.submit(db, take_in, again=lambda: _editor(request, db, subject, lesson_id, upload=form))


@router.post("/lessons/{lesson_id}/write/files/remove", dependencies=CHANGES)
def remove_file(
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[MediaRemovalForm], Depends(posted(MediaRemovalForm))],
) -> Response:
    """Take a file out of the lesson."""
    media.remove(db, subject, lesson_id, form.checked().name)
    return redirect(f"/lessons/{lesson_id}/write#files")


@router.get("/lessons/{lesson_id}/write/files/{name}", dependencies=READS)
def lesson_file(
    request: Request, lesson_id: PathId, name: str, db: Db, subject: CurrentSubject, files: FilesDep
) -> Response:
    """A file of the lesson for the preview, whole or a part of it."""
    found = media.opened(db, subject, lesson_id, name)
    return package_files.answer(request, files, found, vendor="", policy=None, own_storage=False)


def _editor(
    request: Request,
    db: Db,
    subject: Subject,
    lesson_id: int,
    *,
    text: Form[TextForm] | None = None,
    publishing: Form[PublishForm] | None = None,
    upload: Form[MediaForm] | None = None,
) -> Response:
    found = service.read(db, subject, lesson_id)
    lesson = content.lesson(db, lesson_id)
    rendered = found.rendered
    if text is not None:
        # What was typed is shown, not what is saved.
        rendered = service.preview(db, subject, lesson_id, text.text("body")[:LONGEST])
    return render(
        request,
        "authoring/editor.html",
        lesson=lesson,
        may_quiz=bank_policy.may_edit(db, subject, lesson.program_id),
        may_see_results=policy.may_read_results(subject),
        may_export=policy.may_change(subject)
        and (not found.quiz.is_there or bank_policy.may_read(db, subject, lesson.program_id)),
        text=found,
        rendered=rendered,
        form=text or Form.blank(TextForm, body=found.body, version=found.version),
        publishing=publishing or Form.blank(PublishForm, version=found.version),
        upload=upload or Form.blank(MediaForm),
        may_change=policy.may_change(subject),
        breadcrumbs=_crumbs(db, lesson_id),
    )


def _crumbs(db: Db, lesson_id: int) -> list[Crumb]:
    lesson = content.lesson(db, lesson_id)
    return [
        ("Programs", "/programs"),
        (lesson.program_name, f"/programs/{lesson.program_id}"),
        (lesson.title, f"/lessons/{lesson_id}"),
        ("Write", None),
    ]

"""Pages of the content room: the lesson being played, and the staff's page for its packages."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.content import policy, service
from app.content.schemas import FilmIn, PackageForm, ResultOut, ShareForm, WaiverForm
from app.core.errors import FieldError, Invalid
from app.core.permissions import Permission, Subject
from app.rules.media import DEFAULT_PAGES_PERCENT, DEFAULT_PERCENT
from app.settings import Settings
from app.web import uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep, uploading

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.CONTENT_READ)]
CHANGES = [Requires(Permission.CONTENT_CHANGE)]
WAIVES = [Requires(Permission.ENROLLMENTS_MARK_LESSONS)]
Uploader = Annotated[Subject, Depends(uploading(Permission.CONTENT_CHANGE))]
uploads.register("/lessons/*/content")

# What the course's frame may do. Named with the origin, because the frame gets its address only later.
# Many courses still save in an unload handler, which browsers otherwise no longer run in frames.
_ALLOWED = ("fullscreen", "autoplay", "unload")


@router.get("/learn/lessons/{lesson_id}")
def lesson_page(
    request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject, settings: SettingsDep
) -> Response:
    """The student's lesson: a table of contents if it has parts, and the player."""
    if service.is_assignment(db, lesson_id):
        return redirect(f"/learn/assignments/{lesson_id}")
    result = service.lesson_result(db, subject, lesson_id)
    older = service.work_in_older_version(db, subject, lesson_id)
    review = service.only_reviews(db, subject, lesson_id)
    return _player(request, db, settings, lesson_id, result, preview=False, older=older, review=review)


@router.get("/lessons/{lesson_id}/preview", dependencies=READS)
def preview_page(
    request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject, settings: SettingsDep
) -> Response:
    """The lesson as a student sees it; nothing is recorded."""
    result = service.preview_result(db, subject, lesson_id)
    return _player(request, db, settings, lesson_id, result, preview=True, older=False)


def _player(
    request: Request,
    db: Db,
    settings: Settings,
    lesson_id: PathId,
    result: ResultOut,
    *,
    preview: bool,
    older: bool,
    review: bool = False,
) -> Response:
    page = render(
        request,
        "content/lesson.html",
        lesson=service.lesson(db, lesson_id),
        result=result,
        several=sum(part.opens for part in result.parts) > 1,
        preview=preview,
        older=older,
        review=review,
        back=f"/lessons/{lesson_id}/content" if preview else "/learn",
        allow="; ".join(f"{name} {settings.content_origin}" for name in _ALLOWED),
        boot={
            "lesson": lesson_id,
            "preview": preview,
            "review": review,
            "contentOrigin": settings.content_origin,
        },
    )
    # Courses open themselves in windows of their own and call back through `opener`.
    page.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return page


def _packages_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    lesson_id: PathId,
    form: Form[PackageForm],
    faults: Sequence[FieldError] = (),
    share: Form[ShareForm] | None = None,
    film: Form[FilmIn] | None = None,
) -> Response:
    lesson = service.lesson(db, lesson_id)
    default = DEFAULT_PAGES_PERCENT if lesson.content_type == "document" else DEFAULT_PERCENT
    return render(
        request,
        "content/packages.html",
        lesson=lesson,
        form=form,
        share=share or Form.blank(ShareForm, required_percent=lesson.required_percent or default),
        film=film or Form.blank(FilmIn),
        faults=faults,
        may_see_results=policy.may_read_results(subject),
        versions=service.packages(db, subject, lesson_id),
        max_mebibytes=settings.max_upload_bytes // 1024**2,
        breadcrumbs=[
            ("Programs", "/programs"),
            (lesson.program_name, f"/programs/{lesson.program_id}"),
            (lesson.title, f"/lessons/{lesson_id}"),
            ("Package" if lesson.content_type == "scorm" else "File", None),
        ],
    )


@router.get("/lessons/{lesson_id}/content", dependencies=READS)
def packages_page(
    request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject, settings: SettingsDep
) -> Response:
    """What the lesson plays, its versions, and the upload of a new one."""
    return _packages_page(request, db, subject, settings, lesson_id, Form.blank(PackageForm))


@router.post("/lessons/{lesson_id}/content")
def upload_package(
    request: Request,
    lesson_id: PathId,
    subject: Uploader,
    settings: SettingsDep,
    files: FilesDep,
    form: Annotated[Form[PackageForm], Depends(posted(PackageForm))],
    db: Db,
) -> Response:
    """Take in a new version, or show the page again with the sentence that says what is wrong."""

    faults: list[FieldError] = []

    def take_in(values: PackageForm) -> Response:
        try:
            service.import_package(
                db,
                subject,
                files,
                lesson_id,
                values.package.file,
                file_name=values.package.filename or "",
                max_bytes=settings.max_upload_bytes,
                beside=[(one.filename or "", one.file) for one in values.beside if one.filename],
                plain_pages=values.plain_pages,
            )
        except Invalid as refused:
            faults.extend(refused.errors)
            raise
        return redirect(f"/lessons/{lesson_id}/content")

    return form.submit(
        db, take_in, again=lambda: _packages_page(request, db, subject, settings, lesson_id, form, faults)
    )


@router.post("/lessons/{lesson_id}/share")
def set_share(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[ShareForm], Depends(posted(ShareForm))],
) -> Response:
    """Set how much of the film or document completes the lesson."""

    def take_in(values: ShareForm) -> Response:
        service.require_share(db, subject, lesson_id, values.required_percent)
        return redirect(f"/lessons/{lesson_id}/content")

    def again() -> Response:
        blank = Form.blank(PackageForm)
        return _packages_page(request, db, subject, settings, lesson_id, blank, share=form)

    return form.submit(db, take_in, again=again)


@router.post("/lessons/{lesson_id}/film", dependencies=CHANGES)
def link_film(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    files: FilesDep,
    form: Annotated[Form[FilmIn], Depends(posted(FilmIn))],
) -> Response:
    """Make a film on YouTube or Vimeo what the lesson plays."""

    def take_in(values: FilmIn) -> Response:
        service.link_film(db, subject, files, lesson_id, address=values.address, length=values.length)
        return redirect(f"/lessons/{lesson_id}/content")

    def again() -> Response:
        blank = Form.blank(PackageForm)
        return _packages_page(request, db, subject, settings, lesson_id, blank, film=form)

    return form.submit(db, take_in, again=again)


# One student's work in a lesson


@router.get("/lessons/{lesson_id}/students/{user_id}")
def student_work(
    request: Request, lesson_id: PathId, user_id: PathId, db: Db, subject: CurrentSubject
) -> Response:
    """Where a student stands in a lesson, part by part; who may marks a part as one that need not be done."""
    return _student_work(request, db, subject, lesson_id, user_id, Form.blank(WaiverForm))


@router.post("/lessons/{lesson_id}/students/{user_id}", dependencies=WAIVES)
def waive_part(
    request: Request,
    lesson_id: PathId,
    user_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[WaiverForm], Depends(posted(WaiverForm))],
) -> Response:
    """Waive a part for the student."""

    def act(values: WaiverForm) -> Response:
        values.require_confirmed()
        service.waive(db, subject, lesson_id, user_id=user_id, sco_id=values.sco_id, reason=values.reason)
        return redirect(f"/lessons/{lesson_id}/students/{user_id}")

    return form.submit(db, act, again=lambda: _student_work(request, db, subject, lesson_id, user_id, form))


def _student_work(
    request: Request, db: Db, subject: Subject, lesson_id: int, user_id: int, form: Form[WaiverForm]
) -> Response:
    work = service.work_of_student(db, subject, lesson_id, user_id)
    lesson = service.lesson(db, lesson_id)
    above = [
        ("People", "/people"),
        (work.student_name, f"/people/{user_id}"),
        ("Lesson results", f"/people/{user_id}/sections/lessons"),
    ]
    if user_id == subject.user_id:
        above = [("Learn", "/learn")]
    return render(
        request,
        "content/student_work.html",
        lesson=lesson,
        user_id=user_id,
        work=work,
        form=form,
        breadcrumbs=[*above, (lesson.title, None)],
    )

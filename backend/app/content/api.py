"""JSON routes of the content room."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from app.content import service
from app.content.schemas import (
    AttemptOut,
    FilmIn,
    LaunchIn,
    LaunchOut,
    NavigationIn,
    NavigationOut,
    PackageForm,
    PackageOut,
    ResultOut,
    ShareIn,
    WaiverIn,
)
from app.core.permissions import Permission, Subject
from app.web import uploads
from app.web.field_types import LARGEST_ID, PathId
from app.web.forms import Form, posted
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep, uploading

router = APIRouter(prefix="/api/v1", tags=["content"])
READS = [Requires(Permission.CONTENT_READ)]
CHANGES = [Requires(Permission.CONTENT_CHANGE)]
Uploader = Annotated[Subject, Depends(uploading(Permission.CONTENT_CHANGE))]
uploads.register("/api/v1/lessons/*/packages")

# Described by hand: a file that FastAPI itself takes would be read before anyone is asked who sends it.
_PACKAGE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["package"],
                    "properties": {
                        "package": {
                            "type": "string",
                            "format": "binary",
                            "description": "A SCORM, cmi5 or xAPI package, H5P content, a video, a recording or a PDF",
                        },
                        "beside": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": "Captions and chapters (WebVTT) and the poster of a video",
                        },
                        "plain_pages": {
                            "type": "boolean",
                            "default": False,
                            "description": "The zip may be web pages (index.html) that follow no standard",
                        },
                    },
                }
            }
        },
    }
}


@router.get("/lessons/{lesson_id}/packages", dependencies=READS)
def list_packages(lesson_id: PathId, db: Db, subject: CurrentSubject) -> list[PackageOut]:
    """All versions of a lesson's package, newest first."""
    return [package for package, _ in service.packages(db, subject, lesson_id)]


@router.post("/lessons/{lesson_id}/packages", status_code=201, openapi_extra=_PACKAGE)
def upload_package(
    lesson_id: PathId,
    subject: Uploader,
    settings: SettingsDep,
    files: FilesDep,
    form: Annotated[Form[PackageForm], Depends(posted(PackageForm))],
    db: Db,
) -> PackageOut:
    """Upload a package; it becomes the lesson's current version. A bad one is refused with 422 and a
    sentence.
    """
    values = form.checked()
    package = values.package
    record = service.import_package(
        db,
        subject,
        files,
        lesson_id,
        package.file,
        file_name=package.filename or "",
        max_bytes=settings.max_upload_bytes,
        beside=[(one.filename or "", one.file) for one in values.beside if one.filename],
        plain_pages=values.plain_pages,
    )
    db.refresh(record)
    return PackageOut.model_validate(record)


@router.post("/lessons/{lesson_id}/launches", status_code=201)
def launch_lesson(
    lesson_id: PathId, asked: LaunchIn, db: Db, subject: CurrentSubject, settings: SettingsDep
) -> LaunchOut:
    """Open a part of a lesson. The address in the answer is for this person alone and ends by itself."""
    return service.launch(db, subject, settings, lesson_id, sco_id=asked.sco_id, preview=asked.preview)


@router.post("/lessons/{lesson_id}/navigation")
def navigate(lesson_id: PathId, asked: NavigationIn, db: Db, subject: CurrentSubject) -> NavigationOut:
    """Go elsewhere in a SCORM 2004 course; what comes of it is opened by a launch without a part."""
    return service.navigate(db, subject, lesson_id, asked)


@router.post("/lessons/{lesson_id}/waivers", status_code=204)
def waive_part(lesson_id: PathId, asked: WaiverIn, db: Db, subject: CurrentSubject) -> None:
    """Waive a part of a cmi5 course for a student, with a reason."""
    service.waive(db, subject, lesson_id, user_id=asked.user_id, sco_id=asked.sco_id, reason=asked.reason)


@router.put("/lessons/{lesson_id}/share", status_code=204)
def set_share(lesson_id: PathId, asked: ShareIn, db: Db, subject: CurrentSubject) -> None:
    """Set how much of the lesson's film or document has to be seen; null for what its kind asks for by itself."""
    service.require_share(db, subject, lesson_id, asked.required_percent)


@router.post("/lessons/{lesson_id}/film", status_code=201, dependencies=CHANGES)
def link_film(
    lesson_id: PathId, asked: FilmIn, db: Db, subject: CurrentSubject, files: FilesDep
) -> PackageOut:
    """Make a film on YouTube or Vimeo, by its link, what a video lesson plays."""
    package = service.link_film(db, subject, files, lesson_id, address=asked.address, length=asked.length)
    return PackageOut.model_validate(package)


@router.get("/lessons/{lesson_id}/result")
def read_result(lesson_id: PathId, db: Db, subject: CurrentSubject, preview: bool = False) -> ResultOut:
    """Where you stand in a lesson of yours; with `preview`, the parts as nobody has begun them (staff)."""
    if preview:
        return service.preview_result(db, subject, lesson_id)
    return service.lesson_result(db, subject, lesson_id)


@router.get("/users/{user_id}/attempts")
def list_attempts(
    user_id: PathId,
    db: Db,
    subject: CurrentSubject,
    lesson_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> list[AttemptOut]:
    """A student's attempts at lessons, the latest first: their own, or anyone's for staff."""
    return service.attempts_of(db, subject, user_id, lesson_id=lesson_id)

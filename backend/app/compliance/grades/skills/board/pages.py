"""Pages of check-offs: the classes, a class's board, one attempt to be rated, one that was."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.grades.skills import policy, queries
from app.compliance.grades.skills.board import service
from app.compliance.grades.skills.progress import reports as lists
from app.compliance.grades.skills.schemas import Attempt, Board, CheckOffForm, VoidForm
from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.permissions import Subject
from app.rules.skills import State
from app.settings import Settings
from app.web import navigation, refusals, reports, scans, uploads
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.listing import Known
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, SettingsDep

router = APIRouter(include_in_schema=False)
uploads.register("/classes/*/skills/*/*/new")
refusals.register_record("attempt_id", "skill_attempts")
navigation.register(NavItem("Check-offs", "/check-offs", "device-tablet", policy.may_list, order=36))
classes.register_link(classes.ClassLink("Check-offs", "/skills", "device-tablet", policy.may_list, order=15))
CHECK_OFFS = ("Check-offs", "/check-offs")


@dataclass(frozen=True, slots=True)
class CheckOffRequest:
    """A request about one student and one skill of a class, and who makes it."""

    request: Request
    db: Session
    subject: Subject
    settings: Settings
    class_id: int
    skill_id: int
    enrollment_id: int


def _asked(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    skill_id: PathId,
    enrollment_id: PathId,
) -> CheckOffRequest:
    return CheckOffRequest(request, db, subject, settings, class_id, skill_id, enrollment_id)


Asked = Annotated[CheckOffRequest, Depends(_asked)]


@router.get("/check-offs")
def check_offs(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    """The classes that one can check off, those of today first."""
    policy.require_list(subject)
    found = classes.list_classes(db, subject, paging, settings.zone, current=True)
    return render(request, "skills/classes.html", page=found.page(), paging=paging)


@router.get("/classes/{class_id}/skills")
def board(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    class_id: PathId,
    skill: Annotated[OptionalId, Query()] = None,
    section: Annotated[str, Query(max_length=120)] = "",
) -> Response:
    """Students by skills; with `skill`, the class for this one; as a file the whole matrix."""
    found = service.read_board(db, subject, class_id, settings.zone)
    if paging.format:
        return _file(db, subject, found, paging.format)
    line = next((one for one in found.skills if one.id == skill), None)
    if skill is not None and line is None:
        raise NotFound(policy.NO_SKILL)
    words = paging.q.casefold().split()
    students = [one for one in found.students if all(word in one.full_name.casefold() for word in words)]
    shown = [one for one in found.skills if not section or one.skill.section == section]
    return render(
        request,
        "skills/board.html",
        board=found,
        record=found.record,
        line=line,
        students=students,
        skills=shown,
        section=section,
        sections=list(dict.fromkeys(one.skill.section for one in found.skills)),
        q=paging.q,
        passed=State.PASSED,
        formats=[one for one in reports.offered() if one[0] != "pdf" or lists.fits_on_paper(found)],
        breadcrumbs=_crumbs(found, *([(line.version.name, None)] if line else [])),
    )


def _file(db: Session, subject: Subject, found: Board, form: str) -> Response:
    if form == "pdf" and not lists.fits_on_paper(found):
        raise Invalid("This class has more skills than a page is wide. Download it as Excel or CSV.")
    return reports.file_of(
        db,
        subject,
        lists.matrix(found),
        Known(found.students),
        form,
        name=f"skills-class-{found.record.id}",
        about={"Class": f"{found.record.code}, {found.record.name}"},
    )


def _crumbs(found: Board, *end: tuple[str, str | None]) -> list[tuple[str, str | None]]:
    return [CHECK_OFFS, (found.record.code, f"/classes/{found.record.id}/skills" if end else None), *end]


# One attempt to be rated


@router.get("/classes/{class_id}/skills/{skill_id}/{enrollment_id}/new")
def check_off_form(asked: Asked) -> Response:
    """The rubric to be tapped, with what was attempted before."""
    form = Form.blank(
        CheckOffForm, request=uuid4(), performed_on=clock.today(asked.settings.zone), confirmed=False
    )
    return _form_page(asked, form)


@router.post("/classes/{class_id}/skills/{skill_id}/{enrollment_id}/new")
def check_off(
    asked: Asked, store: FilesDep, form: Annotated[Form[CheckOffForm], Depends(posted(CheckOffForm))]
) -> Response:
    """Record the attempt, and go on with the next student or back to the class."""

    def save(values: CheckOffForm) -> Response:
        version = queries.version(asked.db, values.version_id)
        count = len(version.criteria) if version else 0
        photo = values.photo.file.read(scans.LARGEST_BYTES + 1) if values.photo else None
        service.check_off(
            asked.db,
            asked.subject,
            store,
            asked.class_id,
            asked.skill_id,
            asked.enrollment_id,
            Attempt(
                request=values.request,
                version_id=values.version_id,
                seen=values.seen,
                performed_on=values.performed_on,
                marks=[_points(form, place) for place in range(1, count + 1)],
                note=values.note,
                photo=photo,
                signature=values.signature,
                confirmed=values.confirmed,
            ),
            asked.settings.zone,
        )
        base = f"/classes/{asked.class_id}/skills"
        if values.following:
            found = _view(asked)
            if found.following is not None:
                return redirect(f"{base}/{asked.skill_id}/{found.following.enrollment_id}/new")
        return redirect(base, skill=asked.skill_id)

    return form.submit(asked.db, save, lambda: _form_page(asked, form))


def _points(form: Form[Any], place: int) -> int | None:
    """What was tapped for a criterion; None for nothing, and for what is no number."""
    text = form.text(f"mark-{place}")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _view(asked: CheckOffRequest) -> Any:
    return service.read_check_off(
        asked.db, asked.subject, asked.class_id, asked.skill_id, asked.enrollment_id, asked.settings.zone
    )


def _form_page(asked: CheckOffRequest, form: Form[CheckOffForm]) -> Response:
    found = _view(asked)
    teaches = classes.teaches(asked.db, asked.subject, asked.class_id, asked.settings.zone)
    policy.require_check_off(asked.subject, found.student.user_id, teaches=teaches)
    # What the person sees now is what they answer; a drawn signature was for what they saw before.
    if form.text("version_id") not in ("", str(found.line.version.id)):
        # What was tapped were other criteria.
        form.data = {name: given for name, given in form.data.items() if not name.startswith("mark-")}
    form.data["seen"] = [str(found.seen)]
    form.data["version_id"] = [str(found.line.version.id)]
    form.data.pop("signature", None)
    return render(
        asked.request,
        "skills/check_off.html",
        found=found,
        record=found.board.record,
        form=form,
        today=clock.today(asked.settings.zone),
        again=asked.request.method == "POST",
        breadcrumbs=_crumbs(
            found.board,
            (found.line.version.name, f"/classes/{asked.class_id}/skills?skill={asked.skill_id}"),
            (found.student.full_name, None),
        ),
    )


# One attempt that was rated


@router.get("/skills/attempts/{attempt_id}")
def attempt(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, attempt_id: PathId
) -> Response:
    """An attempt as it was rated, with its evidence."""
    return _attempt_page(request, db, subject, settings, attempt_id, Form.blank(VoidForm))


@router.post("/skills/attempts/{attempt_id}/void")
def void(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    attempt_id: PathId,
    form: Annotated[Form[VoidForm], Depends(posted(VoidForm))],
) -> Response:
    def act(values: VoidForm) -> Response:
        service.void(db, subject, attempt_id, values.reason, settings.zone)
        return redirect(f"/skills/attempts/{attempt_id}")

    found = service.read_attempt(db, subject, attempt_id, settings.zone)
    row = found.view.row
    teaches = classes.teaches(db, subject, row.SkillAttempt.class_id, settings.zone)
    policy.require_check_off(subject, row.user_id, teaches=teaches)
    return form.submit(db, act, lambda: _attempt_page(request, db, subject, settings, attempt_id, form))


def _attempt_page(
    request: Request, db: Session, subject: Subject, settings: Settings, attempt_id: int, form: Form[VoidForm]
) -> Response:
    found = service.read_attempt(db, subject, attempt_id, settings.zone)
    row = found.view.row
    own = subject.user_id == row.user_id
    student = ("Skills" if own else f"Skills of {row.full_name}", f"/skills/students/{row.user_id}")
    return render(
        request,
        "skills/attempt.html",
        view=found.view,
        row=row,
        may_void=found.may_void,
        own=own,
        form=form,
        breadcrumbs=[("Grades", "/grades") if own else CHECK_OFFS, student, (row.SkillVersion.name, None)],
    )


@router.get("/skills/attempts/{attempt_id}/photo")
def photo(db: Db, subject: CurrentSubject, store: FilesDep, attempt_id: PathId) -> Response:
    content, media_type, *_whose = service.read_evidence(db, subject, store, attempt_id)
    return scans.answer(content, media_type, f"skill-attempt-{attempt_id}")


@router.get("/skills/attempts/{attempt_id}/signature")
def signature(db: Db, subject: CurrentSubject, store: FilesDep, attempt_id: PathId) -> Response:
    content, media_type, *_whose = service.read_evidence(db, subject, store, attempt_id, signature=True)
    return scans.answer(content, media_type, f"skill-attempt-{attempt_id}-signature")

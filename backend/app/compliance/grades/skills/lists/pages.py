"""Pages of skill lists: every program's, one program's, one skill with its rubric and versions."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.compliance.grades.skills import policy
from app.compliance.grades.skills.lists import service
from app.compliance.grades.skills.lists.reports import report_of
from app.compliance.grades.skills.schemas import ArchiveForm, MoveForm, SkillForm
from app.core.permissions import Subject
from app.rules import skills as rules
from app.web import refusals, reports, search
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.listing import Known
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
refusals.register_record("skill_id", "skills")
CHECK_OFFS = ("Check-offs", "/check-offs")
LISTS = ("Skill lists", "/skills/lists")


@router.get("/skills/lists")
def programs(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """The programs with their lists."""
    return render(
        request,
        "skills/programs.html",
        programs=service.list_programs(db, subject),
        may_import=policy.may_change_lists(subject),
        breadcrumbs=[CHECK_OFFS, (LISTS[0], None)],
    )


@router.get("/skills/lists/{program_id}")
def skill_list(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, program_id: PathId
) -> Response:
    """A program's list; as a file in the columns that are imported."""
    found = service.read_list(db, subject, program_id)
    if paging.format:
        return reports.file_of(
            db,
            subject,
            report_of(found.program.name),
            Known(found.skills),
            paging.format,
            name=f"skills-{program_id}",
        )
    return render(
        request,
        "skills/list.html",
        found=found,
        formats=reports.offered(),
        breadcrumbs=[CHECK_OFFS, LISTS, (found.program.name, None)],
    )


@router.get("/skills/lists/{program_id}/new")
def new_skill(request: Request, db: Db, subject: CurrentSubject, program_id: PathId) -> Response:
    return _new_page(request, db, subject, program_id, Form.blank(SkillForm))


@router.post("/skills/lists/{program_id}/new")
def add_skill(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    program_id: PathId,
    form: Annotated[Form[SkillForm], Depends(posted(SkillForm))],
) -> Response:
    policy.require_change_lists(subject)

    def add(values: SkillForm) -> Response:
        made = service.add_skill(db, subject, program_id, values)
        return redirect(f"/skills/lists/skills/{made.id}")

    return form.submit(db, add, lambda: _new_page(request, db, subject, program_id, form))


def _new_page(
    request: Request, db: Session, subject: Subject, program_id: int, form: Form[SkillForm]
) -> Response:
    policy.require_change_lists(subject)
    found = service.read_list(db, subject, program_id)
    return render(
        request,
        "skills/skill_form.html",
        form=form,
        title="New skill",
        sections=found.sections,
        rubric=_rubric(form),
        line=None,
        cancel=f"/skills/lists/{program_id}",
        breadcrumbs=[
            CHECK_OFFS,
            LISTS,
            (found.program.name, f"/skills/lists/{program_id}"),
            ("New skill", None),
        ],
    )


@router.get("/skills/lists/skills/{skill_id}")
def skill(request: Request, db: Db, subject: CurrentSubject, skill_id: PathId) -> Response:
    """A skill as it is rated, with its versions."""
    found = service.read_skill(db, subject, skill_id)
    row = found.line.skill
    program = service.read_list(db, subject, row.program_id).program
    return render(
        request,
        "skills/skill.html",
        found=found,
        may_change=policy.may_change_lists(subject),
        breadcrumbs=[
            CHECK_OFFS,
            LISTS,
            (program.name, f"/skills/lists/{program.id}"),
            (found.line.version.name, None),
        ],
    )


@router.get("/skills/lists/skills/{skill_id}/edit")
def edit_skill(request: Request, db: Db, subject: CurrentSubject, skill_id: PathId) -> Response:
    line = service.read_skill(db, subject, skill_id).line
    form = Form.blank(
        SkillForm,
        section=line.skill.section,
        name=line.version.name,
        criteria=rules.written(line.criteria),
        pass_pct=line.version.pass_pct,
        required_passes=line.version.required_passes,
        instructions=line.version.instructions or None,
        seen=line.skill.version,
    )
    return _edit_page(request, db, subject, skill_id, form)


@router.post("/skills/lists/skills/{skill_id}/edit")
def change_skill(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    skill_id: PathId,
    form: Annotated[Form[SkillForm], Depends(posted(SkillForm))],
) -> Response:
    policy.require_change_lists(subject)

    def change(values: SkillForm) -> Response:
        service.change_skill(db, subject, skill_id, values, seen=values.seen)
        return redirect(f"/skills/lists/skills/{skill_id}")

    return form.submit(db, change, lambda: _edit_page(request, db, subject, skill_id, form))


def _edit_page(
    request: Request, db: Session, subject: Subject, skill_id: int, form: Form[SkillForm]
) -> Response:
    policy.require_change_lists(subject)
    line = service.read_skill(db, subject, skill_id).line
    found = service.read_list(db, subject, line.skill.program_id)
    return render(
        request,
        "skills/skill_form.html",
        form=form,
        title=f"Change “{line.version.name}”",
        sections=found.sections,
        rubric=_rubric(form),
        line=line,
        cancel=f"/skills/lists/skills/{skill_id}",
        breadcrumbs=[
            CHECK_OFFS,
            LISTS,
            (found.program.name, f"/skills/lists/{found.program.id}"),
            (line.version.name, f"/skills/lists/skills/{skill_id}"),
            ("Change", None),
        ],
    )


def _rubric(form: Form[SkillForm]) -> list[Any]:
    """What was typed, as it will be rated; empty while it cannot be read."""
    try:
        return list(rules.parse(form.text("criteria")))
    except ValueError:
        return []


@router.post("/skills/lists/skills/{skill_id}/move")
def move_skill(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    skill_id: PathId,
    form: Annotated[Form[MoveForm], Depends(posted(MoveForm))],
) -> Response:
    row = service.move_skill(db, subject, skill_id, form.checked().direction)
    return redirect(f"/skills/lists/{row.program_id}#skill-{row.id}")


@router.post("/skills/lists/skills/{skill_id}/archive")
def archive_skill(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    skill_id: PathId,
    form: Annotated[Form[ArchiveForm], Depends(posted(ArchiveForm))],
) -> Response:
    row = service.archive_skill(db, subject, skill_id, archived=form.checked().archived == "yes")
    return redirect(f"/skills/lists/{row.program_id}")


def _find(db: Session, subject: Subject, words: str) -> Found | None:
    """Skills by their name and section, for whoever sees what programs are made of."""
    if not policy.may_read_lists(subject):
        return None
    found = service.find_skills(db, subject, Paging(q=words, per_page=search.MOST)).page()
    hits = [
        Hit(row.name, f"{row.section}, {row.program}", f"/skills/lists/skills/{row.id}", "device-tablet")
        for row in found.items
    ]
    return Found("Skills", hits, found.total, "/skills/lists")


search.register("skills", _find, order=35)

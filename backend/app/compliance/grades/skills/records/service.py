"""The skills record of a student: every skill of a program, how it stands, and every attempt."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.grades.skills import policy, queries
from app.compliance.grades.skills.progress import service as progress
from app.compliance.grades.skills.schemas import AttemptView, StudentSkill, StudentSkills
from app.core import views
from app.core.errors import FieldError, Invalid, NotFound
from app.core.files import FileStore
from app.core.permissions import Subject
from app.core.views import Part
from app.documents import service as documents
from app.documents.service import DocumentKind, Draft, Offer
from app.rules.days import long_date
from app.school import service as school

KIND = "skills_record"


@views.opens(Part.GRADES, student="student_id")
def choices(session: Session, subject: Subject, student_id: int) -> list[StudentSkills]:
    """The student's enrollments with skills, for whoever may have the record made. Raises NotFound, Forbidden."""
    if not documents.may_read(subject, student_id):
        raise NotFound(policy.NO_STUDENT)
    policy.require_read(session, subject, student_id)
    documents.require_issue(subject, student_id)
    found = [one for one in progress.skills_of(session, subject, student_id) if one.skills]
    if not found:
        raise NotFound("This person is in no program with a skill list, so there is nothing to record.")
    return found


def draft(session: Session, subject: Subject, files: FileStore, student_id: int, enrollment_id: int) -> Draft:
    """The record of one enrollment from the attempts as they are now. Raises Invalid for another's enrollment."""
    known = choices(session, subject, student_id)
    chosen = next((one for one in known if one.enrollment.id == enrollment_id), None)
    if chosen is None:
        sentence = "Choose one of the student’s enrollments."
        raise Invalid(sentence, errors=[FieldError("enrollment_id", sentence)])
    letterhead = school.letterhead(session, files)
    row = chosen.enrollment
    required = len(chosen.required)
    return Draft(
        kind=KIND,
        student_id=student_id,
        enrollment_id=row.id,
        letterhead=letterhead,
        facts={
            "facts": [
                ["Student", row.full_name],
                ["Program", row.program_name],
                ["Enrolled", long_date(row.enrolled_at)],
                ["Skills passed", f"{chosen.passed} of {required}"],
            ],
            "sections": [
                {"name": name, "skills": [_printed(one) for one in skills]}
                for name, skills in chosen.sections
            ],
        },
        machine={
            "student": row.full_name,
            "program": row.program_name,
            "skills_passed": chosen.passed,
            "skills_required": required,
            "skills": [_for_machines(one) for one in chosen.skills],
        },
    )


def _printed(one: StudentSkill) -> dict[str, Any]:
    passes = f" ({one.standing.passes} of {one.standing.required})" if one.standing.required > 1 else ""
    return {
        "name": one.line.version.name,
        "state": f"{one.standing.state.value.capitalize()}{passes}",
        "attempts": [_line(view) for view in reversed(one.attempts)],
    }


def _line(view: AttemptView) -> str:
    """`May 4, 2026: passed, 11 of 12 points, Tess Carter`; a voided one with its reason."""
    row = view.row.SkillAttempt
    words = (
        f"{long_date(row.performed_on)}: {view.outcome}, {row.points} of {row.points_possible} points, "
        f"{row.evaluator_name}"
    )
    return words if view.counts else f"{words} ({view.row.void_reason})"


def _for_machines(one: StudentSkill) -> dict[str, Any]:
    return {
        "section": one.line.skill.section,
        "name": one.line.version.name,
        "state": one.standing.state.value,
        "passes": one.standing.passes,
        "required_passes": one.standing.required,
        "attempts": [
            {
                "day": view.row.SkillAttempt.performed_on.isoformat(),
                "version": view.row.SkillVersion.version,
                "outcome": view.outcome,
                "points": view.row.SkillAttempt.points,
                "points_possible": view.row.SkillAttempt.points_possible,
                "evaluator": view.row.SkillAttempt.evaluator_name,
                "criteria": [
                    {"criterion": criterion.text, "level": level.label, "points": level.points}
                    for criterion, level in view.lines
                ],
            }
            for view in reversed(one.attempts)
        ],
    }


def _offers(session: Session, subject: Subject, student_id: int) -> Sequence[Offer]:
    if not policy.may_read(session, subject, student_id):
        return []
    offered = queries.is_in_a_list(session, student_id)
    return [Offer("Skills record", f"/people/{student_id}/skills-record")] if offered else []


documents.register_kind(
    DocumentKind(
        name=KIND,
        prefix="SR",
        title="Skills record",
        layout="skills-record.typ",
        sample={
            "facts": [["Student", "Nguyễn Thị Bích"], ["Skills passed", "1 of 2"]],
            "sections": [
                {
                    "name": "Radiography",
                    "skills": [
                        {
                            "name": "Expose a bitewing radiograph",
                            "state": "Passed",
                            "attempts": ["May 4, 2026: passed, 11 of 12 points, Tess Carter"],
                        },
                        {"name": "Mount radiographs", "state": "Open", "attempts": []},
                    ],
                }
            ],
        },
        offers=_offers,
        again=lambda document: f"/people/{document.student_id}/skills-record",
    )
)

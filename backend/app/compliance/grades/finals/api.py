"""Grades of a student, and final grades, as JSON."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from app.compliance.grades.finals import service
from app.compliance.grades.finals.schemas import ChangeIn, FinalOut, FinalsIn
from app.compliance.grades.standing import service as standing
from app.core.errors import Invalid
from app.web.field_types import OptionalId, PathId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1", tags=["grades"])


class ScoreOut(BaseModel):
    """A published item with the score as its cell shows it."""

    item: str
    category: str
    points_possible: Decimal
    score: str


class TakenOut(BaseModel):
    """A class: the grade so far, and the final letter as it stands."""

    class_id: int
    code: str
    name: str
    percent: Decimal | None
    letter: str | None
    explanation: str
    final_letter: str | None
    scores: list[ScoreOut]


class StandingOut(BaseModel):
    """An enrollment with its GPA and classes."""

    enrollment_id: int
    program: str
    gpa: Decimal | None
    gpa_explanation: str
    classes: list[TakenOut]


@router.get("/grades")
def get_grades(
    db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: Annotated[OptionalId, Query()] = None
) -> list[StandingOut]:
    """A student's grades by enrollment, with the GPA; one's own unless somebody is named. 404 for another's."""
    found = standing.standing_of(db, subject, user_id or subject.user_id, settings.zone)
    return [_standing(one) for one in found]


@router.get("/final-grades")
def list_final_grades(
    db: Db, subject: CurrentSubject, paging: PageParams, class_id: Annotated[OptionalId, Query()] = None
) -> Page[FinalOut]:
    """Final grades, newest first. Sorts: student, class, percent, letter, day, status."""
    return service.list_finals(db, subject, paging, class_id=class_id).page().map(FinalOut.model_validate)


@router.post("/classes/{class_id}/grades/final", status_code=201)
def submit_final_grades(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, body: FinalsIn
) -> list[int]:
    """Submit final grades, all or none; answers their numbers. 422 for a letter that the book does not come to."""
    letters = {one.enrollment_id: one.letter for one in body.grades}
    if len(letters) != len(body.grades):
        raise Invalid("A student is listed twice. Nothing was saved.")
    return [row.id for row in service.submit(db, subject, class_id, letters, settings.zone)]


@router.post("/final-grades/{final_grade_id}/changes", status_code=201)
def request_grade_change(
    db: Db, subject: CurrentSubject, settings: SettingsDep, final_grade_id: PathId, body: ChangeIn
) -> int:
    """Ask for another letter of an approved grade; answers the number of the request, which somebody else decides."""
    return service.ask_change(db, subject, final_grade_id, body, settings.zone).id


def _standing(one: Any) -> StandingOut:
    return StandingOut(
        enrollment_id=one.enrollment.id,
        program=one.enrollment.program_name,
        gpa=one.gpa.value,
        gpa_explanation=one.gpa.explanation,
        classes=[
            TakenOut(
                class_id=taken.record.id,
                code=taken.record.code,
                name=taken.record.name,
                percent=taken.grade.percent,
                letter=taken.grade.letter,
                explanation=taken.grade.explanation,
                final_letter=taken.standing,
                scores=[
                    ScoreOut(
                        item=item.name,
                        category=category,
                        points_possible=item.points_possible,
                        score=cell.text,
                    )
                    for item, category, cell in taken.items
                ],
            )
            for taken in one.classes
        ],
    )

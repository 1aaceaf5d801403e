"""Grade books as JSON: what the page's own script saves by, too."""

from fastapi import APIRouter

from app.compliance.grades.book import service
from app.compliance.grades.book.schemas import (
    BookOut,
    BookView,
    CategoryOut,
    CellsIn,
    GradeOut,
    ItemIn,
    ItemOut,
    SavedCell,
    SavedCells,
    StudentLine,
    StudentOut,
)
from app.web.field_types import PathId
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1/classes", tags=["grades"])


@router.get("/{class_id}/grades")
def get_book(db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId) -> BookOut:
    """The grade book of a class with everybody's scores and grades."""
    return _out(service.read_book(db, subject, class_id, settings.zone))


@router.put("/{class_id}/grades")
def save_cells(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, body: CellsIn
) -> SavedCells:
    """Save cells, all or none: at most 2,000.

    422 when some are wrong: `faults` has the sentence of each. 409 when somebody else has changed some since
    `revision`, or the book is closed; `faults` then has what stands there.
    """
    return service.save(db, subject, class_id, body.cells, settings.zone)


@router.post("/{class_id}/grades/items", status_code=201)
def add_item(
    db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId, body: ItemIn
) -> ItemOut:
    """Add an item to the book."""
    return ItemOut.model_validate(service.save_item(db, subject, class_id, body, settings.zone))


def _out(view: BookView) -> BookOut:
    return BookOut(
        class_id=view.record.id,
        code=view.record.code,
        gpa_weight=view.gpa_weight,
        categories=[CategoryOut.model_validate(one) for one in view.categories],
        items=[ItemOut.model_validate(one) for one in view.items],
        students=[_student(one) for one in view.students],
        closed=view.closed,
    )


def _student(line: StudentLine) -> StudentOut:
    return StudentOut(
        enrollment_id=line.enrollment_id,
        user_id=line.user_id,
        full_name=line.full_name,
        locked=line.locked,
        grade=GradeOut(
            enrollment_id=line.enrollment_id,
            percent=line.grade.percent,
            letter=line.grade.letter,
            explanation=line.grade.explanation,
        ),
        cells=[
            SavedCell(
                item_id=item_id, enrollment_id=line.enrollment_id, text=cell.text, revision=cell.revision
            )
            for item_id, cell in line.cells.items()
            if cell.revision
        ],
    )

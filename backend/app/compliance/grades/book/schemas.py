"""What grade books look like going in and coming out."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from app.db.models import GradeCategory, GradeItem, SchoolClass
from app.rules.grades import Scheme
from app.rules.grades_book import ClassGrade, Score, State
from app.web.field_types import Line, OptionalDay, RecordId, blank_is_none

MOST_CATEGORIES = 12
MOST_ITEMS = 120
MOST_CELLS = 2_000
"""Cells that are saved at once: a large class with ten columns."""
Weight = Annotated[Decimal, Field(gt=0, le=100, max_digits=5, decimal_places=2)]
Dropped = Annotated[int, Field(ge=0, le=20)]
GpaWeight = Annotated[
    Decimal, Field(ge=0, le=9999, max_digits=6, decimal_places=2, title="Weight in the GPA")
]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CategoryFields(BaseModel):
    """A category; without `id` a new one."""

    id: RecordId | None = None
    name: Annotated[Line, Field(max_length=80)]
    weight_pct: Weight
    drop_lowest: Dropped = 0


def _optional(kind: Any, title: str) -> tuple[Any, None]:
    return (Annotated[kind | None, BeforeValidator(blank_is_none), Field(title=title)], None)


def _form_fields() -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for number in range(1, MOST_CATEGORIES + 1):
        fields[f"id_{number}"] = _optional(RecordId, f"Category {number}")
        fields[f"name_{number}"] = _optional(
            Annotated[Line, Field(max_length=80)], f"Name of category {number}"
        )
        fields[f"weight_{number}"] = _optional(Weight, f"Weight of category {number}")
        fields[f"drop_{number}"] = _optional(Dropped, f"Lowest scores dropped in category {number}")
    return fields


class _BookForm(BaseModel):
    """What a grade book is made of, as typed: a line for each category."""

    gpa_weight: GpaWeight


BookForm: Any = create_model("BookForm", __base__=_BookForm, **_form_fields())


class ItemFields(BaseModel):
    """An item of the book."""

    name: Annotated[Line, Field(max_length=120)]
    category_id: Annotated[RecordId, Field(title="Category")]
    points_possible: Annotated[
        Decimal, Field(gt=0, le=10_000, max_digits=7, decimal_places=2, title="Points possible")
    ]
    due_on: Annotated[OptionalDay, Field(title="Due")] = None
    published: bool = True
    lesson_id: Annotated[RecordId | None, BeforeValidator(blank_is_none), Field(title="Lesson")] = None


class ItemForm(ItemFields):
    """An item as typed."""


class ItemIn(ItemFields, _Input):
    """An item as the API takes it."""


class CellIn(_Input):
    """What was typed into a cell, and the revision of the score that the person saw; 0 for none."""

    item_id: RecordId
    enrollment_id: RecordId
    text: Annotated[str, Field(max_length=1_000)]
    revision: Annotated[int, Field(ge=0, le=2_147_483_647)] = 0


class CellsIn(_Input):
    """Cells to be saved together, all or none."""

    cells: list[CellIn]


class SavedCell(BaseModel):
    """A cell as it was saved."""

    item_id: int
    enrollment_id: int
    text: str
    revision: int


class GradeOut(BaseModel):
    """The grade of a student as the book comes to it; empty while nothing counts."""

    enrollment_id: int
    percent: Decimal | None
    letter: str | None
    explanation: str


class SavedCells(BaseModel):
    """What was saved, and the grades that follow."""

    cells: list[SavedCell]
    grades: list[GradeOut]


class ItemOut(BaseModel):
    """An item of the book."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    category_id: int
    points_possible: Decimal
    due_on: date | None
    published: bool
    lesson_id: int | None


class CategoryOut(BaseModel):
    """A category of the book."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    weight_pct: Decimal
    drop_lowest: int


class StudentOut(BaseModel):
    """A student's line of the book."""

    enrollment_id: int
    user_id: int
    full_name: str
    locked: bool
    grade: GradeOut
    cells: list[SavedCell]


class BookOut(BaseModel):
    """A grade book with everybody's scores."""

    class_id: int
    code: str
    gpa_weight: Decimal
    categories: list[CategoryOut]
    items: list[ItemOut]
    students: list[StudentOut]
    closed: str | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A score as the page shows it."""

    text: str
    revision: int
    source: str
    by: str | None
    at: datetime | None
    score: Score | None


@dataclass(frozen=True, slots=True)
class StudentLine:
    """A student's line: their cells by item, and the grade."""

    enrollment_id: int
    user_id: int
    full_name: str
    left_on: date | None
    locked: bool
    cells: dict[int, Cell]
    grade: ClassGrade


@dataclass(frozen=True, slots=True)
class BookView:
    """A class's grade book as a person sees it. `closed` says why nothing can be entered any more."""

    record: SchoolClass
    book_id: int | None
    gpa_weight: Decimal
    categories: list[GradeCategory]
    items: list[GradeItem]
    students: list[StudentLine]
    scheme: Scheme
    may_enter: bool
    closed: str | None

    @property
    def editable(self) -> bool:
        return self.may_enter and self.closed is None and self.book_id is not None

    def category_of(self, item: GradeItem) -> GradeCategory:
        """The category of an item."""
        return next(one for one in self.categories if one.id == item.category_id)


EMPTY = Cell("", 0, "hand", None, None, None)
COUNTED = frozenset(state.value for state in State)

"""Pages of a class's grade book: the grid, one student at a time, its setup, its items, files."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.academics.classes import service as classes
from app.compliance.grades import policy
from app.compliance.grades.book import files, service
from app.compliance.grades.book.schemas import (
    MOST_CATEGORIES,
    MOST_CELLS,
    BookForm,
    BookView,
    CategoryFields,
    CellIn,
    ItemForm,
)
from app.core.errors import Conflict, Invalid, Problem
from app.core.permissions import Subject
from app.settings import Settings
from app.web import refusals, reports
from app.web.field_types import PathId, chosen
from app.web.forms import Form, posted
from app.web.listing import Known
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("item_id", "grade_items")
classes.register_link(classes.ClassLink("Grades", "/grades", "checklist", policy.may_list, order=10))


class ButtonForm(BaseModel):
    """A form with nothing but its button."""


class FileForm(BaseModel):
    """A CSV file of scores."""

    file: Annotated[UploadFile, chosen("Choose a CSV file.")]

    model_config = {"arbitrary_types_allowed": True}


@dataclass(frozen=True, slots=True)
class BookRequest:
    """A request about one class's grade book, and who makes it."""

    request: Request
    db: Session
    subject: Subject
    settings: Settings
    class_id: int

    def view(self, enrollment_id: int | None = None) -> BookView:
        return service.read_book(self.db, self.subject, self.class_id, self.settings.zone, enrollment_id)

    def page(self, template: str, view: BookView, title: str | None, **context: Any) -> Response:
        """A page below that of the book, or the book itself without a title."""
        status = context.pop("status_code", 200)
        crumbs = [("Classes", "/classes"), (view.record.code, f"/classes/{self.class_id}")]
        last = [("Grades", f"/classes/{self.class_id}/grades" if title else None)]
        return render(
            self.request,
            template,
            status,
            view=view,
            record=view.record,
            most_cells=MOST_CELLS,
            breadcrumbs=[*crumbs, *last, *([(title, None)] if title else [])],
            **context,
        )

    def back(self, part: str = "") -> Response:
        return redirect(f"/classes/{self.class_id}/grades{part}")


def _asked(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId
) -> BookRequest:
    return BookRequest(request, db, subject, settings, class_id)


Asked = Annotated[BookRequest, Depends(_asked)]
Button = Annotated[Form[ButtonForm], Depends(posted(ButtonForm))]


@router.get("/classes/{class_id}/grades")
def book(asked: Asked, paging: PageParams) -> Response:
    """The book as a grid; as a file with all its items."""
    view = asked.view()
    if paging.format:
        return reports.file_of(
            asked.db,
            asked.subject,
            files.report_of(view),
            Known(view.students),
            paging.format,
            name=f"grades-{asked.class_id}",
            about={"Class": f"{view.record.code}, {view.record.name}"},
        )
    return _book_page(asked, view)


def _book_page(asked: BookRequest, view: BookView, problem: Problem | None = None) -> Response:
    return asked.page(
        "grades/book.html",
        view,
        None,
        formats=reports.offered(),
        problem=problem,
        status_code=problem.status if problem else 200,
    )


@router.post("/classes/{class_id}/grades")
def create(asked: Asked, form: Button) -> Response:
    """Set up the book with the categories of the grading policy."""

    def begin(_values: ButtonForm) -> Response:
        service.create_book(asked.db, asked.subject, asked.class_id, asked.settings.zone)
        return asked.back("/setup")

    return form.submit(asked.db, begin, lambda: _book_page(asked, asked.view(), _problem(form)))


def _problem(form: Form[Any]) -> Problem:
    return Conflict(" ".join(message for _name, message in form.messages))


# One student at a time


class ScoresForm(BaseModel):
    """A student's scores; the fields are named after the items."""


@router.get("/classes/{class_id}/grades/students/{enrollment_id}")
def student(asked: Asked, enrollment_id: PathId) -> Response:
    """One student's line: for phones, and where scripts do not run."""
    return _student_page(asked, enrollment_id)


@router.post("/classes/{class_id}/grades/students/{enrollment_id}")
def save_student(
    asked: Asked, enrollment_id: PathId, form: Annotated[Form[ScoresForm], Depends(posted(ScoresForm))]
) -> Response:
    """Save a student's scores, all or none."""
    view = asked.view(enrollment_id)
    typed, cells = {}, []
    for item in view.items:
        if f"score-{item.id}" not in form.data:
            continue
        text = form.text(f"score-{item.id}")
        typed[item.id] = text
        seen = form.text(f"seen-{item.id}")
        was = view.students[0].cells[item.id]
        if text.strip() != was.text or seen != str(was.revision):
            number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
            cells.append(
                CellIn(item_id=item.id, enrollment_id=enrollment_id, text=text[:1000], revision=number)
            )
    try:
        with asked.db.begin_nested():
            service.save(asked.db, asked.subject, asked.class_id, cells, asked.settings.zone)
    except (Invalid, Conflict) as problem:
        return _student_page(asked, enrollment_id, typed, problem)
    following = _next(asked.view(), enrollment_id) if form.text("next") else None
    return asked.back(f"/students/{following or enrollment_id}")


def _student_page(
    asked: BookRequest,
    enrollment_id: int,
    typed: dict[int, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    view = asked.view(enrollment_id)
    line = view.students[0]
    faults: Any = problem.extra.get("faults", ()) if problem else ()
    everybody = asked.view()
    return asked.page(
        "grades/student.html",
        view,
        line.full_name,
        line=line,
        typed=typed or {},
        problem=problem,
        faults={one["item_id"]: one["sentence"] for one in faults},
        following=_next(everybody, enrollment_id),
        status_code=problem.status if problem else 200,
    )


def _next(view: BookView, enrollment_id: int) -> int | None:
    """The student below in the list."""
    numbers = [one.enrollment_id for one in view.students]
    place = numbers.index(enrollment_id) + 1 if enrollment_id in numbers else len(numbers)
    return numbers[place] if place < len(numbers) else None


# Setting up


@router.get("/classes/{class_id}/grades/setup")
def setup(asked: Asked) -> Response:
    """Categories with their weights, and the items."""
    return _setup_page(asked, None)


def _setup_page(asked: BookRequest, form: Form[Any] | None) -> Response:
    view = asked.view()
    if view.book_id is None:
        return asked.back()
    shown: dict[str, object] = {"gpa_weight": f"{view.gpa_weight.normalize():f}"}
    for place, one in enumerate(view.categories, start=1):
        shown |= {
            f"id_{place}": one.id,
            f"name_{place}": one.name,
            f"weight_{place}": f"{one.weight_pct.normalize():f}",
            f"drop_{place}": one.drop_lowest or None,
        }
    return asked.page(
        "grades/setup.html",
        view,
        "Setup",
        form=form or Form.blank(BookForm, **shown),
        lines=range(1, min(MOST_CATEGORIES, len(view.categories) + 3) + 1),
    )


@router.post("/classes/{class_id}/grades/setup")
def save_setup(asked: Asked, form: Annotated[Form[Any], Depends(posted(BookForm))]) -> Response:
    """Save the categories, all or none."""

    def save(values: Any) -> Response:
        service.save_categories(
            asked.db,
            asked.subject,
            asked.class_id,
            _categories(values),
            values.gpa_weight,
            asked.settings.zone,
        )
        return asked.back("/setup")

    return form.submit(asked.db, save, lambda: _setup_page(asked, form))


def _categories(values: Any) -> list[CategoryFields]:
    """The lines of the form that name a category."""
    found = []
    for number in range(1, MOST_CATEGORIES + 1):
        name, weight = getattr(values, f"name_{number}"), getattr(values, f"weight_{number}")
        if name is None:
            continue
        if weight is None:
            raise Invalid(f"Enter the weight of {name}. Nothing was saved.")
        found.append(
            CategoryFields(
                id=getattr(values, f"id_{number}"),
                name=name,
                weight_pct=Decimal(weight),
                drop_lowest=getattr(values, f"drop_{number}") or 0,
            )
        )
    return found


# Items


@router.get("/classes/{class_id}/grades/items/new")
def new_item(asked: Asked) -> Response:
    return _item_page(asked, Form.blank(ItemForm, published=True), None)


@router.post("/classes/{class_id}/grades/items/new")
def add_item(asked: Asked, form: Annotated[Form[ItemForm], Depends(posted(ItemForm))]) -> Response:
    return _save_item(asked, form, None)


@router.get("/classes/{class_id}/grades/items/{item_id}/edit")
def edit_item(asked: Asked, item_id: PathId) -> Response:
    item = service.read_item(asked.db, asked.subject, asked.class_id, item_id, asked.settings.zone)
    form = Form.filled(ItemForm, item)
    form.data["points_possible"] = [f"{item.points_possible.normalize():f}"]
    return _item_page(asked, form, item_id)


@router.post("/classes/{class_id}/grades/items/{item_id}/edit")
def update_item(
    asked: Asked, item_id: PathId, form: Annotated[Form[ItemForm], Depends(posted(ItemForm))]
) -> Response:
    return _save_item(asked, form, item_id)


def _save_item(asked: BookRequest, form: Form[ItemForm], item_id: int | None) -> Response:
    def save(values: ItemForm) -> Response:
        service.save_item(
            asked.db, asked.subject, asked.class_id, values, asked.settings.zone, item_id=item_id
        )
        return asked.back("/setup")

    return form.submit(asked.db, save, lambda: _item_page(asked, form, item_id))


def _item_page(asked: BookRequest, form: Form[ItemForm], item_id: int | None) -> Response:
    view = asked.view()
    teaches = classes.teaches(asked.db, asked.subject, asked.class_id, asked.settings.zone)
    policy.require_enter(asked.subject, teaches=teaches)
    return asked.page(
        "grades/item_form.html",
        view,
        "Edit item" if item_id else "New item",
        form=form,
        item_id=item_id,
        lessons=service.lesson_choices(asked.db, asked.subject, asked.class_id, asked.settings.zone),
    )


@router.post("/classes/{class_id}/grades/items/{item_id}/delete")
def delete_item(asked: Asked, item_id: PathId, form: Button) -> Response:
    def delete(_values: ButtonForm) -> Response:
        service.delete_item(asked.db, asked.subject, asked.class_id, item_id, asked.settings.zone)
        return asked.back("/setup")

    def again() -> Response:
        item = service.read_item(asked.db, asked.subject, asked.class_id, item_id, asked.settings.zone)
        shown = Form.filled(ItemForm, item)
        shown.errors = form.errors
        return _item_page(asked, shown, item_id)

    return form.submit(asked.db, delete, again)


# Files


@router.post("/classes/{class_id}/grades/file")
def import_file(asked: Asked, form: Annotated[Form[FileForm], Depends(posted(FileForm))]) -> Response:
    """Save the scores of a CSV file, all or none."""

    def take_in(values: FileForm) -> Response:
        content = values.file.file.read(files.MOST_BYTES + 1)
        files.import_scores(asked.db, asked.subject, asked.class_id, content, asked.settings.zone)
        return asked.back()

    return form.submit(asked.db, take_in, lambda: _book_page(asked, asked.view(), _problem(form)))

"""HTML forms, one way for every room: typed in, checked by a pydantic model, shown again with what is wrong.

def _form_page(request, form, status_code=200):
    return render(request, "academics/program_form.html", status_code, form=form)

@router.get("/programs/new")
def new_program(request: Request, subject: CurrentSubject) -> Response:
    return _form_page(request, Form.blank(ProgramForm))

@router.post("/programs/new")
def create_program(
    request: Request, db: Db, subject: CurrentSubject, form: Annotated[Form[ProgramForm], Depends(posted(ProgramForm))]
) -> Response:
    def create(values: ProgramForm) -> Response:
        return redirect(f"/programs/{service.create_program(db, admin, values).id}")

    return form.submit(db, create, again=lambda: _form_page(request, form))
"""

import types
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin
from uuid import uuid4

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo
from python_multipart.multipart import parse_options_header
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from app.core.errors import FieldError, Invalid, Problem, UnsupportedMediaType
from app.core.files.scanner import Infected
from app.core.money import parse_dollars
from app.db.session import Database
from app.web.errors import problem_of

M = TypeVar("M", bound=BaseModel)

Value = str | UploadFile
GENERAL = ""
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
_REPEATABLE = (list, set, tuple, frozenset)
# A mistake of a person's ends in a form to correct; anything else (404, 503 ...) in its own page.
_CORRECTABLE = (400, 409, 413, 422, 429)


class _Dollars:
    """Marks a field whose cents are typed as dollars."""


def _to_cents(value: object) -> object:
    return parse_dollars(value) if isinstance(value, str) else value


DollarsAsCents = Annotated[int, BeforeValidator(_to_cents), _Dollars()]
"""An integer of cents in the model, dollars such as `1,250.00` in the form."""


class Form(Generic[M]):
    """What was typed into a form of the shape `M`, the errors in it, and `values` when there are none.

    Templates use `text`, `chosen`, `error`, `required`, `max_length` through the field macros.
    """

    def __init__(self, model: type[M], data: Mapping[str, list[Value]] | None = None) -> None:
        self.model = model
        self.data: dict[str, list[Value]] = dict(data or {})
        self.errors: dict[str, list[str]] = {}
        self.values: M | None = None

    @classmethod
    def blank(cls, model: type[M], **initial: object) -> "Form[M]":
        """A form nobody has typed into; `initial` values are shown, else the model's defaults."""
        defaults = {
            name: field.get_default()
            for name, field in model.model_fields.items()
            if not field.is_required() and field.default_factory is None
        }
        return cls(model, _as_typed(model, defaults | initial))

    @classmethod
    def filled(cls, model: type[M], source: object) -> "Form[M]":
        """A form showing the attributes of `source` that have the names of the model's fields."""
        found = {name: getattr(source, name) for name in model.model_fields if hasattr(source, name)}
        return cls(model, _as_typed(model, found))

    def check(self) -> None:
        """Validate what was typed into `values` or `errors`."""
        for name, given in self.data.items():
            if name in self.model.model_fields and any(
                isinstance(value, str) and "\x00" in value for value in given
            ):
                self.add_error(name, "This contains a character that cannot be saved.")
        if self.errors:
            return
        try:
            self.values = self.model.model_validate(self._input())
        except ValidationError as error:
            for item in error.errors(include_url=False):
                location = item["loc"]
                name = str(location[0]) if location else GENERAL
                self.add_error(name if name in self.model.model_fields else GENERAL, sentence(item))

    def submit(
        self, session: Session, action: Callable[[M], Response], again: Callable[[], Response]
    ) -> Response:
        """Run `action` with the values; show the form `again` when they or the records do not allow it.

        A refusal undoes everything that `action` wrote (a savepoint). The answer then is 422, or the refusal's
        own status. Errors that no typing can mend are raised on.
        """

        def within(values: M) -> Response:
            with session.begin_nested():
                return action(values)

        return self._submit(within, again)

    def submit_apart(
        self, database: Database, action: Callable[[M], Response], again: Callable[[Session], Response]
    ) -> Response:
        """The same for an action that begins and ends transactions of its own, because it works long in between; the
        form is shown again in one of its own.

        A field `request` names the act, so that sent twice it is one. A try that was refused is void, and the form
        that is shown again is another act.
        """

        def shown() -> Response:
            if "request" in self.model.model_fields:
                self.data["request"] = [str(uuid4())]
            with database.begin() as session:
                return again(session)

        return self._submit(action, shown)

    def _submit(self, action: Callable[[M], Response], again: Callable[[], Response]) -> Response:
        status = 422
        if self.values is not None:
            try:
                return action(self.values)
            except (Problem, DBAPIError) as error:
                problem = problem_of(error)
                # A virus is no mistake of typing: it goes on to be recorded, and has a page of its own.
                if problem is None or problem.status not in _CORRECTABLE or isinstance(problem, Infected):
                    raise
                status = self._take(problem)
        response = again()
        response.status_code = status
        return response

    def checked(self) -> M:
        """The values, where no person waits for the form to be shown again. Raises Invalid naming the fields."""
        if self.values is None:
            errors = [FieldError(name, message) for name, message in self.messages]
            raise Invalid(" ".join(error.message for error in errors), errors=errors)
        return self.values

    def add_error(self, name: str, message: str) -> None:
        """Put a message at a field, or above the form with the name `GENERAL`."""
        messages = self.errors.setdefault(name, [])
        if message not in messages:
            messages.append(message)

    def _take(self, problem: Problem) -> int:
        placed = False
        for item in problem.errors:
            if item.field in self.model.model_fields:
                self.add_error(item.field, item.message)
                placed = True
        if not placed:
            self.add_error(GENERAL, problem.detail)
        return problem.status

    def _input(self) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, field in self.model.model_fields.items():
            given = [value for value in self.data.get(name, ()) if not _is_blank(value)]
            if _is_repeatable(field):
                values[name] = given
            elif field.annotation is bool:
                # An unticked box sends nothing.
                values[name] = bool(given)
            elif given:
                values[name] = given[-1]
            elif _allows_none(field):
                values[name] = None
        return values

    # What the templates ask.

    def text(self, name: str) -> str:
        """What stands in the field."""
        last = self.data.get(name, [""])[-1:]
        return last[0] if last and isinstance(last[0], str) else ""

    def chosen(self, name: str) -> list[str]:
        """The chosen values of a field that allows several."""
        return [value for value in self.data.get(name, ()) if isinstance(value, str)]

    def error(self, name: str) -> str:
        """The field's errors as text; empty when there are none."""
        return " ".join(self.errors.get(name, ()))

    def label(self, name: str) -> str:
        """The field's name in the list of errors: its `title` in the model, else made of its name."""
        words = name.removesuffix("_cents").removesuffix("_minutes").removesuffix("_id").replace("_", " ")
        return self._field(name).title or words.capitalize()

    def required(self, name: str) -> bool:
        field = self._field(name)
        return field.is_required() and field.annotation is not bool

    def max_length(self, name: str) -> int | None:
        """The longest text the field takes, None when that is not limited."""
        lengths = [getattr(item, "max_length", None) for item in _metadata(self._field(name))]
        return next((length for length in lengths if length is not None), None)

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Pairs of field name and message in the order of the fields, the general ones first."""
        names = [GENERAL, *self.model.model_fields]
        return [(name, message) for name in names for message in self.errors.get(name, ())]

    def _field(self, name: str) -> FieldInfo:
        return self.model.model_fields[name]


def posted(model: type[M]) -> Callable[[Request], AsyncIterator[Form[M]]]:
    """A dependency that reads the request's form into a checked `Form[model]`. Other content is refused (415)."""

    async def read(request: Request) -> AsyncIterator[Form[M]]:
        kind, parameters = parse_options_header(request.headers.get("content-type"))
        if kind.decode("latin-1") not in _FORM_TYPES:
            raise UnsupportedMediaType(
                "This address accepts only forms (application/x-www-form-urlencoded or multipart)."
            )
        # Other encodings can spell characters that are none, such as halves of a pair.
        if parameters.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8", b"us-ascii"):
            raise UnsupportedMediaType("Send the form as UTF-8.")
        async with request.form() as sent:
            form = Form(model, {name: sent.getlist(name) for name in sent})
            # For an answer that must ask something else first: what was typed goes on from there.
            request.state.typed = [
                (name, value) for name, value in sent.multi_items() if isinstance(value, str)
            ]
            form.check()
            yield form

    return read


def sentence(item: Mapping[str, Any]) -> str:
    """One of pydantic's errors in plain words."""
    context: dict[str, Any] = item.get("ctx", {})
    kind: str = item["type"]
    if kind == "value_error":
        if "email" in item["msg"]:
            return "Enter an email address such as name@example.org."
        return str(context.get("error", item["msg"])).removeprefix("Value error, ")
    if kind in ("too_short", "too_long") and isinstance(item.get("input"), str):
        # The error for the length of a text reads like that of a list, where the text is tidied before it is measured.
        kind = f"string_{kind}"
    for start, words in _SENTENCES.items():
        if kind.startswith(start):
            return words.format(**context)
    return f"{item['msg']}."


_SENTENCES = {
    "missing": "This field is required.",
    "string_too_short": "Use at least {min_length} characters.",
    "string_too_long": "Use at most {max_length} characters.",
    "string_pattern": "This is not in the expected format.",
    "too_short": "Choose at least {min_length}.",
    "too_long": "Choose at most {max_length}.",
    "int_": "Enter a whole number.",
    "float_": "Enter a number.",
    "decimal_max_digits": "Enter a number with at most {max_digits} digits.",
    "decimal_max_places": "Enter a number with at most {decimal_places} decimals.",
    "decimal_": "Enter a number such as 12.50.",
    "finite_number": "Enter a number.",
    "greater_than_equal": "Enter {ge} or more.",
    "greater_than": "Enter more than {gt}.",
    "less_than_equal": "Enter {le} or less.",
    "less_than": "Enter less than {lt}.",
    "multiple_of": "Enter a multiple of {multiple_of}.",
    "date_past": "Enter a date in the past.",
    "date_future": "Enter a date in the future.",
    "date_": "Enter a date such as 2026-11-22.",
    "datetime_": "Enter a date and time such as 2026-11-22 14:05.",
    "time_": "Enter a time such as 14:05.",
    "enum": "Choose one of the options.",
    "literal_error": "Choose one of the options.",
    "bool_": "Choose yes or no.",
    "uuid_": "This is not a valid reference.",
    "url_": "Enter a web address such as https://example.org.",
}


def _is_blank(value: Value) -> bool:
    # A browser sends a file field without a file as a file without a name.
    return not value.strip() if isinstance(value, str) else not value.filename


def _is_repeatable(field: FieldInfo) -> bool:
    options = get_args(field.annotation) if get_origin(field.annotation) in (Union, types.UnionType) else ()
    return any(get_origin(option) in _REPEATABLE for option in (field.annotation, *options))


def _allows_none(field: FieldInfo) -> bool:
    return type(None) in get_args(field.annotation)


def _metadata(field: FieldInfo) -> list[Any]:
    """What is annotated to the field or, where it may be left empty, to the type inside the union."""
    items = list(field.metadata)
    for option in get_args(field.annotation):
        for item in getattr(option, "__metadata__", ()):
            items.extend(item.metadata if isinstance(item, FieldInfo) else [item])
    return items


def _as_typed(model: type[BaseModel], values: Mapping[str, object]) -> dict[str, list[Value]]:
    typed: dict[str, list[Value]] = {}
    for name, value in values.items():
        several = value if isinstance(value, _REPEATABLE) else [value]
        in_dollars = any(isinstance(item, _Dollars) for item in _metadata(model.model_fields[name]))
        typed[name] = [
            _typed(item, in_dollars=in_dollars) for item in several if item is not None and item is not False
        ]
    return typed


def _typed(value: object, *, in_dollars: bool) -> str:
    if in_dollars and isinstance(value, int):
        return f"{Decimal(value) / 100:.2f}"
    if value is True:
        return "yes"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)

from datetime import date
from enum import StrEnum
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, EmailStr, Field
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app.core.errors import Conflict, FieldError, NotFound, Unavailable
from app.core.permissions import Role
from app.db.models import User
from app.web.field_types import Line
from app.web.forms import DollarsAsCents, Form
from tests.web.gallery import create_gallery


class Mode(StrEnum):
    CAMPUS = "campus"
    ONLINE = "online"


class Course(BaseModel):
    name: str = Field(min_length=2, max_length=40)
    contact: EmailStr | None = None
    price_cents: DollarsAsCents = Field(ge=0, title="Tuition")
    deposit_cents: DollarsAsCents | None = None
    weeks: int = Field(default=52, ge=1, le=104)
    start: date | None = None
    mode: Mode = Mode.CAMPUS
    visible: bool = True
    days: list[str] = []
    code: Annotated[str, Field(max_length=8)] | None = None
    room: Annotated[Line, Field(max_length=8)] | None = None


GOOD: dict[str, str] = {"name": "Radiology", "price_cents": "$1,250.50"}


def typed(**values: Any) -> Form[Course]:
    form = Form(
        Course, {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    )
    form.check()
    return form


def test_what_was_typed_becomes_values() -> None:
    values = typed(
        **GOOD, contact="a@example.org", weeks="12", start="2026-11-22", mode="online", days=["mon", "tue"]
    ).values
    assert values == Course(
        name="Radiology", contact="a@example.org", price_cents=125050, weeks=12, start=date(2026, 11, 22),
        mode=Mode.ONLINE, visible=False, days=["mon", "tue"],
    )  # fmt: skip


def test_an_empty_field_is_a_missing_one_and_an_unticked_box_is_no() -> None:
    values = typed(**GOOD, contact="  ", deposit_cents="", code="", start="").values
    assert values is not None
    assert (values.contact, values.deposit_cents, values.code, values.start) == (None, None, None, None)
    assert values.visible is False
    assert typed(**GOOD, visible="yes").values.visible is True  # type: ignore[union-attr]
    assert typed(name="  ", price_cents="1").error("name") == "This field is required."


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "x", "Use at least 2 characters."),
        ("name", "x" * 41, "Use at most 40 characters."),
        ("contact", "not an address", "Enter an email address such as name@example.org."),
        ("price_cents", "twelve", "“twelve” is not a dollar amount. Enter an amount such as 12,000.00."),
        ("price_cents", "1.999", "Enter at most two decimal places."),
        ("price_cents", "-1", "Enter 0 or more."),
        ("weeks", "1.5", "Enter a whole number."),
        ("weeks", "9" * 5000, "Enter a whole number."),
        ("weeks", "105", "Enter 104 or less."),
        ("start", "11/31/2026", "Enter a date such as 2026-11-22."),
        ("mode", "moon", "Choose one of the options."),
        ("code", "x" * 9, "Use at most 8 characters."),
        ("room", "x" * 9, "Use at most 8 characters."),
        ("name", "a\x00b", "This contains a character that cannot be saved."),
    ],
)
def test_mistakes_are_named_in_plain_words_and_kept_in_the_field(
    field: str, value: str, message: str
) -> None:
    form = typed(**(GOOD | {field: value}))
    assert form.values is None
    assert form.error(field) == message
    assert form.text(field) == value


def test_the_list_of_errors_follows_the_fields() -> None:
    form = typed(weeks="x", name="")
    form.add_error("", "The term is closed.")
    assert [name for name, _ in form.messages] == ["", "name", "price_cents", "weeks"]
    assert [form.label(name) for name in ("name", "price_cents", "deposit_cents")] == [
        "Name",
        "Tuition",
        "Deposit",
    ]


def test_templates_learn_the_rules_of_a_field() -> None:
    form = Form.blank(Course, name="Sterilization")
    assert [form.required(name) for name in ("name", "price_cents", "weeks", "contact", "visible")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert (form.max_length("name"), form.max_length("code"), form.max_length("weeks")) == (40, 8, None)
    assert (form.text("name"), form.text("weeks"), form.text("mode"), form.text("visible")) == (
        "Sterilization",
        "52",
        "campus",
        "yes",
    )


@given(st.integers(min_value=0, max_value=2_000_000_000), st.booleans())
def test_a_record_shown_in_a_form_and_sent_back_is_the_same(cents: int, visible: bool) -> None:
    record = SimpleNamespace(
        name="Radiology", contact=None, price_cents=cents, deposit_cents=cents, weeks=3, start=date(2026, 1, 2),
        mode=Mode.ONLINE, visible=visible, days=["mon"], code=None, room=None,
    )  # fmt: skip
    form = Form.filled(Course, record)
    form.check()
    assert form.values is not None
    assert form.values.model_dump() == vars(record)


def page() -> Response:
    return PlainTextResponse("the form again")


def must_not_run(_: Course) -> Response:
    raise AssertionError("the action ran")


def test_wrong_input_shows_the_form_again_with_422(session: Session) -> None:
    response = typed(name="").submit(session, must_not_run, again=page)
    assert (response.status_code, response.body) == (422, b"the form again")


def test_a_good_form_does_its_act_once(session: Session) -> None:
    done: list[str] = []

    def act(values: Course) -> Response:
        done.append(values.name)
        return RedirectResponse("/there", 303)

    assert typed(**GOOD).submit(session, act, again=page).status_code == 303
    assert done == ["Radiology"]


INSERT = text("INSERT INTO programs (name) VALUES ('Half done')")
COUNT = text("SELECT count(*) FROM programs WHERE name = 'Half done'")


@pytest.mark.parametrize(
    ("problem", "field", "message"),
    [
        (Conflict("The term is closed."), "", "The term is closed."),
        (Conflict("No.", errors=[FieldError("weeks", "Too long.")]), "weeks", "Too long."),
        (Conflict("Not here.", errors=[FieldError("elsewhere", "x")]), "", "Not here."),
    ],
)
def test_a_refusal_undoes_what_the_act_wrote(
    session: Session, problem: Conflict, field: str, message: str
) -> None:
    def act(_: Course) -> Response:
        session.execute(INSERT)
        raise problem

    form = typed(**GOOD)
    assert form.submit(session, act, again=page).status_code == 409
    assert form.error(field) == message
    assert session.scalar(COUNT) == 0


def test_the_databases_refusal_is_shown_in_the_form(session: Session) -> None:
    def act(_: Course) -> Response:
        session.add(User(email="Upper@Example.org", hashed_password="x", full_name="A B", role=Role.STUDENT))
        session.flush()
        raise AssertionError("the constraint did not hold")

    form = typed(**GOOD)
    response = form.submit(session, act, again=page)
    assert response.status_code == 422
    assert form.error("") == "Email addresses are kept in lower case."
    assert session.scalar(text("SELECT 1")) == 1


@pytest.mark.parametrize("problem", [NotFound("There is no such program."), Unavailable("Later.")])
def test_what_no_typing_can_mend_is_an_error_page(session: Session, problem: Exception) -> None:
    def act(_: Course) -> Response:
        raise problem

    with pytest.raises(type(problem)):
        typed(**GOOD).submit(session, act, again=page)


@pytest.fixture(scope="module")
def gallery() -> TestClient:
    return TestClient(create_gallery())


def test_a_form_over_the_wire(gallery: TestClient) -> None:
    answer = gallery.post("/gallery", data={"full_name": "<b>Mia</b>", "weeks": "x", "password": "hunter2"})
    assert answer.status_code == 422
    assert "&lt;b&gt;Mia&lt;/b&gt;" in answer.text
    assert "<b>Mia" not in answer.text
    assert "hunter2" not in answer.text
    assert "Enter a whole number." in answer.text


def test_an_empty_file_field_is_no_file_and_a_file_arrives(gallery: TestClient) -> None:
    good = {
        "full_name": "Mia Moe", "email": "m@example.org", "password": "correct horse battery", "cost_cents": "1",
        "weeks": "1", "start": "2026-01-01", "role": "student", "mode": "campus",
    }  # fmt: skip
    assert gallery.post("/gallery", data=good, files={"package": ("", b"")}).status_code == 200
    assert gallery.post("/gallery", data=good, files={"package": ("a.zip", b"PK")}).status_code == 200
    assert gallery.post("/gallery", data=good | {"package": "text, not a file"}).status_code == 422


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "application/json"}, b"{}", 415),
        ({}, b"", 415),
        ({"content-type": "multipart/form-data"}, b"x", 400),
        ({"content-type": "multipart/form-data; boundary=x"}, b"not multipart", 400),
        ({"content-type": "application/x-www-form-urlencoded"}, b"%ff%00=%zz&&=", 422),
    ],
)
def test_what_is_no_form_is_refused_without_an_error_of_ours(
    gallery: TestClient, headers: dict[str, str], content: bytes, status: int
) -> None:
    assert gallery.post("/gallery", headers=headers, content=content).status_code == status

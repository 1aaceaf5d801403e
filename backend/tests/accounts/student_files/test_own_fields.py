"""Fields of the school's own: typed, defined by administrators, filled by the office."""

import pytest
from sqlalchemy.orm import Session

from app.accounts.own_fields import service, values
from app.accounts.own_fields.service import FieldForm, FieldType
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import User
from tests.accounts.student_files.conftest import SignedIn, entries
from tests.factories.school import School

SHIRT = FieldForm(name="Shirt size", type=FieldType.CHOICE, choices="S\nM\nL\n\nM")


def test_a_field_from_its_definition_to_the_students_page(
    session: Session, school: School, maria: User, registrar: Subject, signed_in: SignedIn
) -> None:
    admin = signed_in(school.admin())
    typed = {"name": "Shirt size", "type": "choice", "choices": "S\nM\nL"}
    assert admin.post("/school/student-fields/new", data=typed).status_code == 303
    assert admin.post("/school/student-fields/new", data=typed).status_code == 409
    [field] = service.list_fields(session, SYSTEM)
    office = signed_in(school.with_duty(Duty.REGISTRAR))
    path = f"/people/{maria.id}/fields/{field.id}/edit"
    assert office.post(path, data={"value": "XXL"}).status_code == 422
    assert office.post(path, data={"value": "m"}).status_code == 303
    assert [one.value for one in service.fields_of(session, registrar, maria.id)] == ["M"]
    assert "Shirt size" in signed_in(maria).get("/account/file").text
    assert office.post(path, data={"value": ""}).status_code == 303
    assert entries(session, "student_file.changed")[-1].details[f"field_{field.id}"] == ["M", None]


def test_the_type_and_a_choice_in_use_stay(session: Session) -> None:
    field = service.save_field(session, SYSTEM, SHIRT)
    assert field.choices == ["S", "M", "L"]
    with pytest.raises(Invalid, match="type"):
        service.save_field(session, SYSTEM, FieldForm(name="Shirt size", type=FieldType.TEXT), field.id)
    with pytest.raises(Invalid, match="Keep the choice"):
        service.save_field(session, SYSTEM, SHIRT.model_copy(update={"choices": "S\nM"}), field.id)
    with pytest.raises(Invalid, match="one per line"):
        service.save_field(session, SYSTEM, FieldForm(name="Empty", type=FieldType.CHOICE))


def test_an_archived_field_keeps_what_was_entered(session: Session, maria: User, registrar: Subject) -> None:
    field = service.save_field(session, SYSTEM, SHIRT)
    service.save_value(session, registrar, maria.id, field.id, "L")
    service.archive_field(session, SYSTEM, field.id)
    assert service.fields_of(session, registrar, maria.id) == []
    with pytest.raises(NotFound):
        service.save_value(session, registrar, maria.id, field.id, "S")
    service.restore_field(session, SYSTEM, field.id)
    assert [one.value for one in service.fields_of(session, registrar, maria.id)] == ["L"]


def test_only_administrators_define_and_students_fill_nothing(
    session: Session, maria: User, registrar: Subject, me: Subject
) -> None:
    with pytest.raises(Forbidden):
        service.save_field(session, registrar, SHIRT)
    field = service.save_field(session, SYSTEM, SHIRT)
    with pytest.raises(Forbidden):
        service.save_value(session, me, maria.id, field.id, "L")


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (FieldType.TEXT, "  a   b ", "a b"),
        (FieldType.NUMBER, "1,250.50", "1250.50"),
        (FieldType.DATE, "11/25/2001", "2001-11-25"),
        (FieldType.DATE, "1998-02-01", "1998-02-01"),
        (FieldType.YES_NO, "Yes", "yes"),
        (FieldType.CHOICE, "green", "Green"),
    ],
)
def test_values_as_their_types_are_kept(kind: FieldType, typed: str, kept: str) -> None:
    assert values.read(kind, ["Red", "Green"], typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (FieldType.TEXT, "x" * 501),
        (FieldType.TEXT, "\u202eevil"),
        (FieldType.NUMBER, "1e9"),
        (FieldType.NUMBER, "NaN"),
        (FieldType.NUMBER, "12 or 13"),
        (FieldType.DATE, "2026-02-30"),
        (FieldType.DATE, "tomorrow"),
        (FieldType.YES_NO, "perhaps"),
        (FieldType.CHOICE, "Blue"),
    ],
)
def test_values_of_another_type_are_refused(kind: FieldType, typed: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        values.read(kind, ["Red", "Green"], typed)

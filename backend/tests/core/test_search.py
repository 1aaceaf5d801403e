"""What somebody types finds the person, with or without accents and whatever the apostrophe."""

import pytest
from sqlalchemy import func, literal, select, true
from sqlalchemy.orm import Session

from app.accounts.people import queries
from app.core.permissions import Role
from app.core.search import matches
from app.db.models import User
from app.web.paging import Paging
from tests.factories.school import School

FOUND = [
    ("Nunez", "Núñez"),
    ("NÚÑEZ", "nunez"),
    ("nun\u0303ez", "Nuñez"),  # the accent as a character of its own
    ("Munoz", "Muñoz"),
    ("O'Hara", "O’Hara"),
    ("O’Hara", "O'Hara"),
    ("ohara", "Oʼhara"),
    ("O`Hara", "O´Hara"),
    ("Strasse", "Straße"),
    ("Soren Lodz", "Søren Łódź"),
    ("Lopez-Diaz", "López‑Díaz"),  # a hyphen that does not break
    ("ÇELIK", "Çelik"),
    ("100%", "100% present"),
    ("a_b", "a_b"),
    ("\\", "back\\slash"),
    ("Ελλάδα", "ΕΛΛΆΔΑ"),
]


def found(session: Session, words: str, text: str) -> bool:
    return bool(session.scalar(select(literal(1)).where(*matches(words, literal(text)))))


@pytest.mark.parametrize(("words", "text"), FOUND)
def test_both_sides_are_folded(session: Session, words: str, text: str) -> None:
    assert found(session, words, text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Nunes", "Núñez"),
        ("a_b", "axb"),
        ("1%0", "100"),
        ("％", "anything"),
        ("＼", "anything"),
        ("\\%", "a%"),
    ],
)
def test_what_is_not_there_is_not_found(session: Session, words: str, text: str) -> None:
    assert not found(session, words, text)


def test_each_word_stands_in_one_of_the_columns(session: Session) -> None:
    columns = (literal("Ana Núñez"), literal("ana@example.org"))
    assert session.scalar(select(literal(1)).where(*matches("nunez example", *columns)))
    assert not session.scalar(select(literal(1)).where(*matches("nunez missing", *columns)))
    assert matches("  ", *columns) == []


@pytest.mark.parametrize("words", ["nunez", "Núñez", "ohara", "O'Hara", "O’Hara"])
def test_people_are_found_however_they_are_typed(session: Session, school: School, words: str) -> None:
    school.student(full_name="Ana Núñez O’Hara")
    school.student(full_name="Somebody Else")
    people = queries.people(session, Paging(q=words), [Role.STUDENT], true(), deleted=False)
    assert [user.full_name for user in people.page().items] == ["Ana Núñez O’Hara"]


def test_the_search_of_people_can_use_its_indexes(session: Session, school: School) -> None:
    for _ in range(3):
        school.student()
    session.execute(func.set_config("enable_seqscan", "off", True).select())
    statement = select(User.id).where(*matches("nunez", User.full_name, User.email))
    text = str(statement.compile(session.connection(), compile_kwargs={"literal_binds": True}))
    plan = "\n".join(session.connection().exec_driver_sql(f"EXPLAIN {text}").scalars())
    assert "idx_users_full_name_search" in plan
    assert "idx_users_email_search" in plan

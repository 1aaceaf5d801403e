"""What somebody types finds the person, with or without accents and whatever the apostrophe."""

import pytest
from sqlalchemy import func, literal, select, true
from sqlalchemy.orm import Session

from app.accounts.people import queries
from app.core import search
from app.core.permissions import Role
from app.core.search import about_people, matches
from app.db.models import Enrollment, Program, User
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
    statement = select(User.id).where(*matches("nunez", User.search_text))
    text = str(statement.compile(session.connection(), compile_kwargs={"literal_binds": True}))
    plan = "\n".join(session.connection().exec_driver_sql(f"EXPLAIN {text}").scalars())
    assert "idx_users_search_text" in plan


def test_a_word_may_mean_a_person_or_something_else(session: Session, school: School) -> None:
    """Each word stands in the student's name or address or in the program's name, as over the join."""
    dental, rays = school.program(name="Dental Assistant"), school.program(name="Radiography")
    for name, program in (
        ("Maria López", dental),
        ("Maria Lopez", rays),
        ("Ray Dental", rays),
        ("Mario Ruiz", dental),
    ):
        school.enrollment(school.student(full_name=name), program)
    by_program = {
        Enrollment.program_id: lambda word: select(Program.id).where(*matches(word, Program.name)),
    }

    def found_by(words: str) -> list[str]:
        conditions = about_people(session, words, Enrollment.user_id, by_program)
        joined = (
            select(User.full_name).join(Enrollment, Enrollment.user_id == User.id).join(Enrollment.program)
        )
        names = sorted(session.scalars(joined.where(*conditions)))
        assert names == sorted(
            session.scalars(joined.where(*matches(words, User.full_name, User.email, Program.name)))
        )
        return names

    assert found_by("lopez") == ["Maria Lopez", "Maria López"]
    assert found_by("maria lopez dental") == ["Maria López"]
    assert found_by("dental") == ["Maria López", "Mario Ruiz", "Ray Dental"]
    assert found_by("nobody") == found_by("maria nobody") == []
    assert len(found_by("mari")) == 3
    assert len(found_by("")) == 4


def test_more_people_than_are_looked_up_are_searched_for_in_the_list(
    session: Session, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MOST_NAMED", 2)
    for name in ("Ann One", "Ann Two", "Ann Three", "Bo One"):
        school.enrollment(school.student(full_name=name))
    conditions = about_people(session, "ann one", Enrollment.user_id, {})
    joined = select(User.full_name).join(Enrollment, Enrollment.user_id == User.id)
    assert session.scalars(joined.where(*conditions)).all() == ["Ann One"]

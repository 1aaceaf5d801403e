"""The search box: students, programs, one's own lessons."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.core.permissions import Duty
from app.core.search import words_left_open
from app.db.models import (
    LedgerTransaction,
    User,
)
from app.web import search
from app.web.listing import unread
from tests.desks.conftest import SignedIn, a_program, enroll
from tests.factories.school import School, subject_of
from tests.factories.transcripts import transcribed
from tests.queries import counted


def test_search_finds_students_and_programs(school: School, student: User, admin: TestClient) -> None:
    a_program(school)
    by_name = admin.get("/search?q=lopez").text
    assert f'href="/people/{student.id}"' in by_name
    assert f'href="/people/{student.id}"' in admin.get("/search?q=MARIA@example").text
    assert 'href="/programs/' in admin.get("/search?q=dental assist").text
    ana = school.student(full_name="Ana Núñez O’Hara")
    for words in ("nunez", "nunez o'hara", "OHara"):
        assert f'href="/people/{ana.id}"' in admin.get(f"/search?q={words}").text
    assert "Nothing matches" in admin.get("/search?q=zzzz").text
    assert "Nothing matches" in admin.get("/search?q=%25").text
    assert admin.get("/search?q=").headers["location"] == "/search"
    assert admin.get("/search").status_code == 200


def test_a_student_searches_their_own_lessons_alone(
    school: School, student: User, signed_in: SignedIn
) -> None:
    program_id, lessons = a_program(school)
    enroll(school, student, program_id)
    school.lesson(school.module(school.program()), title="Lesson 0.0 of others")
    school.student(full_name="Lesson Person")
    page = signed_in(student).get("/search?q=lesson 0.0").text
    assert f'href="/learn/lessons/{lessons[0]}"' in page
    assert "of others" not in page
    assert "Lesson Person" not in signed_in(student).get("/search?q=lesson").text


@pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 201, "page=0", "page=x"])
def test_search_words_that_cannot_be_are_422(admin: TestClient, query: str) -> None:
    assert admin.get(f"/search?{query}").status_code == 422


def test_search_shows_markup_as_text(admin: TestClient) -> None:
    page = admin.get("/search", params={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert(1)" not in page


def test_each_kind_says_beforehand_whether_it_has_anything(
    school: School, session: Session, connection: Connection
) -> None:
    """What is kept for the first search finds what was written after it, as each kind's own statement does."""
    subject = replace(subject_of(school.admin()), duties=frozenset(Duty))
    today = date(2026, 11, 26)

    def both(words: str) -> tuple[list[str], list[str]]:
        quick = search.search(session, subject, words, today=today, revision=1)
        return [one.heading for one in quick], [one.heading for one in search.search(session, subject, words)]

    assert both("quixote dental") == ([], [])
    student = school.student(full_name="Don Quixote")
    program = school.program(name="Dental Windmills")
    enrollment = school.enrollment(student, program)
    school.lesson(school.module(program))
    school.school_class(code="QUIXOTE", name="Dental", students=[enrollment])
    session.flush()
    quick, slow = both("quixote")
    assert quick == slow
    assert {"Students", "Classes"} <= set(quick)
    for words in ("dental", "quixote dental", "%", "o'hara", "zzz"):
        quick, slow = both(words)
        assert quick == slow, words
    with counted(connection) as statements:
        search.search(session, subject, "zzz", today=today, revision=1)
    # The kinds that keep no statement, the ledger and transcripts among them, are asked each time.
    assert len(statements) <= 4, statements


def test_a_search_that_is_kept_is_of_one_person(school: School, session: Session) -> None:
    school.student(full_name="Don Quixote")
    today = date(2026, 11, 26)
    for subject, found in ((school.admin(), ["Students"]), (school.instructor(), [])):
        hits = search.search(session, subject_of(subject), "quixote", today=today, revision=1)
        assert [one.heading for one in hits] == found


def test_statements_that_are_kept_hold_no_word(
    school: School, session: Session, connection: Connection
) -> None:
    """A list that says it is `listed` has one statement for any words of that number, whatever they look like."""
    subject = replace(subject_of(school.admin()), duties=frozenset(Duty))

    def built(kind: search._Kind, words: str) -> list[tuple[str, dict[str, Any]]]:
        with unread() as lists, words_left_open():
            kind.find(session, subject, words)
        return [
            (compiled.string, dict(compiled.params))
            for one in lists
            for compiled in [select(one.any()).compile(dialect=connection.dialect)]
        ]

    for kind in search._kinds.values():
        if not kind.listed:
            continue
        words = ("quixote windmills", "4711 0815", "2026-11-26 a@b.edu")
        kept, *others = [built(kind, one) for one in words]
        assert all(one == kept for one in others), f"{kind.name} is to be registered with listed=False"
        for _text, values in kept:
            assert {"search_word_0", "search_word_1"} <= values.keys(), kind.name


def test_a_number_and_a_memo_are_found_after_other_words(school: School, session: Session) -> None:
    student = school.student(full_name="Don Quixote")
    subject = replace(subject_of(school.admin()), duties=frozenset(Duty))
    today = date(2026, 11, 26)

    def hits(words: str) -> dict[str, list[str]]:
        found = search.search(session, subject, words, today=today, revision=1)
        return {one.heading: [hit.title for hit in one.hits] for one in found}

    assert hits("elsewhere") == {}
    assert hits("17") == {}
    booked = LedgerTransaction(
        booked_on=today, kind="charge", student_id=student.id, memo="Sanchos donkey", request=uuid4(), fingerprint="a"
    )  # fmt: skip
    session.add(booked)
    session.flush()
    assert hits("donkey")["Ledger"] == [f"Transaction {booked.id}"]
    transcribed(session, school.enrollment(student, school.program()), 4711)
    assert hits("TR-2026-004711")["Transcripts"] == ["TR-2026-004711"]
    assert hits(str(booked.id))["Ledger"] == [f"Transaction {booked.id}"]

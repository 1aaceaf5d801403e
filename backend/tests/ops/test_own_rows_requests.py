"""Which requests read as the student: what a student asks for, until the transaction ends, and the known ways out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.core import own_rows
from app.core.permissions import Role
from app.db.models import User
from app.db.session import Database
from app.web.request import BriefSubject, CurrentSubject, DatabaseDep, Db
from tests.factories.accounts import UserFactory

APP = Path(__file__).resolve().parents[2] / "app"

BEYOND = {
    "accounts/access/service.py": 1,  # failed sign-ins, by the hash of the address
    "compliance/privacy/disclosures.py": 1,  # which systems receive records
    "compliance/transcripts/signed_record.py": 1,  # the school's key
    "core/history.py": 3,  # what is written whoever reads
    "finance/agreements/service.py": 1,  # when the student first opened it, kept once
    "finance/ledger/balances/service.py": 1,  # billings of others that a payer’s money pays first
    "finance/ledger/plans/queries.py": 1,  # the same, of the installments of one’s own plan
}
"""Where a student's request leaves the student's rows, and how often."""


def test_the_ways_out_are_those_that_are_known() -> None:
    found = {
        str(path.relative_to(APP)): count
        for path in sorted(APP.rglob("*.py"))
        if (count := path.read_text(encoding="utf-8").count("own_rows.beyond("))
    }
    assert found == BEYOND


def test_it_lasts_until_the_transaction_ends_and_changes_nothing(live_database: Database) -> None:
    role, number = text("SELECT current_user"), text("SELECT current_student_id()")
    with live_database.begin() as session:
        session.execute(
            text("INSERT INTO users (id, email, hashed_password, full_name, role) VALUES "
                 "(1, 'a@aada.edu', '!', 'Ada', 'student'), (2, 'b@aada.edu', '!', 'Bo', 'student'),"
                 " (3, 'c@aada.edu', '!', 'Cy', 'instructor')")
        )  # fmt: skip
    for change in (
        "INSERT INTO programs (name) VALUES ('Mine')",
        "UPDATE users SET full_name = 'Eve' WHERE id = 1",
    ):
        with live_database.sessions() as session:
            own_rows.limit_to(session, 1)
            with pytest.raises(ProgrammingError, match="permission denied"):
                session.execute(text(change))
    with live_database.begin() as session:
        own_rows.limit_to(session, 1)
        assert session.scalars(select(User.id).order_by(User.id)).all() == [1, 3], (
            "a teacher's name is no secret"
        )
        with own_rows.beyond(session, "a test"):
            assert session.scalar(role) == "aada_app"
            assert session.scalar(select(func.count()).select_from(User)) == 3
        assert (session.scalar(role), session.scalar(number)) == ("aada_student", 1)
        for _ in range(2):
            with pytest.raises(ValueError, match="caught"), own_rows.beyond(session, "a test"):
                raise ValueError("caught")
            assert (session.scalar(role), session.scalar(number)) == ("aada_student", 1)
    with live_database.begin() as session:
        assert (session.scalar(role), session.scalar(number)) == ("aada_app", None)
        session.execute(text("SET LOCAL ROLE aada_student"))
        assert session.scalars(select(User.id)).all() == [3], "nobody's, until it was said whose"


@pytest.mark.parametrize(
    ("role", "method", "limited"),
    [("student", "GET", True), ("student", "POST", False), ("admin", "GET", False)],
)
def test_what_a_student_asks_for_is_read_as_the_student(
    app: FastAPI,
    session: Session,
    signed_in: Callable[[User], TestClient],
    role: str,
    method: str,
    limited: bool,
) -> None:
    seen: list[str] = []

    def look(db: Db, _subject: CurrentSubject) -> None:
        seen.append(str(db.scalar(text("SELECT current_user"))))

    app.state.settings = app.state.settings.model_copy(update={"student_role": True})

    def look_apart(database: DatabaseDep, _subject: BriefSubject) -> None:
        for begin in (database.begin, database.snapshot):
            with begin() as db:
                seen.append(str(db.scalar(text("SELECT current_user"))))
        assert database.direct is app.state.database.direct

    app.add_api_route("/looked", look, methods=[method])
    app.add_api_route("/looked/apart", look_apart, methods=[method])
    user = UserFactory(session=session, role=Role(role))
    session.commit()
    client = signed_in(user)
    answer = client.request(method, "/looked", headers={"Origin": str(client.base_url)})
    assert answer.status_code < 400, answer.text
    answer = client.request(method, "/looked/apart", headers={"Origin": str(client.base_url)})
    assert answer.status_code < 400, answer.text
    assert seen == ["aada_student" if limited else "aada_app"] * 3
    assert session.scalar(text("SELECT current_user")) == "aada_app"

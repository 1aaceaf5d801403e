"""The product's own events: stored with the fact they tell, or not at all."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.db.models import User, XapiStatement
from app.db.session import Database
from app.lrs import service, vocabulary
from app.lrs.engine.statements import validate
from app.lrs.engine.versions import Version
from app.lrs.service import About
from tests.factories.accounts import UserFactory

ORIGIN = "http://school.example"
LESSON = About("/lessons/7", "Radiography 1", vocabulary.LESSON)


def someone(session: Session) -> User:
    user: User = UserFactory.build()
    session.add(user)
    session.flush()
    return user


def tell(session: Session, user: User, **changes: Any) -> Any:
    options: dict[str, Any] = {
        "user_id": user.id,
        "full_name": user.full_name,
        "verb": vocabulary.COMPLETED,
        "about": LESSON,
        "parents": [About("/modules/2", "Radiography", vocabulary.MODULE)],
        "result": {"completion": True, "score": {"scaled": 0.9}},
    }
    return service.record_event(session, ORIGIN, **{**options, **changes})


def test_it_is_stored_with_the_commit_of_the_fact(live_database: Database) -> None:
    moment = datetime(2026, 11, 22, 10, tzinfo=UTC)
    with live_database.begin() as session:
        user = someone(session)
        name = tell(session, user, happened_at=moment, registration=uuid4())
        assert session.scalar(select(XapiStatement).where(XapiStatement.statement_id == name)) is None
    with live_database.begin() as session:
        row = session.scalars(select(XapiStatement).where(XapiStatement.statement_id == name)).one()
        assert (row.user_id, row.verb, row.object_id) == (
            user.id,
            vocabulary.COMPLETED.iri,
            f"{ORIGIN}/lessons/7",
        )
        assert (row.timestamp, row.result) == (moment, {"completion": True, "score": {"scaled": 0.9}})
        validate.statement(row.payload, "$", Version.TWO)
        links = session.execute(
            text("SELECT count(*) FROM xapi_statement_actors WHERE statement_id = :id"), {"id": row.id}
        )
        assert links.scalar_one() == 2


def test_what_is_rolled_back_is_never_told(live_database: Database) -> None:
    with pytest.raises(RuntimeError), live_database.begin() as session:  # noqa: PT012
        lost = tell(session, someone(session))
        raise RuntimeError
    with live_database.begin() as session:
        user = someone(session)
        kept = tell(session, user)
        undone = None
        with pytest.raises(RuntimeError), session.begin_nested():  # noqa: PT012
            undone = tell(session, user)
            raise RuntimeError
        with session.begin_nested():
            inner = tell(session, user)
    with live_database.begin() as session:
        told = set(session.scalars(select(XapiStatement.statement_id)))
    assert told == {kept, inner}
    assert not {lost, undone} & told


def test_a_savepoint_that_ended_well_inside_one_that_did_not_is_undone(live_database: Database) -> None:
    with live_database.begin() as session:
        user = someone(session)
        with pytest.raises(RuntimeError), session.begin_nested():  # noqa: PT012
            with session.begin_nested():
                tell(session, user)
            raise RuntimeError
    with live_database.begin() as session:
        assert session.scalars(select(XapiStatement)).all() == []


def test_what_is_no_statement_is_the_callers_fault(session: Session) -> None:
    with pytest.raises(ValueError, match=r"\$\.result"):
        tell(session, someone(session), result={"passed": True})


def test_verbs_in_words() -> None:
    assert vocabulary.in_words(vocabulary.INITIALIZED.iri) == "started"
    assert vocabulary.in_words("urn:x:verbs/chewed", {"de": "kaute", "en-GB": "chewed"}) == "chewed"
    assert vocabulary.in_words("https://v.example/verbs/chewed/") == "chewed"

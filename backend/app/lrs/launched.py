"""What a launch's content says, stored in the transaction of what follows from it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.core.installation import installation
from app.core.permissions import internal
from app.lrs.engine import jsonio, values
from app.lrs.engine.documents import service as documents
from app.lrs.engine.documents.service import Conditions, Key
from app.lrs.engine.http import Call
from app.lrs.engine.operations import run_sync
from app.lrs.engine.scopes import LAUNCH_SCOPES
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.storage import Submission, store_statements
from app.lrs.host.connection import driver
from app.lrs.host.service import directory_of


@internal("a step of a launch's request, which its token allows")
def store_launched(session: Session, submission: Submission) -> None:
    """Store what a request submitted, in the session's transaction. Raises `Refusal` for a conflict."""
    home_page = installation(session).home_page
    stored = run_sync(driver(session), store_statements([submission], directory_of(home_page)))
    if stored.refusals[0] is not None:
        raise stored.refusals[0]


@internal("a step of opening a lesson")
def put_state(
    session: Session, *, activity: str, agent: Mapping[str, Any], registration: str, name: str, value: object
) -> None:
    """Write a State document, in the session's transaction."""
    key = Key("state", identity(dict(agent)), activity, registration, name, dict(agent))
    content = jsonio.dumps(value)
    directory = directory_of(installation(session).home_page)
    put = documents.replace(key, content, "application/json", Conditions(overwrite=True), directory)
    run_sync(driver(session), put)


@internal("the request has been let in for a launch")
def may_write(call: Call) -> None:
    """Let a request through a gate write statements, which its key alone may not."""
    call.access = replace(call.access, scopes=frozenset(LAUNCH_SCOPES))


@internal("reads what the request brought")
def statements_of(submission: Submission) -> list[dict[str, Any]]:
    """The statements of a submission as they were sent: without the ids that the store has given them."""
    sent = [dict(one.statement) for one in submission.statements]
    for statement, one in zip(sent, submission.statements, strict=True):
        if not one.given:
            statement.pop("id", None)
    return sent


@internal("reads what the request brought")
def seconds_of(duration: str) -> float | None:
    """The length of an ISO 8601 duration in seconds; None when it is none."""
    return values.duration_seconds(duration)

"""The LRS as the content of one launch reaches it: its statements are judged, stored, followed in one transaction."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.content import queries
from app.content.launches import queries as launch_queries
from app.content.launches import sessions, tokens
from app.content.launches.commits import Before, credit, record_news, settle
from app.content.packages.versions import find_version
from app.content.runtimes import runtime_of
from app.content.runtimes.protocol import Statements
from app.core import clock
from app.core.errors import Conflict, Problem
from app.core.tokens import hash_token
from app.db.models import Enrollment, Launch
from app.db.session import Database
from app.enrollment import service as enrollment
from app.lrs import service as record_store
from app.lrs.service import Call, Refusal, Submission
from app.rules import scorm12

__internal__ = "the launch's own token says whose work it is"


def access(session: Session, token: str, app_origin: str) -> dict[str, str]:
    """The answer to an AU's one request for its authorization (cmi5 8.2): `auth-token`, or `error-code`."""
    record = sessions.find_launch(session, token)
    if record is None:
        return {"error-code": "2", "error-text": "There is no such lesson session."}
    launch_queries.lock_launch(session, record)
    if _has_ended(record) or not record.session_state:
        return {"error-code": "2", "error-text": "This lesson session has ended."}
    if record.credential_id is not None:
        return {"error-code": "1", "error-text": "The authorization was already given out."}
    made = record_store.launch_token(
        session,
        app_origin,
        user_id=record.user_id,
        agent=record.session_state["actor"],
        activity=record.session_state["activity"],
        registration=record.session_state["registration"],
        scopes=record_store.GATED_SCOPES,
    )
    record.credential_id = made.api_key.id
    return {"auth-token": record_store.basic(made.api_key.key, made.secret)}


def _has_ended(record: Launch) -> bool:
    """One that a later launch took over from has ended too, whether its content had begun to speak or not."""
    return sessions.is_over(record, clock.now()) or record.state == "replaced"


class LaunchGate:
    """Stands before the LRS for one launch (`lrs.engine.http.Gate`)."""

    def __init__(self, database: Database, token: str) -> None:
        self._database = database
        self._token_hash = hash_token(token)

    async def admit(self, call: Call) -> None:
        """Let in what the launch's own key asks for while its session is open, and its standard allows."""
        statements, state = await asyncio.to_thread(self._require_open, call.access.key_id)
        record_store.may_write(call)
        noted = await statements.admit(call, state)
        if noted:
            await asyncio.to_thread(self._note, noted)

    def keep(self, submission: Submission) -> None:
        """Judge, store and follow what the content says, in one transaction."""
        try:
            with self._database.begin() as session:
                _keep(session, self._token_hash, submission)
        except Problem as problem:
            raise Refusal(problem.detail, status=403 if problem.status < 500 else 503) from None

    def _require_open(self, key_id: int) -> tuple[Statements, Mapping[str, Any]]:
        with self._database.begin() as session:
            record = launch_queries.launch_by_token(session, self._token_hash)
            if record is None or record.credential_id != key_id:
                raise Refusal("This key belongs to another lesson session.", status=403)
            statements = _statements_of(find_version(session, record.package_id).standard)
            if _has_ended(record) or statements.has_ended(record):
                raise Refusal("This lesson session has ended.", status=403)
            sessions.note_use(session, record)
            return statements, record.session_state

    def _note(self, noted: Mapping[str, object]) -> None:
        """Keep what a request says of the session, once."""
        with self._database.begin() as session:
            record = launch_queries.launch_by_token(session, self._token_hash)
            if record is not None and not noted.items() <= record.session_state.items():
                launch_queries.lock_launch(session, record)
                record.session_state = {**record.session_state, **noted}


def _statements_of(standard: str) -> Statements:
    statements = runtime_of(standard).statements
    if statements is None:
        raise Refusal("This lesson reports to the player, not to the LRS.", status=403)
    return statements


def _keep(session: Session, token_hash: str, submission: Submission) -> None:
    record = launch_queries.launch_by_token(session, token_hash)
    if record is None:
        raise Refusal("There is no such lesson session.", status=403)
    # Always the enrollment first: opening a lesson and saving one take their locks in the same order.
    held = None if record.preview else _held(session, record)
    launch_queries.lock_launch(session, record)
    now = clock.now()
    if _has_ended(record):
        raise Refusal("This lesson session has ended.", status=403)
    version = find_version(session, record.package_id)
    item = version.manifest.item(record.sco_id)
    heard_by = _statements_of(version.standard)
    if item is None:
        raise Refusal("The lesson has no such part.", status=403)
    attempt = None if held is None else queries.attempt_of_launch(session, record, lock=True)
    statements = record_store.statements_of(submission)
    # One that is sent again, because its answer was lost, says nothing new.
    known = record_store.stored_of(session, [UUID(one.statement_id) for one in submission.statements])
    stored = {str(name) for name in known}
    # An AU may write its id in capitals; one without an id is left to the judgment of its standard.
    fresh = [one for one in statements if "id" not in one or str(UUID(one["id"])) not in stored]
    before = Before.of(attempt, record)
    heard = heard_by.take(record, item, attempt, fresh)
    record.last_seen_at = now
    record.last_seq += len(fresh)
    said: list[dict[str, Any]] = []
    if held is not None and attempt is not None:
        credit(session, record, attempt, heard.seconds, now)
        attempt.updated_at = now
        ending = "terminated" if heard.ended and not record.end_recorded else None
        if heard.ended:
            record.end_recorded, record.state = True, "closed"
            tokens.end(session, record)
        session.flush()
        record_news(session, record, attempt, item, before, now, ending=ending)
        settle(session, record, held, version, attempt, before, now, changed=bool(fresh))
        if attempt.cmi_core_lesson_status in scorm12.DONE and before.status not in scorm12.DONE:
            said = heard_by.follow_up(session, version, record, item, now)
    session.flush()
    if not heard.kept:
        return
    # Storing takes the LRS's turn until the transaction ends, so it comes last.
    record_store.store_launched(session, submission)
    record_store.store_own(session, said)


def _held(session: Session, record: Launch) -> Enrollment:
    try:
        return enrollment.hold_for_study(session, record.enrollment_id or 0)
    except Conflict as ended:
        raise Refusal(ended.detail, status=403) from ended

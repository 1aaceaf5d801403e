"""What of learning records is in a student's whole file."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import student_records as records
from app.core.permissions import Actor
from app.core.student_records import Part
from app.db.models import XapiActor, XapiDocument
from app.lrs.desk.browser import queries
from app.lrs.engine.statements.filters import Filter

_CHUNK = 500


def _statements(session: Session, student_id: int, _reader: Actor) -> Iterator[Mapping[str, Any]]:
    """Every statement whose actor or object the student is, the oldest first."""
    agents = queries.identities_of_users(session, [student_id]).get(student_id, [])
    query = Filter(ascending=True)
    while agents and (found := queries.page(session, query, agents, _CHUNK, whole=False)):
        for one in found:
            yield orjson.loads(one.payload)
        query = replace(query, after=found[-1].key)


records.register(
    Part("learning/xapi_statements", "Learning records (xAPI statements)", ("xapi_statements",), _statements)
)
records.export(XapiActor, "learning", "Identifiers in learning records", records.owned(XapiActor.user_id))
records.export(
    XapiDocument,
    "learning",
    "What lessons keep about the student",
    lambda student: XapiDocument.actor_id.in_(select(XapiActor.id).where(XapiActor.user_id == student)),
)
records.leave_out(
    "Keys of systems and of lesson sessions: secrets, and nothing else about the student.", "xapi_credentials"
)
records.leave_out("Files of statements that the staff imported; the statements are in.", "xapi_imports")

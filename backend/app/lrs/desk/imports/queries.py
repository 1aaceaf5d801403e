"""SQL on imports."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from app.core.search import matches
from app.db.models import User, XapiImport
from app.db.session import Database
from app.web.listing import Listing
from app.web.paging import Paging

OPEN = ("waiting", "running")
"""States of an import that has not ended."""
_LOCKS = 0x41414449

SORTABLE = {
    "file": func.lower(XapiImport.file_name),
    "state": XapiImport.status,
    "new": XapiImport.stored,
    "known": XapiImport.known,
    "refused": XapiImport.refused,
    "sent": XapiImport.created_at,
}


def imports(session: Session, paging: Paging) -> Listing[Row[Any]]:
    """Imports whose file's name holds every word searched for, each with its sender's name."""
    statement = select(XapiImport, User.full_name.label("sender")).outerjoin(
        User, User.id == XapiImport.created_by
    )
    statement = statement.where(*matches(paging.q, XapiImport.file_name))
    order = paging.order(SORTABLE, "-sent")
    return Listing(session, statement.order_by(order, XapiImport.id.desc()), paging)


def one(session: Session, import_id: int, *, lock: bool = False) -> XapiImport | None:
    """The import, locked against changes if asked."""
    statement = select(XapiImport).where(XapiImport.id == import_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalar(statement)


def left_open(session: Session, before: datetime) -> Sequence[XapiImport]:
    """Imports of before this moment that have not ended and for which no job waits."""
    waits = text(
        "NOT EXISTS (SELECT FROM procrastinate_jobs WHERE task_name = 'lrs.import' AND status = 'todo'"
        " AND (args->>'import_id')::bigint = xapi_imports.id)"
    )
    return session.scalars(
        select(XapiImport)
        .where(XapiImport.status.in_(OPEN), XapiImport.created_at < before, waits)
        .order_by(XapiImport.id)
    ).all()


# Whoever takes an import in holds a lock that the server lets go when the process or its connection ends.


@contextmanager
def held(database: Database, import_id: int) -> Iterator[bool]:
    """Take an import in alone: False when somebody else is at it already."""
    with database.direct.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            yield bool(connection.scalar(select(func.pg_try_advisory_lock(_LOCKS, import_id))))
        finally:
            # The lock goes with the connection, also when that has broken meanwhile.
            connection.invalidate()


def is_abandoned(session: Session, import_id: int) -> bool:
    """Whether nobody is at an import; nobody begins until the transaction ends."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_LOCKS, import_id))))

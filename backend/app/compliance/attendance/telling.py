"""Telling the record store of hours that it has not heard of."""

from sqlalchemy.orm import Session

from app.compliance.attendance import queries
from app.lrs import service as record_store

__internal__ = "the system records what happened"


def tell_entries(session: Session, told: record_store.Told, enrollment_id: int) -> int:
    """Tell of every ended stay that names no statement, unless one tells of it; how many were told.

    Stays told before they kept their statement's number find it again, so that a correction can void it.
    """
    count = 0
    for entry in queries.untold(session, enrollment_id):
        assert entry.clock_out is not None  # noqa: S101 -- the query asks for it
        entry.statement_id = told.entries.get(entry.clock_out)
        if entry.statement_id is not None:
            continue
        if entry.missing_clock_out:
            entry.statement_id = record_store.record_clock_out_missing(
                session, enrollment_id=enrollment_id, at=entry.clock_in
            )
        elif entry.total_minutes:
            entry.statement_id = record_store.record_clock_out(
                session, enrollment_id=enrollment_id, at=entry.clock_out, minutes=entry.total_minutes
            )
        count += entry.statement_id is not None
    session.flush()
    return count

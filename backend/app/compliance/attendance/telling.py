"""Telling the record store of hours that it has not heard of."""

from sqlalchemy.orm import Session

from app.compliance.attendance import queries
from app.lrs import service as record_store


def tell_stays(session: Session, told: record_store.Told, enrollment_id: int) -> int:
    """Tell of every ended stay that names no statement, unless one tells of it; how many were told.

    Stays told before they kept their statement's number find it again, so that a correction can void it.
    """
    count = 0
    for stay in queries.untold(session, enrollment_id):
        assert stay.clock_out is not None  # noqa: S101 -- the query asks for it
        stay.statement_id = told.stays.get(stay.clock_out)
        if stay.statement_id is not None:
            continue
        if stay.missing_clock_out:
            stay.statement_id = record_store.record_clock_out_missing(
                session, enrollment_id=enrollment_id, at=stay.clock_in
            )
        elif stay.total_minutes:
            stay.statement_id = record_store.record_clock_out(
                session, enrollment_id=enrollment_id, at=stay.clock_out, minutes=stay.total_minutes
            )
        count += stay.statement_id is not None
    session.flush()
    return count

"""Statements added up for the charts: brought up to date, compared every night, rebuilt by command.

Keys of statements grow with each commit, so what is not added up yet is what lies behind one key. Whoever draws a
chart adds it up first; a job does it every five minutes, so that little is left to do. Writers of statements neither
wait for this nor do any of it.
"""

from sqlalchemy.orm import Session

from app.core.actions import Action
from app.core.kept_sums import NAMED, Comparison, KeptSums
from app.core.permissions import internal
from app.lrs.desk.rollups import queries

BATCH = 5_000
"""Statements that are added up in one transaction: a fraction of a second."""


@internal("adds up; who draws a chart asks")
def catch_up(session: Session, most: int = BATCH) -> bool:
    """Add up what came since the last time; whether that was all. Nobody else adds up until the transaction ends."""
    if not queries.is_behind(session):
        return queries.hold(session, writing=False) is not None
    rolled = queries.hold(session, writing=True)
    if rolled is None:
        queries.empty(session)
        rolled = queries.FIRST_KEY
    return queries.add(session, rolled, most) < most


@internal("compares the store's own sums; for jobs and the operator's command")
def compare(session: Session) -> Comparison:
    """Add up every statement and compare. Nothing waits for it; a million statements take about half a minute."""
    total, rows = queries.differences(session, NAMED)
    return Comparison(
        total,
        [
            f"{'All statements' if row.kind == 'quarter' else 'One attempt'} of {row.verb} in the quarter hour from"
            f" {row.at:%Y-%m-%d %H:%M} UTC: {row.kept:,} kept with {row.kept_seconds:,.0f} seconds,"
            f" {row.counted:,} stored with {row.counted_seconds:,.0f}"
            for row in rows
        ],
    )


_SUMS = KeptSums(compare, Action.LRS_ROLLUPS_CHECKED, Action.LRS_ROLLUPS_REBUILT)


@internal("the nightly job")
def check(session: Session) -> Comparison:
    """Compare, and record in the history what was found."""
    return _SUMS.check(session)


@internal("the operator's command")
def restart(session: Session) -> int:
    """Have everything added up again, by `catch_up`. Gives how many sums were wrong."""
    wrong = compare(session).differences
    queries.hold(session, writing=True)
    queries.restart(session)
    _SUMS.record_rebuilt(session, wrong)
    return wrong


@internal("holds sums; the page that shows it asks")
def last_check(session: Session) -> Comparison | None:
    """The newest comparison of the history; None when the sums were rebuilt since, or never compared."""
    return _SUMS.last_check(session)

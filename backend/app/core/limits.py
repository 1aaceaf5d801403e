"""How often something may be done, counted once for all processes.

A `Limit` is a bucket: `most` at once, and as many again evenly over `per`. Of each bucket that is in use one row is
kept, the moment at which it will be full again (the generic cell rate algorithm of ITU-T I.371, Annex A), so that
counting is one statement whatever the limit. The table is UNLOGGED: a count costs no write-ahead log and no flush, and
a crash of the database server forgets the counts, never a record. What is counted for is kept as a hash.

A room declares its limits as module constants and asks `take` for one of each that applies.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, LiteralString

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock, history, retention
from app.core.errors import TooManyRequests
from app.core.jobs import jobs, task


@dataclass(frozen=True, slots=True)
class Limit:
    """`most` at once and as many again over `per`, for each value it is counted by.

    `name` tells its rows from those of other limits. `sentence` is what a person reads who is over it; `{wait}` in it
    is the time to wait in words.
    """

    name: str
    most: int
    per: timedelta
    sentence: str

    @property
    def each(self) -> timedelta:
        """The time in which one more becomes free."""
        return self.per / self.most

    def times(self, factor: int) -> "Limit":
        """The same limit, `factor` times as generous."""
        return Limit(self.name, self.most * factor, self.per, self.sentence)


Claim = tuple[Limit, str]
"""One more of a limit, counted for this value: an address, an account."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A limit that is used up, and for how many whole seconds (at least 1)."""

    limit: Limit
    seconds: int

    def problem(self) -> TooManyRequests:
        """The answer: the limit's sentence, and `Retry-After`."""
        sentence = self.limit.sentence.format(wait=in_words(self.seconds))
        return TooManyRequests(sentence, headers={"Retry-After": str(self.seconds)})


TAKE: LiteralString = """
    WITH asked AS (
        SELECT * FROM unnest(CAST(%(keys)s AS text[]), CAST(%(each)s AS interval[]), CAST(%(per)s AS interval[]))
            AS asked (key, each, per)
    )
    INSERT INTO limit_counters AS counter (key, full_at)
    SELECT asked.key, CAST(%(now)s AS timestamptz) + asked.each FROM asked ORDER BY asked.key
    ON CONFLICT (key) DO UPDATE
    SET full_at = greatest(counter.full_at, %(now)s) + (excluded.full_at - CAST(%(now)s AS timestamptz))
    WHERE greatest(counter.full_at, %(now)s) + (excluded.full_at - CAST(%(now)s AS timestamptz))
        <= CAST(%(now)s AS timestamptz) + (SELECT asked.per FROM asked WHERE asked.key = counter.key)
    RETURNING counter.key
"""
"""Takes one of each bucket that has one left; in the order of the keys, so that two never wait for each other."""
FULL_AT: LiteralString = "SELECT key, full_at FROM limit_counters WHERE key = ANY(%(keys)s)"

_TAKE = sa.text(re.sub(r"%\((\w+)\)s", r":\1", TAKE))
_FULL_AT = sa.text(re.sub(r"%\((\w+)\)s", r":\1", FULL_AT))
_counters = sa.table(
    "limit_counters", sa.column("key", sa.Text), sa.column("full_at", sa.DateTime(timezone=True))
)


def take(session: Session, claims: Iterable[Claim]) -> Wait | None:
    """Count one of each claim. When one of the limits is used up nothing is counted, and the longest wait comes back.

    Requests beside this one for the same value wait until the transaction ends: take in a short one of its own, or
    where nobody else takes for the same value.
    """
    wanted = _by_key(claims)
    if not wanted:
        return None
    asked = arguments(wanted.values())
    taken = set(session.scalars(_TAKE, asked).all())
    if len(taken) == len(wanted):
        return None
    give_back(session, [claim for key, claim in wanted.items() if key in taken])
    refused = [claim for key, claim in wanted.items() if key not in taken]
    return longest_wait(refused, session.execute(_FULL_AT, arguments(refused)).tuples().all())


def arguments(claims: Iterable[Claim]) -> dict[str, Any]:
    """What `TAKE` and `FULL_AT` take by name, for those who speak to the database without SQLAlchemy."""
    wanted = _by_key(claims)
    limits = [limit for limit, _value in wanted.values()]
    return {
        "keys": list(wanted),
        "each": [limit.each for limit in limits],
        "per": [limit.per for limit in limits],
        "now": clock.now(),
    }


def longest_wait(refused: Iterable[Claim], rows: Iterable[tuple[str, datetime]]) -> Wait:
    """How long to wait for all of these, which `TAKE` has refused and `FULL_AT` has answered with `rows`."""
    now, limits, waits = clock.now(), _by_key(refused), []
    for key, full_at in rows:
        limit = limits[key][0]
        left = (full_at + limit.each - limit.per - now).total_seconds()
        waits.append(Wait(limit, max(1, -int(-left // 1))))
    return max(waits, key=lambda wait: wait.seconds)


def give_back(session: Session, claims: Iterable[Claim]) -> None:
    """Uncount one of each claim, which turned out not to be what the limit is about."""
    for key, (limit, _value) in sorted(_by_key(claims).items()):
        session.execute(
            sa.update(_counters)
            .where(_counters.c.key == key)
            .values(full_at=_counters.c.full_at - limit.each)
        )


def forget(session: Session, claims: Iterable[Claim]) -> None:
    """Forget everything that was counted for these values."""
    keys = [_key(claim) for claim in claims]
    session.execute(sa.delete(_counters).where(_counters.c.key.in_(keys)))


def purge(session: Session) -> int:
    """Delete the rows of buckets that are full again, and so say nothing; how many there were."""
    gone = sa.delete(_counters).where(_counters.c.full_at < clock.now()).returning(_counters.c.key)
    return len(session.scalars(gone).all())


retention.keep("Counters of limits", "They are forgotten within hours in any case.", "limit_counters")


@jobs.periodic(cron="41 * * * *", periodic_id="limits.purge")
@task("limits.purge")
def purge_counters(context: Any, timestamp: int) -> None:
    """Delete counters and folds that say nothing any more, every hour."""
    with context.additional_context["database"].begin() as session:
        purge(session)
        history.forget_folds(session, clock.now() - timedelta(days=1))


def network_of(ip: str | None) -> str | None:
    """The address that something is counted for: IPv6 by the /64 that one customer has."""
    if ip is None:
        return None
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return ip[:45]
    if address.version == 6 and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def in_words(seconds: int) -> str:
    """A wait as a person reads it: `1 second`, `45 seconds`, `6 minutes`, `2 hours`, rounded up."""
    for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= 2 * size or (seconds >= size and size < 3600):
            count = -(-seconds // size)
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "1 second"


def _key(claim: Claim) -> str:
    limit, value = claim
    return f"{limit.name}:{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _by_key(claims: Iterable[Claim]) -> dict[str, Claim]:
    return {_key(claim): claim for claim in claims}

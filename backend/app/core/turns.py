"""Acts that go one after another: a transaction waits until those that took the same turn before it have ended.

For what no row can be locked for, because it is not there yet: the next number of a year, a form that was sent twice.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def take_turn(session: Session, name: str | int, *, among: int | None = None, shared: bool = False) -> None:
    """Be alone with `name` until the transaction ends; others wait, as long as `lock_timeout` lets them.

    `among` is the number of a space of names of its own; a number is a name of 64 bits, or of 32 `among` others. Those
    whose turn is `shared` go beside each other, and never beside one whose turn is not. A name is not changed: servers
    of two versions run beside each other while one takes the other's place, and must wait for each other.
    """
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    if among is not None:
        key = lock(among, func.hashtext(name) if isinstance(name, str) else name)
    else:
        key = lock(func.hashtextextended(name, 0) if isinstance(name, str) else name)
    session.execute(select(key))

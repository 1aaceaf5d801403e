"""Acts that go one after another, by the locks that PostgreSQL keeps."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.turns import take_turn

_HELD = sa.text(
    "SELECT classid::bigint, objid::bigint, objsubid, mode FROM pg_locks"
    " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
)
_LONG = sa.text("SELECT (k >> 32) & 4294967295, k & 4294967295, 1 FROM hashtextextended(:name, 0) AS k")
_AMONG = sa.text("SELECT CAST(:among AS bigint), hashtext(:name)::bigint & 4294967295, 2")
_NUMBER = sa.text("SELECT CAST(:name AS bigint) >> 32, CAST(:name AS bigint) & 4294967295, 1")
_NUMBER_AMONG = sa.text("SELECT CAST(:among AS bigint), CAST(:name AS bigint) & 4294967295, 2")


@pytest.mark.parametrize(
    ("name", "among", "lock"),
    [
        ("complaints", None, _LONG),
        ("share 7", None, _LONG),
        ("Năm 2026", None, _LONG),
        ("people", 0x494D504F, _AMONG),
        (0x4C454447, None, _NUMBER),
        (1 << 40, None, _NUMBER),
        (7, 0x504C414E, _NUMBER_AMONG),
        (-7, 0x534B494C, _NUMBER_AMONG),
    ],
)
@pytest.mark.parametrize("shared", [False, True])
def test_a_turn_is_the_lock_that_servers_of_the_version_before_take(
    session: Session, name: str | int, among: int | None, lock: sa.TextClause, shared: bool
) -> None:
    for _again in range(2):
        take_turn(session, name, among=among, shared=shared)
    expected = session.execute(lock, {"name": name, "among": among}).one()
    mode = "ShareLock" if shared else "ExclusiveLock"
    assert session.execute(_HELD).all() == [(*expected, mode)]

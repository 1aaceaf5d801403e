"""A proxy that FORWARDED_ALLOW_IPS does not name is noticed by what it sends; a stranger is not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.core import clock
from app.core.actions import Action
from app.db.models import AuditEntry
from app.db.session import Database
from app.ops.doctor.proxy_watch import ProxyWatch


async def _page(_scope: Scope, _receive: Receive, _send: Send) -> None:
    return


def request(watch: ProxyWatch, sender: str, forwarded: str | None, believed: str = "127.0.0.1") -> None:
    """One request as uvicorn hands it on."""
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode("latin-1"))]
    scope: dict[str, Any] = {"type": "http", "client": (sender, 40000), "headers": headers, "scheme": "http"}
    around: Any = ProxyHeadersMiddleware(watch, believed)  # type: ignore[arg-type]

    async def ask() -> None:
        await around(scope, None, None)
        await asyncio.gather(*watch._notes)

    asyncio.run(ask())


def noticed(database: Database) -> list[str]:
    with database.begin() as session:
        rows = session.scalars(
            select(AuditEntry).where(AuditEntry.action == Action.PROXY_NOT_TRUSTED).order_by(AuditEntry.id)
        )
        return [row.details["address"] for row in rows]


def test_a_proxy_that_is_not_named_is_noticed_once_a_day(
    live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = ProxyWatch(_page, live_database)
    for _ in range(3):
        request(watch, "172.18.0.5", "203.0.113.9")
    request(ProxyWatch(_page, live_database), "172.18.0.5", "203.0.113.9")  # another process
    assert noticed(live_database) == ["172.18.0.5"]
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=1, minutes=1))
    request(watch, "172.18.0.5", "203.0.113.9")
    assert noticed(live_database) == ["172.18.0.5", "172.18.0.5"]


@pytest.mark.parametrize(
    ("sender", "forwarded", "believed"),
    [
        ("172.18.0.5", "203.0.113.9", "172.18.0.0/16"),
        ("172.18.0.5", "203.0.113.9:51000", "172.18.0.5"),
        ("172.18.0.5", "10.1.2.3", "172.18.0.5"),  # a browser in the school's network, through the proxy
        ("172.18.0.5", None, "127.0.0.1"),
        ("198.51.99.7", "203.0.113.9", "127.0.0.1"),  # a stranger who makes something up
        ("testclient", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.1", "2001:db8::7", "127.0.0.1"),
        ("127.0.0.1", "[2001:db8::7]:443", "127.0.0.1"),
    ],
)
def test_what_is_believed_and_who_is_a_stranger_is_not_noticed(
    live_database: Database, sender: str, forwarded: str | None, believed: str
) -> None:
    request(ProxyWatch(_page, live_database), sender, forwarded, believed)
    assert noticed(live_database) == []


def test_many_senders_fill_no_memory(live_database: Database) -> None:
    watch = ProxyWatch(_page, live_database)
    for number in range(80):
        request(watch, f"10.0.0.{number}", "203.0.113.9")
    assert len(noticed(live_database)) == 50


def test_a_database_that_is_away_stops_no_request(live_database: Database) -> None:
    live_database.close()
    broken = Database(
        live_database._info["settings"].model_copy(
            update={"database_url": "postgresql+psycopg://x@127.0.0.1:9/x"}
        )
    )  # type: ignore[attr-defined]
    request(ProxyWatch(_page, broken), "172.18.0.5", "203.0.113.9")
    assert noticed(live_database) == []

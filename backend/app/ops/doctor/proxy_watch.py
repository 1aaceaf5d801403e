"""Notices a proxy that FORWARDED_ALLOW_IPS does not name, by what it sends.

A stranger may send X-Forwarded-For just the same. So only a sender in the school's own network is noticed, where a
proxy would be, and each once a day.
"""

from __future__ import annotations

import asyncio
import ipaddress
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core import clock, history
from app.core.actions import Action
from app.core.permissions import SYSTEM
from app.db.session import Database

_HEADER = b"x-forwarded-for"
_AGAIN = timedelta(days=1)
_MOST = 50
"""Addresses that one process notices in its life."""
log = structlog.get_logger(__name__)


class ProxyWatch:
    """Stands inside uvicorn's reading of the header: a sender that was believed has been replaced by then."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app, self._database = app, database
        self._noticed: dict[str, datetime] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            sender = _not_believed(scope)
            if sender is not None and self._is_news(sender):
                note = asyncio.create_task(asyncio.to_thread(self._note, sender))
                self._notes.add(note)  # a task that nobody holds may be collected
                note.add_done_callback(self._notes.discard)
        await self.app(scope, receive, send)

    def _is_news(self, sender: str) -> bool:
        now, before = clock.now(), self._noticed.get(sender)
        if before is None and len(self._noticed) >= _MOST:
            return False
        if before is not None and now - before < _AGAIN:
            return False
        self._noticed[sender] = now
        return True

    def _note(self, sender: str) -> None:
        log.warning("proxy.not_trusted", address=sender, remedy="FORWARDED_ALLOW_IPS does not name it")
        try:
            with self._database.begin() as session:
                history.record_once(
                    session,
                    SYSTEM,
                    Action.PROXY_NOT_TRUSTED,
                    None,
                    key=f"proxy {sender}",
                    within=_AGAIN,
                    address=sender,
                )
        except SQLAlchemyError as error:  # the log has it
            log.warning("proxy.not_recorded", reason=" ".join(str(error).split())[:300])


def _not_believed(scope: Scope) -> str | None:
    """The address of a sender in this network whose X-Forwarded-For was not taken; None for any other request."""
    values = [value for name, value in scope["headers"] if name == _HEADER]
    client = scope.get("client")
    if not values or not client:
        return None
    try:
        sender = ipaddress.ip_address(client[0])
    except ValueError:
        return None
    if not sender.is_private:
        return None
    named = b",".join(values).decode("latin-1")
    # A sender that was believed has been replaced by an address that the header names.
    return None if any(_same(part, sender) for part in named.split(",")) else str(sender)


def _same(part: str, sender: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    text = part.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ipaddress.ip_address(text) == sender
    except ValueError:
        return False

"""Whether email is really delivered, in the mail server's own words."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from app.ops.doctor import email
from app.ops.doctor.findings import Finding, Installation, Level
from app.settings import inspect_settings
from tests.ops.installations import GOOD


class Taking:
    """A mail server that keeps what it gets, and answers in words of its own."""

    def __init__(self) -> None:
        self.got: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.got.append(envelope.content.decode())
        return "250 2.6.0 queued as 4F2A9C"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"


@pytest.fixture
def mail_server() -> Iterator[tuple[str, Taking]]:
    handler = Taking()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}", handler
    controller.stop()


def asked(url: str | None, recipient: str | None = None) -> Finding:
    settings, _ = inspect_settings(
        _env_file=None, **(GOOD | {"smtp_url": url, "mail_from": "AADA <lms@example.edu>"})
    )
    (one,) = email.email(Installation(settings, recipient=recipient))
    return one


def test_the_test_message_shows_the_servers_answer(mail_server: tuple[str, Taking]) -> None:
    url, handler = mail_server
    assert asked(url).level is Level.OK
    assert handler.got == []
    sent = asked(url, "ada@example.edu")
    assert sent.level is Level.OK
    assert "250 2.6.0 queued as 4F2A9C" in sent.says
    assert "To: ada@example.edu" in handler.got[0]
    refused = asked(url, "nobody@example.edu")
    assert refused.level is Level.PROBLEM
    assert "550: 5.1.1 no such mailbox" in refused.says


def test_bad_recipients_and_no_server_end_in_a_sentence(mail_server: tuple[str, Taking]) -> None:
    assert asked(mail_server[0], "ada@example.edu\nBcc: x@example.edu").level is Level.PROBLEM
    assert asked("smtp://127.0.0.1:9").level is Level.PROBLEM
    assert asked(None).level is Level.WARNING
    assert asked(None, "ada@example.edu").level is Level.PROBLEM

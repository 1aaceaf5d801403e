"""Whether email goes out, shown by a message that the mail server took."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

from app.core import clock
from app.core.smtp import MailRefused, MailServer, greet, transmit
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning

_FAILING = """
SELECT count(*), max(last_error) FROM outbox_messages
WHERE sent_at IS NULL AND last_error IS NOT NULL AND created_at > now() - interval '2 days'
"""


def email(known: Installation) -> Iterator[Finding]:
    """Do invitations and alerts arrive?"""
    url = known.settings.smtp_url
    if url is None:
        do = "Set SMTP_URL, then run: aada doctor --mail-to YOUR-ADDRESS"
        if known.recipient:
            yield problem("Email", f"Nothing was sent to {known.recipient}: no mail server is set.", do)
        else:
            yield warning(
                "Email", "No mail server is set (SMTP_URL): messages stay in the outbox, alerts too.", do
            )
        return
    if known.network:
        yield _sent(known, url, known.recipient) if known.recipient else _greeted(url)
    if known.settings.mail_from.rstrip(">").endswith("@localhost") and known.production:
        yield warning(
            "Email",
            "MAIL_FROM is an address at localhost: most mail servers refuse it.",
            "Set MAIL_FROM to an address that your mail server may send from.",
        )
    if known.database is not None:
        count, reason = known.database.execute(_FAILING.encode()).fetchone() or (0, None)
        if count:
            yield warning(
                "Email",
                f"{count:,} messages of the last two days were not sent. The reason of one: {reason}",
                "Open Outbox on the pages, correct what it says, and choose Try again now.",
            )


def _sent(known: Installation, url: str, recipient: str) -> Finding:
    message = EmailMessage()
    try:
        message["From"], message["To"] = known.settings.mail_from, recipient
        message["Subject"] = f"{known.settings.school_name}: test message"
        message.set_content(
            f"This is the test message that `aada doctor` sent on {clock.now():%Y-%m-%d at %H:%M UTC} from "
            f"{known.settings.app_origin}. Email from this system reaches you.\n"
        )
        answer = transmit(url, message)
    except MailRefused as refused:
        return problem(
            "Email", f"The test message to {recipient} was not sent. {refused}", "Correct SMTP_URL."
        )
    except ValueError as error:  # a line break in an address
        return problem(
            "Email", f"The test message was not sent: {error}.", "Give one address, such as ada@example.edu."
        )
    return ok(
        "Email",
        f"The test message to {recipient} was taken by {MailServer.of(url).host}, which answered: {answer}. See "
        "whether it arrives, and not among the spam.",
    )


def _greeted(url: str) -> Finding:
    try:
        greet(url)
    except MailRefused as refused:
        return problem("Email", str(refused), "Correct SMTP_URL, or find out why the mail server is away.")
    return ok(
        "Email",
        f"{MailServer.of(url).description} It answers; whether messages arrive is shown by: aada doctor --mail-to "
        "YOUR-ADDRESS",
    )

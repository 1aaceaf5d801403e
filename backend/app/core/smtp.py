"""Handing a message to a mail server, so that nobody between can read a password or a one-time link.

Certificates are always verified. A password goes over TLS alone: a connection on which somebody has taken STARTTLS
out of the server's answer is refused, not used in clear. The one exception is a server on this very machine.
"""

import ipaddress
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote

from app.setting_values import mail_url


class MailRefused(Exception):
    """The message was not sent; the text is the sentence for the outbox."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """What SMTP_URL names. `implicit_tls` is `smtps://`."""

    host: str
    port: int
    implicit_tls: bool
    username: str | None
    password: str

    @classmethod
    def of(cls, url: str) -> "MailServer":
        """Read SMTP_URL. Raises ValueError with a sentence."""
        parts = mail_url(url)
        secure = parts.scheme == "smtps"
        return cls(
            parts.hostname or "",
            parts.port or (465 if secure else 25),
            secure,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password or ""),
        )

    @property
    def is_local(self) -> bool:
        """Whether the server is this machine, so that nobody listens in between."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def description(self) -> str:
        """How mail goes out, as the start of the system prints it."""
        place = f"{self.host}:{self.port}"
        if self.implicit_tls:
            return f"Mail goes to {place} over TLS; its certificate is verified."
        if self.is_local:
            return f"Mail goes to {place} on this machine."
        if self.username:
            return (
                f"Mail goes to {place}; the password is sent only after STARTTLS with a verified certificate."
            )
        return f"Mail goes to {place} without signing in; it is encrypted only if the server offers STARTTLS."


def transmit(url: str, message: EmailMessage) -> str:
    """Send the message, and give what the server answered when it took it: `250 2.0.0 queued as 4F2A`.

    Raises MailRefused with a sentence, whatever went wrong.
    """
    with _explained(), _connection(url) as connection:
        connection.send_message(message)
        return connection.taken


def greet(url: str) -> None:
    """Connect and sign in as for a message, and send none. Raises MailRefused."""
    with _explained(), _connection(url) as connection:
        connection.noop()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailRefused(
            f"The mail server's certificate could not be verified ({error.verify_message}), so nothing was sent. "
            "Correct the host in SMTP_URL, or have this machine trust the authority that issued the certificate."
        ) from error
    except ssl.SSLError as error:
        raise MailRefused(
            f"No secure connection to the mail server was possible ({error.reason}). smtps:// is for servers that "
            "speak TLS from the start, usually on port 465; use smtp:// for STARTTLS."
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        raise MailRefused(
            f"The mail server rejected the user name or password in SMTP_URL ({_reply(error.smtp_error)})."
        ) from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < 200:  # smtplib's own for what is no answer
            raise MailRefused(
                f"What answers there is not a mail server ({_reply(error.smtp_error)})."
            ) from error
        raise MailRefused(
            f"The mail server answered {error.smtp_code}: {_reply(error.smtp_error)}."
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        raise MailRefused(f"The mail server refused the address ({code}: {_reply(reply)}).") from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise MailRefused(f"The mail server could not be reached: {error}.") from error


class _Listening(smtplib.SMTP):
    """Keeps the server's answer to the message itself, which smtplib drops."""

    taken = ""

    def __exit__(self, *_error: object) -> None:
        """Part from the server. Whatever it says to that, a message it took is sent, and is not sent again."""
        try:
            if self.sock is not None:
                self.docmd("QUIT")
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            self.close()

    def data(self, msg: Any) -> tuple[int, bytes]:
        """See `smtplib.SMTP.data`."""
        code, said = super().data(msg)
        self.taken = f"{code} {_reply(said)}"
        return code, said


class _ListeningTls(_Listening, smtplib.SMTP_SSL):
    """The same where TLS comes first."""


@contextmanager
def _connection(url: str) -> Iterator[_Listening]:
    """A connection that is signed in, and encrypted if it has to be."""
    server = MailServer.of(url)
    context = ssl.create_default_context()
    connection: _Listening
    if server.implicit_tls:
        connection = _ListeningTls(server.host, server.port, timeout=20, context=context)
    else:
        connection = _Listening(server.host, server.port, timeout=20)
    with connection:
        connection.ehlo()
        if not server.implicit_tls and not server.is_local:
            if connection.has_extn("starttls"):
                connection.starttls(context=context)
                connection.ehlo()
            elif server.username:
                raise MailRefused(
                    f"{server.host} offers no STARTTLS, so the password was not sent and neither was the message. Use "
                    "smtps://, or another port; if the server did offer it before, somebody may be listening in."
                )
        if server.username:
            connection.login(server.username, server.password)
        yield connection


def _reply(text: object) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return " ".join(words.split())[:300].rstrip(".")

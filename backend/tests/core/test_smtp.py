"""A mail server that is not what it says gets neither the password nor the message."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.core import smtp
from app.core.smtp import MailRefused, MailServer, transmit

Start = Callable[..., int]


class Inbox:
    """Keeps messages and the passwords it is given."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.passwords: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.messages.append(envelope)
        return "250 Kept"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> AuthResult:
        self.passwords.append(data.password)
        return AuthResult(success=data.password == b"p@ss", handled=False)


class _Server(Controller):
    """A controller with STARTTLS, or with TLS from the start."""

    def __init__(self, inbox: Inbox, port: int, **options: Any) -> None:
        self.options = options
        super().__init__(inbox, hostname="127.0.0.1", port=port, ssl_context=options.pop("ssl_context", None))

    def factory(self) -> SMTP:
        return SMTP(self.handler, authenticator=self.handler.authenticate, **self.options)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(pem))
    return path


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def start(inbox: Inbox, certificate: Path) -> Iterator[Start]:
    """`start(starttls=True)`: a server, and its port."""
    running: list[_Server] = []

    def begin(*, starttls: bool = False, implicit: bool = False) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        options: dict[str, Any] = {"auth_require_tls": False}
        if starttls:
            options["tls_context"] = context
        if implicit:
            options["ssl_context"] = context
        server = _Server(inbox, port, **options)
        server.start()
        running.append(server)
        return port

    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the server were on another machine."""
    monkeypatch.setattr(smtp.MailServer, "is_local", False)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@example.org", "b@example.org", "Hello"
    made.set_content("Body")
    return made


@pytest.mark.usefixtures("elsewhere", "trusted")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_over_tls_with_a_verified_certificate_mail_goes_out(start: Start, inbox: Inbox, scheme: str) -> None:
    port = start(starttls=scheme == "smtp", implicit=scheme == "smtps")
    transmit(f"{scheme}://user:p%40ss@localhost:{port}", message())
    assert inbox.passwords == [b"p@ss"]
    assert len(inbox.messages) == 1


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_nobody_vouches_for_gets_nothing(start: Start, inbox: Inbox, scheme: str) -> None:
    port = start(starttls=scheme == "smtp", implicit=scheme == "smtps")
    with pytest.raises(MailRefused, match="certificate could not be verified"):
        transmit(f"{scheme}://user:p%40ss@localhost:{port}", message())
    assert inbox.passwords == inbox.messages == []


@pytest.mark.usefixtures("elsewhere", "trusted")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_of_another_host_gets_nothing(start: Start, inbox: Inbox, scheme: str) -> None:
    port = start(starttls=scheme == "smtp", implicit=scheme == "smtps")
    with pytest.raises(MailRefused, match="certificate could not be verified"):
        transmit(f"{scheme}://user:p%40ss@127.0.0.1:{port}", message())
    assert inbox.passwords == inbox.messages == []


@pytest.mark.usefixtures("elsewhere", "trusted")
def test_a_password_is_not_sent_where_starttls_was_taken_away(start: Start, inbox: Inbox) -> None:
    port = start()
    with pytest.raises(MailRefused, match="offers no STARTTLS"):
        transmit(f"smtp://user:p%40ss@localhost:{port}", message())
    assert inbox.passwords == inbox.messages == []


def test_on_this_machine_a_password_may_go_in_clear(start: Start, inbox: Inbox) -> None:
    transmit(f"smtp://user:p%40ss@127.0.0.1:{start()}", message())
    assert inbox.passwords == [b"p@ss"]


def test_a_wrong_password_is_said_so(start: Start, inbox: Inbox) -> None:
    with pytest.raises(MailRefused, match="rejected the user name or password"):
        transmit(f"smtp://user:wrong@127.0.0.1:{start()}", message())
    assert inbox.messages == []


def test_tls_where_none_is_spoken_is_a_sentence(start: Start) -> None:
    with pytest.raises(MailRefused, match="smtps:// is for servers"):
        transmit(f"smtps://127.0.0.1:{start()}", message())


def test_a_server_that_is_away_is_a_sentence() -> None:
    with pytest.raises(MailRefused, match="could not be reached"):
        transmit("smtp://127.0.0.1:9", message())


@pytest.mark.parametrize(
    ("url", "local", "words"),
    [
        ("smtp://localhost", True, "on this machine"),
        ("smtp://[::1]:2525", True, "on this machine"),
        ("smtp://u:p@mail.example.edu:587", False, "only after STARTTLS"),
        ("smtps://u:p@mail.example.edu", False, "over TLS"),
        ("smtp://mail.example.edu", False, "encrypted only if"),
        ("smtp://localhost.example.edu", False, "encrypted only if"),
    ],
)
def test_the_operator_reads_how_mail_goes_out(url: str, local: bool, words: str) -> None:
    assert MailServer.of(url).is_local is local
    assert words in MailServer.of(url).description
    assert ":p@" not in MailServer.of(url).description


@pytest.mark.parametrize("url", ["http://mail.example.edu", "smtp://", "mail.example.edu", "smtp://x:99999"])
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL"):
        MailServer.of(url)


@pytest.fixture
def curt() -> Iterator[Callable[..., int]]:
    """`curt(greeting=…, farewell=…)`: a server that takes any message and parts in its own way; its port."""
    with contextlib.ExitStack() as stack:

        def begin(greeting: bytes = b"220 hello\r\n", farewell: bytes = b"") -> int:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def answer() -> None:
                connection, _ = listener.accept()
                with connection, connection.makefile("rb") as lines:
                    connection.sendall(greeting)
                    reading = False
                    for line in lines:
                        if line.upper().startswith(b"QUIT") and not reading:
                            connection.sendall(farewell)
                            return
                        if reading and line != b".\r\n":
                            continue
                        reading = line.upper().startswith(b"DATA")
                        connection.sendall(b"354 go on\r\n" if reading else b"250 Kept\r\n")

            threading.Thread(target=answer, daemon=True).start()
            return int(listener.getsockname()[1])

        yield begin


@pytest.mark.parametrize("farewell", [b"", b"421 too busy\r\n", b"250 what\r\n", b"\xff\xfe\r\n"])
def test_a_message_that_was_taken_is_sent_whatever_the_server_says_to_quit(
    curt: Callable[..., int], farewell: bytes
) -> None:
    assert transmit(f"smtp://127.0.0.1:{curt(farewell=farewell)}", message()) == "250 Kept"


def test_what_is_no_mail_server_is_called_that(curt: Callable[..., int]) -> None:
    port = curt(greeting=b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(MailRefused, match="not a mail server"):
        transmit(f"smtp://127.0.0.1:{port}", message())

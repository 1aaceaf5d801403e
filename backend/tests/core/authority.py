"""A time-stamp authority for tests: OpenSSL answers behind an HTTP server, which knows nothing of ours."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.core import clock

_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
"""


@dataclass
class Tsa:
    """The authority's files, its address, what it was asked, and what may be done to its answers."""

    folder: Path
    url: str = ""
    asked: int = 0
    spoil: Callable[[bytes], tuple[int, bytes]] = field(default=lambda answer: (200, answer))
    lists_asked: int = 0
    revoked: bool = False
    """Whether the list of revoked certificates names the authority."""
    spoil_list: Callable[[bytes], tuple[int, bytes]] = field(default=lambda answer: (200, answer))

    def list(self) -> bytes:
        """The list of the root's revoked certificates as of now (DER)."""
        now = clock.now()
        root = x509.load_pem_x509_certificate((self.folder / "root.pem").read_bytes())
        built = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(root.subject)
            .last_update(now)
            .next_update(now + timedelta(days=7))
        )
        if self.revoked:
            one = x509.load_pem_x509_certificate((self.folder / "tsa.pem").read_bytes())
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(now)
            built = built.add_revoked_certificate(entry.build())
        key = serialization.load_pem_private_key((self.folder / "root.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, request: bytes) -> bytes:
        """OpenSSL's answer to a request."""
        (self.folder / "request.tsq").write_bytes(request)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", str(self.folder / "tsa.cnf"), "-queryfile",
             str(self.folder / "request.tsq"), "-out", str(self.folder / "answer.tsr")],
            check=True, capture_output=True,
        )  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()

    def accepts(self, token: bytes, digest: bytes) -> bool:
        """Whether OpenSSL accepts a time stamp of a hash."""
        (self.folder / "token.der").write_bytes(token)
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-digest", digest.hex(), "-token_in", "-in", str(self.folder / "token.der"),
             "-CAfile", str(self.roots)],
            check=False, capture_output=True,
        )  # fmt: skip
        return done.returncode == 0


@contextmanager
def running(folder: Path) -> Iterator[Tsa]:
    """The authority with a root of its own, until the end of the block."""
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    tsa = Tsa(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            tsa.asked += 1
            answer = tsa.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*tsa.spoil(answer))

        def do_GET(self) -> None:
            tsa.lists_asked += 1
            self._send(*tsa.spoil_list(tsa.list()))

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    tsa.url = f"http://127.0.0.1:{server.server_port}/tsr"
    _certificates(folder, f"http://127.0.0.1:{server.server_port}/root.crl")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield tsa
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificates(folder: Path, lists: str) -> None:
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of time stamps")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A time-stamp authority")])

    def built(subject: x509.Name, public: ec.EllipticCurvePublicKey, years: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=4000))
            .not_valid_after(now + timedelta(days=365 * years))
        )

    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    authority = (
        built(root, root_key.public_key(), 20)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(lists)], None, None, None)
    signer = (
        built(name, key.public_key(), 10)
        .add_extension(usage, critical=True)
        .add_extension(x509.CRLDistributionPoints([point]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(authority.public_bytes(pem))
    (folder / "tsa.pem").write_bytes(signer.public_bytes(pem))
    for name_of_key, private in (("tsa.key", key), ("root.key", root_key)):
        (folder / name_of_key).write_bytes(
            private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )

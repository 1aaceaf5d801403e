"""xAPI 1.0.3 Communication 1, 3, 4 and Data 2.6; 2.0 4.1: versions, methods, attachments, signatures, access."""

import base64
import datetime as dt
import hashlib
import json
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx2 as httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from app.core.files.scanner import Scanner
from app.lrs.engine.multipart import Part
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.statements import intake
from app.lrs.engine.statements.storage import Attached
from app.setting_values import socket_address
from tests.factories.clamd import EICAR, SIGNATURE, clamd
from tests.lrs.examples import statement
from tests.lrs.serving import ONE, TWO, Client, Running

VERSION = "X-Experience-API-Version"
BOTH = pytest.mark.parametrize("version", [ONE, TWO])


def test_about_is_open_and_names_the_versions(xapi: Client) -> None:
    answer = xapi.http.get("/xapi/about")
    assert answer.status_code == 200
    assert {"2.0.0", "1.0.3"} <= set(answer.json()["version"])
    assert xapi.http.get("/xapi/about", headers={VERSION: "9.9"}).status_code == 400


@BOTH
def test_an_answer_carries_the_version_of_its_request(xapi: Client, version: str) -> None:
    client = xapi.speaking(version)
    for answer in (
        client.get("/statements", limit="1"),
        client.get("/statements", limit="x"),
        client.get("/agents"),
    ):
        assert answer.headers[VERSION] == version


@pytest.mark.parametrize("version", [None, "0.95", "1.1.0", "2.1.0", "3", ""])
def test_other_versions_are_refused(xapi: Client, version: str | None) -> None:
    client = xapi.speaking(version)
    (before,) = xapi.stored(statement())
    for answer in (client.get("/statements"), client.post(statement()), client.get("/agents", agent="{}")):
        assert answer.status_code == 400
        assert VERSION in answer.headers
    assert xapi.statements(limit="1")[0]["id"] == before


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/statements", "GET, POST, PUT"), ("PATCH", "/agents", "GET"), ("POST", "/about", "GET")],
)
def test_other_methods_are_refused(xapi: Client, method: str, path: str, allowed: str) -> None:
    answer = xapi.ask(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_an_unknown_resource_is_not_found(xapi: Client) -> None:
    assert xapi.get("/statement").status_code == 404
    assert xapi.get("").status_code == 404


def test_content_on_another_host_may_ask(xapi: Client) -> None:
    answer = xapi.http.options("/xapi/statements")
    assert answer.status_code == 204
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert xapi.get("/statements", limit="1").headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Basic"}, {"Authorization": "Basic !!"}, {"Authorization": "Bearer x"},
     {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()},
     {"Authorization": "Basic " + base64.b64encode(b"\x00:b").decode()},
     {"Authorization": "Basic " + base64.b64encode(b"no colon").decode()}],
)  # fmt: skip
def test_nobody_gets_in_without_a_credential(xapi: Client, headers: dict[str, str]) -> None:
    answer = xapi.http.get("/xapi/statements", headers={VERSION: TWO, **headers})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


# Alternate request syntax (1.0.3 Communication 1.3)


def as_form(xapi: Client, method: str, path: str, version: str = ONE, **fields: str) -> httpx.Response:
    token = base64.b64encode(f"{xapi.key}:{xapi.secret}".encode()).decode()
    form = {"Authorization": f"Basic {token}", VERSION: version, **fields}
    return xapi.http.post(f"/xapi{path}?method={method}", data=form)


def test_a_form_stands_for_every_request_in_1_0_3(xapi: Client) -> None:
    whole = statement()
    put = as_form(xapi, "PUT", "/statements", statementId=whole["id"], content=json.dumps(whole))
    assert put.status_code == 204
    got = as_form(xapi, "GET", "/statements", statementId=whole["id"])
    assert got.json()["id"] == whole["id"]
    posted = as_form(
        xapi, "POST", "/statements", content=json.dumps(statement()), **{"Content-Type": "application/json"}
    )
    assert posted.status_code == 200
    key = {"agent": json.dumps({"mbox": "mailto:form@school.example"}), "profileId": str(uuid4())}
    assert as_form(xapi, "POST", "/agents/profile", **key, content='{"a":1}').status_code == 204
    assert as_form(xapi, "DELETE", "/agents/profile", **key).status_code == 204


def test_a_form_that_breaks_its_rules_is_refused(xapi: Client) -> None:
    assert as_form(xapi, "PATCH", "/statements").status_code == 400
    assert as_form(xapi, "GET", "/statements", version=TWO).status_code == 400
    extra = xapi.speaking(ONE).ask("POST", "/statements?method=GET&limit=1", data={VERSION: ONE})
    assert extra.status_code == 400


# Attachments (1.0.3 Communication 1.5.2, Data 2.4.11)


def attached(content: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "usageType": "https://school.example/certificate",
        "display": {"en-US": "Certificate"},
        "contentType": "text/plain",
        "length": len(content),
        "sha2": hashlib.sha256(content).hexdigest(),
        **changes,
    }


def multipart(statements: Any, *parts: tuple[bytes, dict[str, str]]) -> dict[str, Any]:
    pieces = [b"--b0\r\nContent-Type: application/json\r\n\r\n" + json.dumps(statements).encode() + b"\r\n"]
    for content, headers in parts:
        whole = {
            "Content-Type": "text/plain",
            "Content-Transfer-Encoding": "binary",
            "X-Experience-API-Hash": hashlib.sha256(content).hexdigest(),
            **headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in whole.items() if value)
        pieces.append(b"--b0\r\n" + lines.encode() + b"\r\n" + content + b"\r\n")
    return {
        "content": b"".join(pieces) + b"--b0--",
        "headers": {"Content-Type": "multipart/mixed; boundary=b0"},
    }


@BOTH
def test_an_attachment_comes_back_with_its_statement(xapi: Client, version: str) -> None:
    client = xapi.speaking(version)
    content = b"binary \x00\xff\r\n--not the boundary\r\n" + uuid4().bytes
    whole = statement(attachments=[attached(content)])
    assert client.ask("POST", "/statements", **multipart(whole, (content, {}))).json() == [whole["id"]]
    answer = client.get("/statements", statementId=whole["id"], attachments="true")
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=")
    boundary = answer.headers["content-type"].partition('boundary="')[2].strip('"').encode()
    _, first, second, _ = answer.content.split(b"--" + boundary)
    assert json.loads(first.partition(b"\r\n\r\n")[2])["id"] == whole["id"]
    head, _, body = second.partition(b"\r\n\r\n")
    assert body == content + b"\r\n"
    assert attached(content)["sha2"].encode() in head
    assert b"Content-Transfer-Encoding: binary" in head
    plain = client.get("/statements", statementId=whole["id"], attachments="false")
    assert plain.headers["content-type"] == "application/json"


def test_an_attachment_swept_before_it_was_recorded_is_put_again(
    xapi: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = intake._kept

    def kept_and_swept(runtime: Runtime, parts: list[Part], address: str | None) -> list[Attached]:
        attachments = kept(runtime, parts, address)
        for one in attachments:
            runtime.files.delete(one.sha256)
        return attachments

    monkeypatch.setattr(intake, "_kept", kept_and_swept)
    content = uuid4().bytes
    whole = statement(attachments=[attached(content)])
    assert xapi.ask("POST", "/statements", **multipart(whole, (content, {}))).status_code == 200
    answer = xapi.get("/statements", statementId=whole["id"], attachments="true")
    assert content in answer.content


def test_an_attachment_with_a_virus_is_refused_with_its_statement_and_recorded(
    store: Running, xapi: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = statement(attachments=[attached(EICAR)])
    with clamd(None) as daemon:
        monkeypatch.setattr(store.app.runtime.files, "scanner", Scanner(socket_address(daemon.address)))
        answer = xapi.ask("POST", "/statements", **multipart(whole, (EICAR, {})))
        assert (answer.status_code, SIGNATURE in answer.json()["detail"]) == (422, True)
        assert xapi.get("/statements", statementId=whole["id"]).status_code == 404
        assert not store.app.runtime.files.exists(hashlib.sha256(EICAR).hexdigest())
        recorded = "SELECT details->>'signature' FROM audit_log WHERE action = 'file.infected'"
        assert store.value(recorded) == SIGNATURE
        # A clean one comes in, and nothing does while the scanner gives no verdict.
        clean = statement(attachments=[attached(b"clean")])
        assert xapi.ask("POST", "/statements", **multipart(clean, (b"clean", {}))).status_code == 200
        daemon.answer = b"stream: OK"
        other = statement(attachments=[attached(b"other")])
        answer = xapi.ask("POST", "/statements", **multipart(other, (b"other", {})))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_sha_512_and_a_batch_share_their_bytes(xapi: Client) -> None:
    content = uuid4().bytes
    digest = hashlib.sha512(content).hexdigest()
    batch = [statement(attachments=[attached(content, sha2=digest.upper())]) for _ in range(2)]
    answer = xapi.ask("POST", "/statements", **multipart(batch, (content, {"X-Experience-API-Hash": digest})))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "headers",
    [{"X-Experience-API-Hash": ""}, {"X-Experience-API-Hash": "0" * 64}, {"Content-Transfer-Encoding": "base64"},
     {"Content-Transfer-Encoding": ""}],
)  # fmt: skip
def test_a_part_must_say_what_it_is(xapi: Client, headers: dict[str, str]) -> None:
    content = uuid4().bytes
    whole = statement(attachments=[attached(content)])
    assert xapi.ask("POST", "/statements", **multipart(whole, (content, headers))).status_code == 400
    assert xapi.get("/statements", statementId=whole["id"]).status_code == 404


def test_bytes_and_statements_must_belong_together(xapi: Client) -> None:
    content = uuid4().bytes
    missing = statement(attachments=[attached(content)])
    assert xapi.ask("POST", "/statements", **multipart(missing)).status_code == 400
    assert xapi.post(missing).status_code == 400
    assert xapi.ask("POST", "/statements", **multipart(statement(), (content, {}))).status_code == 400
    by_url = statement(attachments=[attached(content, fileUrl="https://school.example/c.txt")])
    assert xapi.post(by_url).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=b", ""]
)
def test_statements_come_as_json_or_multipart(xapi: Client, content_type: str) -> None:
    answer = xapi.ask(
        "POST", "/statements", content=json.dumps(statement()), headers={"Content-Type": content_type}
    )
    assert answer.status_code == 400


# Signed statements (Data 2.6)


@pytest.fixture(scope="module")
def signer() -> tuple[rsa.RSAPrivateKey, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "school.example")])
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(moment)
        .not_valid_after(moment + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return key, base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def jws(
    signer: tuple[rsa.RSAPrivateKey, str], payload: Any, algorithm: str = "RS256", *, good: bool = True
) -> bytes:
    key, certificate = signer

    def part(raw: bytes) -> bytes:
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    head = part(json.dumps({"alg": algorithm, "x5c": [certificate]}).encode())
    signed = head + b"." + part(json.dumps(payload).encode())
    signature = key.sign(signed if good else b"else", padding.PKCS1v15(), hashes.SHA256())
    return signed + b"." + part(signature)


def signature_of(content: bytes, **changes: Any) -> dict[str, Any]:
    usage = "http://adlnet.gov/expapi/attachments/signature"
    return attached(content, usageType=usage, contentType="application/octet-stream", **changes)


def test_a_signed_statement_is_stored(xapi: Client, signer: tuple[rsa.RSAPrivateKey, str]) -> None:
    whole = statement()
    content = jws(signer, whole)
    sent = {**whole, "attachments": [signature_of(content)]}
    options = multipart(sent, (content, {"Content-Type": "application/octet-stream"}))
    answer = xapi.ask("POST", "/statements", **options)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("fault", ["other statement", "algorithm", "signature", "no jws", "content type"])
def test_a_signature_that_does_not_hold_is_refused(
    xapi: Client, signer: tuple[rsa.RSAPrivateKey, str], fault: str
) -> None:
    whole = statement()
    payload = {**whole, "verb": {"id": "urn:verb:forged"}} if fault == "other statement" else whole
    content = jws(signer, payload, "HS256" if fault == "algorithm" else "RS256", good=fault != "signature")
    if fault == "no jws":
        content = b"signed, honestly"
    changes = {"contentType": "text/plain"} if fault == "content type" else {}
    sent = {**whole, "attachments": [{**signature_of(content), **changes}]}
    answer = xapi.ask("POST", "/statements", **multipart(sent, (content, {})))
    assert answer.status_code == 400
    assert answer.json()["path"].startswith("$.attachments[0]")
    assert xapi.get("/statements", statementId=whole["id"]).status_code == 404


def test_query_strings_are_read_as_utf_8(xapi: Client) -> None:
    assert xapi.ask("GET", "/statements?verb=%ff").status_code == 400
    iri = "https://school.example/Röntgen"
    xapi.stored(statement(object={"id": iri}))
    assert xapi.ask("GET", f"/activities?{urlencode({'activityId': iri})}").json()["id"] == iri

"""Every route of the program, walked as nobody, as a student, as an instructor and as an administrator.

Nothing here names a route that is guarded as its dependencies say: a route that is added is walked by itself.
What a route needs is made of what it declares: numbers in its address are those of another student's things,
bodies are examples of its models. A route that anybody may call is listed, so that a forgotten subject shows.
"""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.db.models import (
    ClassChange,
    ClassInstructor,
    ClassMeeting,
    ClassSeat,
    ContentPackage,
    IssuedDocument,
    OutboxMessage,
    User,
    XapiCredential,
    XapiForwarder,
)
from app.settings import Settings
from app.web.request import (
    admin_subject,
    brief_subject,
    current_subject,
    staff_subject,
    uploading_staff,
)
from tests.conftest import sign_in_directly
from tests.factories.accounts import ApiTokenFactory, UserSessionFactory
from tests.factories.school import School

PUBLIC = {
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("POST", "/api/v1/session"),
    ("GET", "/forgot"),
    ("POST", "/forgot"),
    ("POST", "/api/v1/password-resets"),
    ("GET", "/set-password/{secret}"),
    ("POST", "/set-password/{secret}"),
    ("POST", "/api/v1/passwords"),
    # What anybody needs who verifies a document of the school's.
    ("GET", "/documents/authority/root.pem"),
    ("GET", "/documents/authority/certificates.pem"),
    ("GET", "/documents/authority/crls.pem"),
}
OWN = ("/account", "/hours", "/api/v1/me", "/api/v1/session", "/api/v1/tokens", "/api/v1/attendance/clock")
"""Where a student changes what is hers and no number in the address says whose it is."""

NASTY_PARTS = (
    "%00",
    "-1",
    "99999999999999999999999",
    "%ED%A0%80%FF",
    "1%0D%0AX-Evil:%201",
    "..%2F" + "a" * 3000,
)
NASTY_QUERIES = (
    "%00",
    "%FF%FE",
    "-1",
    "99999999999999999999999",
    "9999-12-31",
    "%5C%25_%27%22%3B--" + "a" * 300,
)
NASTY_JSON = (b"", b'{"\xff": ', b"1" * 5000, b"[" * 50_000)
_PART = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n\\ud800\r\n--b--'
NASTY_FORMS = (
    ("application/x-www-form-urlencoded", b"%00=%00&%ff=%ff&=&&"),
    ("multipart/form-data", b"x"),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"),
    ("multipart/form-data; boundary=b; charset=undefined", _PART % b"package"),
    ("multipart/form-data; boundary=b; charset=unicode_escape", _PART % b"name"),
    ("text/plain", b"x"),
)
TEXTS = ("\0", "\ud800", "Ａ\u202e" + "x" * 5000)


@dataclass(frozen=True)
class Route:
    """One method of one address, with what it declares."""

    method: str
    path: str
    dependants: tuple[Dependant, ...] = field(repr=False)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    def asks_for(self, *dependencies: Callable[..., Any]) -> bool:
        return any(item.call in dependencies for item in self.dependants)

    @property
    def query_names(self) -> list[str]:
        return [param.alias for item in self.dependants for param in item.query_params]

    @property
    def form(self) -> type[BaseModel] | None:
        for item in self.dependants:
            if item.call is not None and item.call.__qualname__ == "posted.<locals>.read":
                model: type[BaseModel] = inspect.getclosurevars(item.call).nonlocals["model"]
                return model
        return None

    @property
    def bodies(self) -> list[Any]:
        return [param for item in self.dependants for param in item.body_params]


def every_route(app: FastAPI) -> list[Route]:
    found = []
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        parts = tuple(_flat(dependant)) if dependant is not None else ()
        path, methods = getattr(context, "path", None), getattr(context, "methods", None)
        if path is not None and methods:
            found += [Route(method, path, parts) for method in methods - {"HEAD"}]
    return sorted(found, key=lambda route: (route.path, route.method))


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _flat(part)


@dataclass
class Walk:
    """The program with two students of different programs, and a way to call it that leaves no trace."""

    app: FastAPI
    connection: Connection
    origin: str
    people: dict[str, User | None]
    other: User
    numbers: Mapping[str, int]
    clients: dict[str, TestClient]
    routes: list[Route]

    def call(self, who: str, route: Route, path: str | None = None, **kwargs: Any) -> Response:
        """One request; what it changed is taken back."""
        with self.connection.begin_nested() as savepoint:
            answer = self.clients[who].request(route.method, path or self.address(route), **kwargs)
            savepoint.rollback()
        return answer

    def address(self, route: Route, part: str | None = None) -> str:
        """The route's address with the other student's numbers, or with `part` in each place."""
        pieces = []
        for piece in route.path.split("/"):
            if piece.startswith("{"):
                name = piece.strip("{}").partition(":")[0]
                pieces.append(part if part is not None else str(self.numbers.get(name, self.other.id)))
            else:
                pieces.append(piece)
        return "/".join(pieces)

    def body(self, route: Route, text: str | None = None) -> dict[str, Any]:
        """What the route takes, filled with examples that name the other student's things; `text` in all texts."""
        if route.form is not None:
            files = [name for name, it in route.form.model_fields.items() if it.annotation is UploadFile]
            if files:
                return {"files": dict.fromkeys(files, ("course.zip", b"PK nothing"))}
            schema = route.form.model_json_schema()
            fields = {name: _typed(value) for name, value in self._example(schema, schema, "", text).items()}
            kind = {"content-type": "application/x-www-form-urlencoded"}
            return {"content": urlencode(fields), "headers": kind}
        if not route.bodies:
            return {}
        (param,) = route.bodies
        schema = TypeAdapter(param.field_info.annotation).json_schema()
        value = self._example(schema, schema, "", text)
        # json.dumps and not the client's own: it writes half characters as escapes.
        return {"content": json.dumps(value), "headers": {"content-type": "application/json"}}

    def _example(self, schema: dict[str, Any], root: dict[str, Any], name: str, text: str | None) -> Any:
        if "$ref" in schema:
            return self._example(root["$defs"][schema["$ref"].rpartition("/")[2]], root, name, text)
        if "anyOf" in schema:
            return self._example(
                next(s for s in schema["anyOf"] if s.get("type") != "null"), root, name, text
            )
        if "enum" in schema or "const" in schema:
            return schema.get("enum", [schema.get("const")])[0]
        match schema.get("type"):
            case "object":
                wanted = schema.get("required", [])
                return {
                    key: self._example(part, root, key, text)
                    for key, part in schema.get("properties", {}).items()
                    if key in wanted or key in self.numbers
                }
            case "array":
                return [self._example(schema["items"], root, name, text)]
            case "integer" | "number":
                if text is not None:
                    return 10**30
                return self.numbers.get(name, schema.get("minimum", 1))
            case "boolean":
                return False
        if text is not None:
            return text
        return (
            _TEXTS.get(name)
            or _TEXTS.get(schema.get("format", ""))
            or "An example"[: schema.get("maxLength")]
        )


_TEXTS = {
    "date": "2026-05-04",
    "date-time": "2026-05-04T12:00:00",
    "email": "zebulona@example.org",
    "content_url": "https://example.org/video",
    "starts_at": "09:00:00",
    "ends_at": "10:00:00",
}


_MORNING = (0, time(9), time(12))


def _typed(value: object) -> object:
    return (
        json.dumps(value)
        if isinstance(value, dict | list)
        else str(value).encode("utf-8", "replace").decode()
    )


@pytest.fixture
def walk(app: FastAPI, session: Session, connection: Connection, settings: Settings) -> Iterator[Walk]:
    school = School(session)
    mine = school.enrollment(school.student(), school.program())
    school.lesson(school.module(mine.program))
    other = school.student(full_name="Zebulona Quistgaard", email="zebulona@example.org")
    enrollment = school.enrollment(other, school.program())
    module = school.module(enrollment.program)
    lesson = school.lesson(module)
    record = school.attendance(enrollment)
    school.completion(enrollment, lesson)
    school.scorm_data(enrollment, lesson)
    message = OutboxMessage(to_address=other.email, subject="To you", body_text="A secret")
    package = ContentPackage(
        lesson_id=lesson.id, version=1, standard="scorm12", title="Hers", file_name="x.zip", sha256="0" * 64,
        size_bytes=1, manifest={"standard": "scorm12", "edition": "1.2", "identifier": "x", "title": "Hers", "items": [
            {"id": "sco", "title": "Hers", "path": "index.html"}]}, warnings=[],
    )  # fmt: skip
    # A secret that cannot be unsealed: nobody is asked in earnest.
    target = XapiForwarder(
        label="Archive", endpoint="https://lrs.example.org", username="key", password_sealed=""
    )
    credential = XapiCredential(
        key="key", secret_hash="0" * 64, kind="client", label="Simulator", scopes=["all"], authority={}
    )
    taught = school.school_class(students=[enrollment], teacher=school.instructor(), weekly=[_MORNING])
    change = ClassChange(class_id=taught.id, kind="cancelled", day=date(2026, 1, 12))
    # Of a document that never came to be; the file of one is in no store here.
    document = IssuedDocument(
        kind="enrollment_letter", year=2026, serial=1, number="EV-2026-000001", status="void", void_reason="A test",
        student_id=other.id, enrollment_id=enrollment.id, request=UUID(int=1),
    )  # fmt: skip
    session.add_all([message, package, target, credential, change, document])
    session.flush()
    people = {
        "nobody": None,
        "student": session.get_one(User, mine.user_id),
        "instructor": school.instructor(),
        "admin": school.admin(),
    }
    numbers = {
        "user_id": other.id,
        "student_id": other.id,
        "program_id": enrollment.program_id,
        "module_id": module.id,
        "lesson_id": lesson.id,
        "enrollment_id": enrollment.id,
        "forwarder_id": target.id,
        "credential_id": credential.id,
        "record_id": record.id,
        "class_id": taught.id,
        "change_id": change.id,
        **{
            name: session.scalars(select(model.id).where(model.class_id == taught.id)).one()
            for name, model in (
                ("meeting_id", ClassMeeting),
                ("assignment_id", ClassInstructor),
                ("seat_ids", ClassSeat),
            )
        },
        "session_id": UserSessionFactory(session=session, user_id=other.id).id,
        "token_id": ApiTokenFactory(session=session, user_id=other.id).id,
        "message_id": message.id,
        "document_id": document.id,
    }
    clients = {}
    for name, person in people.items():
        client = TestClient(
            app, base_url=settings.app_origin, follow_redirects=False, raise_server_exceptions=False
        )
        clients[name] = client if person is None else sign_in_directly(session, client, person)
    session.commit()
    yield Walk(app, connection, settings.app_origin, people, other, numbers, clients, every_route(app))
    for client in clients.values():
        client.close()


def test_the_walk_finds_the_routes(walk: Walk) -> None:
    """If the way to find routes breaks, the tests below must not pass for want of any."""
    known = {(route.method, route.path) for route in walk.routes}
    assert {
        ("GET", "/"),
        ("POST", "/people/{user_id}/delete"),
        ("PATCH", "/api/v1/lessons/{lesson_id}"),
    } <= known
    assert known >= PUBLIC
    assert len(known) > 120


def test_nobody_is_asked_to_sign_in_everywhere(walk: Walk) -> None:
    wrong = []
    for route in walk.routes:
        if (route.method, route.path) in PUBLIC:
            assert walk.call("nobody", route, **walk.body(route)).status_code < 500
            continue
        answer = walk.call("nobody", route, **walk.body(route))
        signs_in = answer.headers.get("location", "").startswith("/sign-in")
        if answer.status_code != (401 if route.is_api else 303) or not (route.is_api or signs_in):
            wrong.append((route, answer.status_code))
    assert not wrong


def test_a_route_that_asks_for_nobody_is_public_on_purpose(walk: Walk) -> None:
    unasked = {
        (route.method, route.path)
        for route in walk.routes
        if not route.asks_for(current_subject, brief_subject, staff_subject, admin_subject, uploading_staff)
    }
    assert unasked == PUBLIC


def test_roles_are_kept_out_where_the_route_says_so(walk: Walk) -> None:
    wrong = []
    for route in walk.routes:
        body = walk.body(route)
        if route.asks_for(admin_subject):
            wrong += [
                (who, route, status)
                for who in ("student", "instructor")
                if (status := walk.call(who, route, **body).status_code) != 403
            ]
        elif route.asks_for(staff_subject, uploading_staff):
            if (status := walk.call("student", route, **body).status_code) != 403:
                wrong.append(("student", route, status))
            if (status := walk.call("instructor", route, **body).status_code) >= 500:
                wrong.append(("instructor", route, status))
    assert not wrong


def test_a_student_reaches_nothing_of_another(walk: Walk) -> None:
    wrong = []
    for route in walk.routes:
        if (route.method, route.path) in PUBLIC:
            continue
        params = {name: walk.numbers[name] for name in route.query_names if name in walk.numbers}
        answer = walk.call("student", route, params=params, **walk.body(route))
        status = answer.status_code
        refused = status in (403, 404)
        if "{" in route.path:
            fine = refused
        elif route.method == "GET":
            fine = refused or status in (200, 303)
        else:
            fine = refused or (route.path.startswith(OWN) and status < 500)
        if not fine or walk.other.full_name in answer.text or walk.other.email in answer.text:
            wrong.append((route, status, answer.text[:200] if status == 422 else ""))
    assert not wrong


def test_no_address_breaks_a_route(walk: Walk) -> None:
    broken = []
    for route in walk.routes:
        if "{" not in route.path:
            continue
        for part in NASTY_PARTS:
            answer = walk.call("admin", route, walk.address(route, part), **walk.body(route))
            if not 300 <= answer.status_code < 500:
                broken.append((route, part[:40], answer.status_code))
            assert "x-evil" not in answer.headers
    assert not broken


def test_no_query_breaks_a_route(walk: Walk) -> None:
    broken = []
    for route in walk.routes:
        if route.method != "GET":
            continue
        names = [*route.query_names, "unknown"]
        queries = ["&".join(f"{name}={value}&{name}={value}" for name in names) for value in NASTY_QUERIES]
        # Each alone as well: the first that is refused hides the others.
        for query in [*queries, *(f"{name}={value}" for name in names for value in NASTY_QUERIES[:1])]:
            answer = walk.call("admin", route, f"{walk.address(route)}?{query}")
            if answer.status_code >= 500:
                broken.append((route, query[:80], answer.status_code))
    assert not broken


def test_lists_are_files_too(walk: Walk) -> None:
    for route in walk.routes:
        if route.method == "GET" and "format" in route.query_names:
            answer = walk.call("admin", route, params={"format": "csv"})
            assert answer.status_code < 400, route


def test_no_body_breaks_a_route(walk: Walk) -> None:
    broken = []
    for route in walk.routes:
        if route.method == "GET":
            continue
        if route.is_api:
            bodies = [{"content": it, "headers": {"content-type": "application/json"}} for it in NASTY_JSON]
        else:
            bodies = [{"content": it, "headers": {"content-type": kind}} for kind, it in NASTY_FORMS]
        if route.form or route.bodies:
            bodies += [walk.body(route, text) for text in TEXTS]
        for body in bodies:
            answer = walk.call("admin", route, **body)
            if answer.status_code >= 500:
                broken.append((route, str(body)[:80], answer.status_code))
    assert not broken

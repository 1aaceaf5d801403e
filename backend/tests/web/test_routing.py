"""Routes are found by their first segment, and everything else is as FastAPI has it."""

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import Response
from starlette.testclient import TestClient

from app.web import routing


def _closed() -> None:
    raise HTTPException(403)


@pytest.fixture(scope="module")
def browser() -> TestClient:
    first, second, inner, plain = APIRouter(), APIRouter(), APIRouter(prefix="/rooms"), APIRouter()
    first.get("/")(lambda: "home")
    first.get("/people/new")(lambda: "new")

    @second.get("/people/{number}")
    def person(number: int) -> int:
        return number

    second.post("/people/{number}")(lambda: "changed")
    first.get("/people/{number}/files/{name:path}")(lambda name: name)
    second.get("/people/{number}/files")(lambda: "files")
    inner.get("/one")(lambda: "one")
    second.include_router(inner)
    plain.get("/people/{number}/notes")(lambda: "notes")
    second.include_router(plain)
    second.include_router(plain, prefix="/halls")
    refused = APIRouter()
    refused.get("/closed/door")(lambda: "open")
    second.include_router(refused, dependencies=[Depends(_closed)])
    app = FastAPI()
    mounted = FastAPI()
    mounted.get("/file")(lambda: "file")
    routing.Addresses([first, second]).install(app, [("/static", mounted)])
    return TestClient(app, follow_redirects=False)


@pytest.mark.parametrize(
    ("method", "path", "status", "answer"),
    [
        ("GET", "/", 200, "home"),
        ("GET", "/people/new", 200, "new"),
        ("GET", "/people/7", 200, 7),
        ("POST", "/people/7", 200, "changed"),
        ("GET", "/people/7/files", 200, "files"),
        ("GET", "/people/7/files/one", 200, "one"),
        ("GET", "/people/7/files/one/two/three", 200, "one/two/three"),
        ("GET", "/people//files", 404, None),
        ("GET", "/rooms/one", 200, "one"),
        ("GET", "/people/7/notes", 200, "notes"),
        ("GET", "/halls/people/7/notes", 200, "notes"),
        ("GET", "/closed/door", 403, None),
        ("GET", "/static/file", 200, "file"),
        ("GET", "/openapi.json", 200, None),
        ("PUT", "/people/7", 405, None),
        ("GET", "/people/new/", 307, None),
        ("GET", "/people/7/x", 404, None),
        ("GET", "/nothing", 404, None),
        ("GET", "//people/new", 404, None),
    ],
)
def test_each_address_is_answered_by_its_route(
    browser: TestClient, method: str, path: str, status: int, answer: object
) -> None:
    found = browser.request(method, f"http://testserver{path}")
    assert found.status_code == status
    if answer is not None:
        assert found.json() == answer


def test_what_stands_before_every_route_stands_before_these() -> None:
    asked: list[str] = []
    router = APIRouter()
    router.get("/page")(lambda: "page")

    async def before(request: Request) -> None:
        asked.append(request.url.path)

    addresses = routing.Addresses([router], before)
    for _ in range(2):
        app = FastAPI()
        addresses.install(app)
        assert TestClient(app).get("/page").json() == "page"
        assert TestClient(app).get("/unknown").status_code == 404
    assert asked == ["/page", "/page"]


def test_what_is_refused_before_its_route_is_known_by_it() -> None:
    router = APIRouter()
    router.get("/people/{number}")(lambda: "page")
    seen: list[object] = []

    async def before(_request: Request) -> None:
        raise HTTPException(429)

    def answer(request: Request, _error: Exception) -> Response:
        seen.append(request.scope["route"].path)
        return Response(status_code=429)

    app = FastAPI()
    app.add_exception_handler(HTTPException, answer)
    routing.Addresses([router], before).install(app)
    assert TestClient(app).get("/people/7").status_code == 429
    assert seen == ["/people/{number}"]


def test_an_address_that_begins_with_anything_is_refused() -> None:
    router = APIRouter()
    router.get("/{anything}/page")(lambda: "no")
    with pytest.raises(ValueError, match="begins with a word"):
        routing.Addresses([router])

"""Every route of the system, walked as nobody, as a student and as an administrator, with good and bad input.

Nothing here names a route that is guarded as its dependencies say: a route that is added is walked by itself. A route
that anybody may call is listed, so that a forgotten subject shows. Who may call what is the table's question
(tests/permissions).
"""

from app.web.request import (
    brief_subject,
    current_subject,
    database_asked_for,
    database_session,
    optional_subject,
)
from tests.web.routes import PUBLIC
from tests.web.walk import Walk

OWN = (
    "/account",
    "/prove",
    "/hours",
    "/api/v1/me",
    "/api/v1/session",
    "/api/v1/tokens",
    "/api/v1/attendance/clock",
    "/api/v1/complaints",
)
"""Where students change what is theirs and no number in the address says whose it is."""

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
        if not route.asks_for(current_subject, brief_subject) and not route.permissions
    }
    assert unasked == PUBLIC


def test_no_route_looks_twice_who_it_is(walk: Walk) -> None:
    """`current_subject` looks for itself: what it asks for is put together for every route."""
    assert not [
        route for route in walk.routes if route.asks_for(current_subject) and route.asks_for(optional_subject)
    ]


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


def test_no_route_holds_a_transaction_while_it_works_long(walk: Walk) -> None:
    """One that takes the database itself asks who it is by `BriefSubject` or `uploading`, and for nothing that stays
    open: two connections for one request are what lets twenty of them wait for each other.
    """
    wrong = [
        route
        for route in walk.routes
        if route.asks_for(brief_subject)
        and route.asks_for(database_asked_for)
        and route.asks_for(database_session)
    ]
    assert not wrong


def test_no_address_breaks_a_route(walk: Walk) -> None:
    broken = []
    for route in walk.routes:
        if "{" not in route.path:
            continue
        for part in NASTY_PARTS:
            answer = walk.call("administrator", route, walk.address(route, part), **walk.body(route))
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
        if not route.query_names:
            # Nobody takes a value apart there, so that none hides the others.
            queries = ["&".join(queries)]
        # Each text alone as well: the first that is refused hides the others.
        for query in [*queries, *(f"{name}=%00" for name in route.query_texts)]:
            answer = walk.call("administrator", route, f"{walk.address(route)}?{query}")
            if answer.status_code >= 500:
                broken.append((route, query[:80], answer.status_code))
    assert not broken


def test_lists_are_files_too(walk: Walk) -> None:
    for route in walk.routes:
        if route.method == "GET" and "format" in route.query_names:
            answer = walk.call("administrator", route, params={"format": "csv"})
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
            answer = walk.call("administrator", route, **body)
            if answer.status_code >= 500:
                broken.append((route, str(body)[:80], answer.status_code))
    assert not broken

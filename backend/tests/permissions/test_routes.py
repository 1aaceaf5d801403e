"""Every route, called as every kind of person, against the table in routes.txt.

A route that is added has no row and fails here; the message has the row to check and to paste.
"""

import pytest

from tests.permissions import table
from tests.web.routes import PUBLIC
from tests.web.walk import Walk

PARTS = 6
"""The walk is cut, so that several workers share it."""
WHO = ["nobody", "student", *table.DUTIES]
OWN = ("/account", "/api/v1/me", "/api/v1/session", "/api/v1/tokens", "/prove", "/sign-out")
"""Where everybody changes what is theirs alone."""
CHANGES_NOTHING = (
    "/agreements/wording/preview",
    "/api/v1/refunds/preview",
    "/api/v1/lrs/credentials",
    "/documents/verify",
    "/inspections",
    "/people/identifier-search",
    "/refunds/preview",
    "/verify/transcript",
)
"""Where a request is sent on to another address, which asks again, or a file is looked at."""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_route_lets_those_in_whom_the_table_names(walk: Walk, part: int) -> None:
    found = {}
    for route in walk.routes[part::PARTS]:
        body = walk.body(route)
        marks = ""
        for who in WHO:
            answer = walk.call(who, route, **body)
            # 503: what signs documents is not set up here.
            assert answer.status_code < 500 or answer.status_code == 503, (who, route, answer.text[:500])
            public = (route.method, route.path) in PUBLIC
            signs_in = not public and answer.headers.get("location", "").startswith("/sign-in")
            marks += "." if answer.status_code in (401, 403, 404) or signs_in else "+"
        found[f"{route.method} {route.path}"] = marks
    known = {f"{route.method} {route.path}" for route in walk.routes}
    expected = {
        name: marks for name, marks in table.read("routes.txt").items() if name in found or name not in known
    }
    assert not (wrong := table.differences(expected, found)), f"\n{wrong}"


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    """Whatever an administrator reads, an auditor reads too, but deleted people and forms to change something."""
    place = {who: WHO.index(who) for who in ("nobody", "auditor", "administrator", "student")}
    changed, hidden = [], []
    for name, marks in table.read("routes.txt").items():
        method, _, path = name.partition(" ")
        if marks[place["nobody"]] == "+":
            continue
        if method != "GET" and marks[place["auditor"]] == "+" and not path.startswith(OWN + CHANGES_NOTHING):
            changed.append(name)
        if method == "GET" and marks[place["administrator"]] == "+" and marks[place["auditor"]] != "+":
            hidden.append(name)
    assert not changed
    forms = (
        "/new",
        "/edit",
        "/end",
        "/delete",
        "/complete",
        "/withdraw",
        "/withdrawal",
        "/try",
        "/factors",
        "/reveal",
        "/rotate",
        "/reverse",
        "/people/deleted",
        "/conditions",
        "/content/reuse",
        "/modules/{module_id}/content",
    )
    drafts = tuple(
        address
        for draft in ("/letter", "/attendance-record", "/skills-record", "/progress-letter", "/transcript")
        for address in (draft, f"{draft}/preview")
    )
    drafts += ("/credential", "/credential/preview", "}/credentials", "/replace")
    # A card clocks in as its student: it is for those who hand it out.
    drafts += ("/kiosk-cards", "/kiosk-cards/{card_id}")
    # It has taxpayer numbers in full.
    drafts += ("/1098-t/preparer.csv",)
    assert [name for name in hidden if not name.endswith(forms + drafts)] == []

"""What clients store comes back as they named it, and must not run in a browser that is led to it."""

from tests.lrs.serving import Client


def test_a_stored_page_runs_nothing(xapi: Client) -> None:
    where = {"activityId": "https://example.org/inert", "profileId": "page"}
    page = b"<script>alert(document.cookie)</script>"
    put = xapi.ask(
        "PUT", "/activities/profile", params=where, content=page,
        headers={"Content-Type": "text/html", "If-None-Match": "*"},
    )  # fmt: skip
    assert put.status_code == 204, put.text
    answer = xapi.ask("GET", "/activities/profile", params=where)
    assert answer.content == page
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_refusal_is_as_inert(xapi: Client) -> None:
    answer = xapi.ask("GET", "/<script>")
    assert answer.status_code == 404
    assert "sandbox" in answer.headers["content-security-policy"]

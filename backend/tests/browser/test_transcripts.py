"""A transcript in a real Chromium: the registrar issues it, and a stranger verifies it by its QR code and its file."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pikepdf
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.db.models import User
from tests.browser.conftest import Seen
from tests.compliance.transcripts.conftest import filled
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser


def test_a_registrar_issues_and_a_stranger_verifies(
    page: Page, seen: Seen, signed_in_as: Callable[[User], None], live_server: LiveServer, tmp_path: Path
) -> None:
    with live_server.database.begin() as session:
        world = filled(session, live_server.settings)
        people = {one.id: one for one in session.scalars(select(User))}
    maria, registrar = world["maria"].user_id, people[world["registrar"].user_id]
    signed_in_as(people[maria])
    page.goto("/account/records")
    seen("records-empty")
    page.get_by_role("link", name="Request a transcript").click()
    page.get_by_label("Recipient", exact=True).fill("A college")
    page.get_by_label("Purpose", exact=True).fill("Transfer")
    page.get_by_label("Program", exact=True).select_option(label="Dental Assistant Professional")
    page.get_by_label("Give me a secure link to pass on").check()
    page.get_by_label("I consent").check()
    seen("request-a-transcript")
    page.get_by_role("button", name="Request the transcript").click()
    expect(page.get_by_text("Waiting").first).to_be_visible()

    signed_in_as(registrar)
    page.goto("/transcripts/requests?state=waiting")
    seen("transcript-requests")
    page.get_by_role("link", name="Maria Lopez").click()
    seen("transcript-request")
    page.get_by_role("button", name="Issue and deliver").click()
    link = page.get_by_label("Link, shown once").input_value()
    seen("transcript-request-fulfilled")
    page.get_by_role("link", name="Transcript TR-").click()
    number = page.locator(".page-subtitle").inner_text()
    with page.expect_download() as got:
        page.get_by_role("link", name="Download the PDF").click()
    path = tmp_path / "transcript.pdf"
    got.value.save_as(path)
    page.goto("/transcripts")
    seen("transcripts")
    page.goto(f"/people/{maria}/holds")
    page.get_by_label("Reason", exact=True).fill("A balance of $200 is due.")
    page.get_by_role("button", name="Place the hold").click()
    seen("holds")
    page.goto(f"/transcripts/batches/new?class_id={world['class_id']}")
    seen("batch")

    page.context.clear_cookies()
    with pikepdf.open(path) as opened:
        links = [str(note.A.URI) for one in opened.pages for note in one.get("/Annots", []) if "/A" in note]
    (scanned,) = {one for one in links if "#" in one}
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(scanned)
    expect(page.get_by_text(f"Transcript {number} was issued and is valid")).to_be_visible()
    expect(page.get_by_text("M. L.")).to_be_visible()
    expect(page.get_by_text("Lopez")).to_have_count(0)
    seen("verified-by-qr")
    page.get_by_label("PDF file").set_input_files(path)
    expect(page.get_by_text("This is the file that the school issued, unchanged")).to_be_visible()
    seen("verified-by-file")
    path.write_bytes(path.read_bytes() + b" ")
    page.get_by_label("PDF file").set_input_files(path)
    expect(page.get_by_text("This is not the file that the school issued")).to_be_visible()
    seen("refused-file")
    host = urlsplit(live_server.url).netloc
    assert {urlsplit(one).netloc for one in requested} == {host}
    code = scanned.rpartition(".")[2]
    assert not [one for one in requested if code in one.partition("#")[0]]

    page.goto(link)
    expect(page.get_by_text("Anatomy of teeth")).to_be_visible()
    seen("shared-transcript")

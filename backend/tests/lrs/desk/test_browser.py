"""The LRS's pages in Chromium: what a mouse and a keyboard reach, on a phone and at a desk."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core import clock
from app.core.files import open_store
from app.db.models import User
from app.lrs.desk.forwarding import delivery
from app.lrs.desk.imports import ingest as taking
from app.lrs.desk.imports import runner
from tests import projecting
from tests.browser.axe import assert_accessible
from tests.conftest import LiveServer
from tests.factories.school import School
from tests.lrs.desk.conftest import Scene, make_scene
from tests.lrs.desk.signing_in import sign_in
from tests.lrs.examples import statement

pytestmark = pytest.mark.browser


def _scene(server: LiveServer) -> Scene:
    with server.database.begin() as session:
        scene = make_scene(session)
        others = [School(session).student(full_name=name) for name in ("Bo Lind", "Chi Nguyen")]
        for student in others:
            enrollment = scene.school.enrollment(student, scene.program)
            stage = replace(scene, student=student, enrollment=enrollment)
            projecting.clock_in(session, stage, clock.now())
            projecting.clock_out(session, stage, 215, clock.now())
        projecting.complete_lesson(session, scene, None, 100, clock.now())
        projecting.project(session)
    stranger = statement(timestamp=clock.now().isoformat().replace("+00:00", "Z"))
    taking.take_in(server.database, server.url, iter([json.dumps(stranger).encode()]))
    return scene


def _open(browser: Browser, server: LiveServer, user: User, size: tuple[int, int], scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        base_url=server.url,
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    sign_in(context, server, user)
    return context.new_page()


def _look(page: Page, address: str, name: str, folder: Path) -> None:
    page.goto(address)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        f"{address} is wider than the window"
    )
    page.screenshot(path=folder / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("size", "scheme"), [((390, 844), "dark"), ((1280, 900), "light")])
def test_every_page_is_reachable_and_fits(
    browser: Browser, live_server: LiveServer, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    scene = _scene(live_server)
    page = _open(browser, live_server, scene.admin, size, scheme)
    names = {
        "statements": "/lrs/statements",
        "none": "/lrs/statements?person=nobody",
        "fault": "/lrs/statements?verb=passed",
        "charts": "/lrs/charts",
        "keys-empty": "/lrs/keys",
        "key-new": "/lrs/keys/new",
        "launches-empty": "/lrs/keys/launches",
        "imports-empty": "/lrs/imports",
        "forwarding-empty": "/lrs/forwarding",
        "forwarder-new": "/lrs/forwarding/new",
    }
    for name, address in names.items():
        _look(page, address, name, tmp_path)
    page.goto("/lrs/statements")
    page.get_by_role("link", name=re.compile("^Open: Ana Ruiz completed")).first.click()
    expect(page.get_by_role("region", name="The statement as JSON")).to_contain_text('"objectType": "Agent"')
    _look(page, page.url, "statement", tmp_path)

    page.goto("/lrs/keys/new")
    page.get_by_label("Name", exact=True).fill("Simulator")
    page.get_by_role("button", name="Create API key").click()
    expect(page.get_by_role("heading", name="API key created")).to_be_visible()
    assert_accessible(page)
    page.screenshot(path=tmp_path / "secret.png", full_page=True)
    page.get_by_role("link", name="Done, I have it").click()
    _look(page, page.url, "keys", tmp_path)
    page.get_by_role("button", name="Revoke").click()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()

    page.goto("/lrs/imports")
    bad = json.dumps(statement()) + "\nnot a statement\n"
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "old store.ndjson", "mimeType": "application/json", "buffer": bad.encode()}
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("waiting to be imported")).to_be_visible()
    number = int(page.url.rpartition("/")[2])
    settings = live_server.settings
    runner.work(live_server.database, settings.app_origin, open_store(settings), number)
    expect(page.get_by_text("The whole file has been read; 1 of its entries")).to_be_visible()
    _look(page, page.url, "import", tmp_path)
    _look(page, "/lrs/imports", "imports", tmp_path)
    page.get_by_role("link", name="old store.ndjson").click()
    page.get_by_role("button", name="Remove import").click()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No file has been imported yet.")).to_be_visible()

    page.goto("/lrs/forwarding/new")
    page.get_by_label("Name", exact=True).fill("Archive")
    page.get_by_label("Endpoint").fill("http://127.0.0.1:1/xapi")
    page.get_by_label("Key", exact=True).fill("key")
    page.get_by_label("Secret").fill("secret")
    page.get_by_label("Also send statements already stored").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("127.0.0.1 cannot be reached")).to_be_visible()
    target = int(re.search(r"/forwarding/(\d+)", page.url)[1])  # type: ignore[index]
    delivery.forward(live_server.database, settings, target)
    _look(page, f"/lrs/forwarding/{target}", "forwarder", tmp_path)
    _look(page, "/lrs/forwarding", "forwarding", tmp_path)
    page.context.close()


def test_the_tail_follows_and_can_be_paused(browser: Browser, live_server: LiveServer) -> None:
    scene = _scene(live_server)
    page = _open(browser, live_server, scene.admin, (1280, 900), "light")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/lrs/statements")
    rows = page.locator("[data-tail-rows] tbody tr")
    before = rows.count()

    def happen() -> None:
        with live_server.database.begin() as session:
            projecting.clock_in(session, scene, clock.now())
            projecting.project(session)

    page.get_by_role("button", name="Follow live").click()
    happen()
    expect(rows).to_have_count(before + 1)
    expect(rows.first).to_contain_text("clock hours")
    assert_accessible(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_contain_text("Paused after 1 new")
    happen()
    page.wait_for_timeout(4000)
    expect(rows).to_have_count(before + 1)
    page.get_by_role("button", name="Follow live").click()
    expect(rows).to_have_count(before + 2)
    assert not complaints
    page.context.close()


def test_the_tail_stops_when_nobody_is_signed_in_any_more(browser: Browser, live_server: LiveServer) -> None:
    scene = _scene(live_server)
    page = _open(browser, live_server, scene.admin, (1280, 900), "light")
    page.goto("/lrs/statements?verb=http://adlnet.gov/expapi/verbs/attended")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/tail" in request.url else None)
    page.context.clear_cookies()
    page.get_by_role("button", name="Follow live").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out")
    expect(page.get_by_role("button", name="Follow live")).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(4000)
    assert len(asked) == 1
    page.get_by_role("link", name="Sign in again").click()
    expect(page).to_have_url(re.compile(r"/sign-in\?next=.*attended"))
    page.context.close()


@pytest.mark.parametrize(("size", "scheme"), [((390, 844), "dark"), ((1280, 900), "light")])
def test_long_words_stay_within_the_page(
    browser: Browser, live_server: LiveServer, tmp_path: Path, size: tuple[int, int], scheme: str
) -> None:
    long = "x" * 300
    odd = statement(
        actor={"account": {"homePage": f"https://people.example/{long}", "name": long}},
        object={"id": f"https://things.example/{long}"},
        result={"response": long},
        attachments=[
            {"usageType": "https://x.example/photo", "display": {"en": long}, "contentType": "image/png",
             "length": 5, "sha2": "a" * 64, "fileUrl": f"https://files.example/{long}"}
        ],
        timestamp=clock.now().isoformat().replace("+00:00", "Z"),
    )  # fmt: skip
    scene = _scene(live_server)
    lines = [
        json.dumps(odd).encode(),
        b"\n",
        json.dumps(statement(actor=odd["actor"] | {"name": long})).encode(),
    ]
    assert taking.take_in(live_server.database, live_server.url, iter(lines)).stored == 2
    page = _open(browser, live_server, scene.admin, size, scheme)
    for name, address in {
        "list": "/lrs/statements",
        "one": f"/lrs/statements/{odd['id']}",
        "choices": "/lrs/statements?person=xxx&activity=a",
        "charts": "/lrs/charts?person=xxx",
    }.items():
        _look(page, address, name, tmp_path)
    page.goto("/lrs/statements")
    for link in page.get_by_role("link", name=re.compile("^Open: ")).all():
        box = link.bounding_box()
        assert box
        assert box["x"] + box["width"] <= size[0]
    page.context.close()

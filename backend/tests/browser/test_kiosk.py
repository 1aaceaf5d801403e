"""A kiosk in a real Chromium: registered by a code, punched at online and offline, synced once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.core import clock
from app.db.models import Attendance, KioskPunch, User
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.school import School

pytestmark = pytest.mark.browser
SignIn = Callable[[User], None]


def _enter(page: Page, digits: str) -> None:
    for digit in digits:
        page.get_by_role("button", name=digit, exact=True).click()


def test_a_tablet_is_registered_and_keeps_punches_while_it_is_offline(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        admin, student = school.admin(full_name="Ada Admin"), school.student(full_name="Amira Khan")
        school.enrollment(student, school.program(name="Dental Assistant"), enrolled_at=clock.now().date())
        number = str(student.id)

    if (page.viewport_size or {"width": 0})["width"] > 600:
        page.set_viewport_size({"width": 820, "height": 1180})
    signed_in_as(student)
    page.goto("/hours/kiosk-pin")
    page.get_by_label("New PIN", exact=True).fill("123456")
    page.get_by_label("New PIN again").fill("123456")
    page.get_by_role("button", name="Save the PIN").click()
    expect(page.get_by_text("too easy to guess").first).to_be_visible()
    page.get_by_label("New PIN", exact=True).fill("204815")
    page.get_by_label("New PIN again").fill("204815")
    seen("kiosk-pin")
    page.get_by_role("button", name="Save the PIN").click()
    expect(page.get_by_text("You chose your PIN on")).to_be_visible()

    signed_in_as(admin)
    page.goto("/attendance/kiosks")
    page.get_by_label("Name").fill("Front desk")
    page.get_by_role("button", name="Add and show its code").click()
    code = page.locator(".notice .stat-value").inner_text()
    seen("kiosk-code")

    page.context.clear_cookies()
    page.goto("/kiosk")
    page.get_by_label("Registration code").fill(code)
    seen("kiosk-register")
    page.get_by_role("button", name="Register this tablet").click()
    expect(page.get_by_role("button", name="Clock in")).to_be_visible()
    seen("kiosk-start")
    keys = page.locator(".kiosk-choice")
    assert min(keys.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")) >= 100

    page.get_by_role("button", name="Clock in").click()
    _enter(page, number)
    page.get_by_role("button", name="Next").click()
    _enter(page, "204815")
    seen("kiosk-pad")
    keys = page.locator(".kiosk-key")
    assert min(keys.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")) >= 64
    page.get_by_role("button", name="Clock in", exact=True).click()
    expect(page.get_by_text("Amira K.")).to_be_visible()
    expect(page.get_by_text("Clocked in at")).to_be_visible()
    seen("kiosk-recorded")
    page.get_by_role("button", name="Done").click()

    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    # The worker has the page: a tablet that is started again without the network is a kiosk all the same.
    page.reload()
    expect(page.get_by_role("button", name="Clock out")).to_be_visible()
    page.get_by_role("button", name="Clock out").click()
    # A keyboard does as well as a finger.
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.keyboard.type("204815")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is saved", exact=False).first).to_be_visible()
    seen("kiosk-saved")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("1 punch is saved on this tablet.")).to_be_visible()
    seen("kiosk-offline")
    kept = page.evaluate(
        "new Promise(done => { indexedDB.open('aada-kiosk').onsuccess = event => event.target.result"
        ".transaction('punches').objectStore('punches').getAll().onsuccess = all => done(JSON.stringify("
        "all.target.result)); })"
    )
    assert "204815" not in kept
    with live_server.database.begin() as session:
        assert session.scalars(select(Attendance)).one().clock_out is None

    page.context.set_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.get_by_text("is saved on this tablet.")).to_have_count(0)
    with live_server.database.begin() as session:
        record = session.scalars(select(Attendance)).one()
        assert record.clock_out is not None
        assert record.source == "kiosk"
        punches = session.scalars(select(KioskPunch).order_by(KioskPunch.counter)).all()
        assert [(one.counter, one.kind, one.state) for one in punches] == [
            (1, "in", "recorded"),
            (2, "out", "recorded"),
        ]

    # A wrong PIN is said, and names nobody.
    page.get_by_role("button", name="Clock in").click()
    page.keyboard.type(f"{number}\n999999\n")
    expect(page.get_by_text("The number and the PIN do not match.")).to_be_visible()
    seen("kiosk-refused")
    signed_in_as(admin)
    page.goto("/attendance/kiosk-punches?state=all")
    expect(page.get_by_text("The PIN is not this student’s.")).to_be_visible()
    seen("kiosk-punches")
    page.get_by_role("link", name="Open punch").last.click()
    seen("kiosk-punch")
    page.goto("/attendance/kiosks")
    expect(page.get_by_text("Online")).to_be_visible()
    seen("kiosks")

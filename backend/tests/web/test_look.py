"""The frame and every macro in a real Chromium: accessible, within its policy, usable by keyboard and finger."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import assert_accessible

pytestmark = pytest.mark.browser

SIZES = {"phone": (390, 844), "desk": (1280, 900)}
PAGES = {
    "everything": "/gallery?sort=-name",
    "empty list": "/gallery?empty=yes",
    "nothing found": "/gallery?empty=yes&q=zzz",
    "nobody signed in": "/gallery?signed=no",
    "not found": "/missing",
    "not found, nobody": "/missing?signed=no",
}
Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, gallery_url: str) -> Iterator[Open]:
    """Open a page; at the end no script may have failed and nothing been blocked by the content security policy."""
    pages: list[Page] = []
    complaints: list[str] = []

    def open_(path: str, size: str = "desk", theme: str = "light") -> Page:
        width, height = SIZES[size]
        page = browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            has_touch=size == "phone",
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        pages.append(page)
        page.goto(gallery_url + path)
        return page

    yield open_
    for page in pages:
        page.context.close()
    assert [text for text in complaints if "status of 4" not in text] == []


# The long page in all four combinations; what the short ones add to it is seen in two.
VIEWS = [
    (name, size, theme)
    for name in PAGES
    for size in SIZES
    for theme in ("light", "dark")
    if name == "everything" or (size, theme) in (("phone", "dark"), ("desk", "light"))
]


@pytest.mark.parametrize(("name", "size", "theme"), VIEWS)
def test_every_page_is_accessible_and_fits(open_page: Open, name: str, size: str, theme: str) -> None:
    page = open_page(PAGES[name], size, theme)
    if name == "everything":
        expect(page.locator("[data-chart] canvas")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
    assert_accessible(page, where=f"{name}, {size}, {theme}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_an_unacceptable_form_comes_back_accessible_with_its_summary_in_focus(
    open_page: Open, size: str
) -> None:
    page = open_page("/gallery", size)
    page.get_by_label("Full name").fill("M")
    page.get_by_label("Tuition").fill("12,000.50")
    page.get_by_label("E-mail", exact=True).fill("not an address")
    page.get_by_label("Password").fill("secret of mine")
    page.get_by_label("Monday").check()
    page.get_by_role("button", name="Save").click()
    summary = page.get_by_role("alert").filter(has_text="Nothing was saved yet")
    expect(summary).to_be_focused()
    assert_accessible(page, where="form with errors")

    expect(page.get_by_label("Full name")).to_have_value("M")
    expect(page.get_by_label("Tuition")).to_have_value("12,000.50")
    expect(page.get_by_label("Monday")).to_be_checked()
    expect(page.get_by_label("Password")).to_have_value("")
    email = page.get_by_label("E-mail", exact=True)
    expect(email).to_have_accessible_description(
        "Enter an email address such as name@example.org. The invitation goes to this address."
    )
    summary.get_by_role("link", name="Email").click()
    expect(email).to_be_focused()


@pytest.mark.parametrize("size", SIZES)
def test_what_a_finger_touches_is_44_pixels_high(open_page: Open, size: str) -> None:
    page = open_page("/gallery", size)
    heights = page.evaluate(
        """() => [...document.querySelectorAll(
            "button, .btn, input:not([type=hidden]), select, summary, .tabs a, .nav-list a, .tabbar > *, .check")]
            .filter(e => e.checkVisibility() && !e.matches(".check input"))
            .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height])"""
    )
    assert len(heights) > 20
    assert [(what, height) for what, height in heights if height < 44] == []


def test_slash_goes_to_the_search_but_can_still_be_typed(open_page: Open) -> None:
    page = open_page("/gallery")
    page.keyboard.press("/")
    search = page.get_by_label("Search students and programs")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")


def test_the_first_tab_leads_past_the_navigation(open_page: Open) -> None:
    page = open_page("/gallery")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_dangerous_act_asks_first_and_can_be_left_by_keyboard(open_page: Open) -> None:
    page = open_page("/gallery")
    opener = page.get_by_role("button", name="Withdraw", exact=True)
    opener.press("Enter")
    dialog = page.get_by_role("dialog", name="Withdraw Maria Lopez?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Go back")).to_be_focused()
    assert_accessible(page, where="dialog")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    with page.expect_request("**/withdraw") as sent:
        dialog.get_by_role("button", name="Withdraw the student").click()
    assert sent.value.method == "POST"


def test_the_theme_can_be_switched_and_stays(open_page: Open) -> None:
    page = open_page("/gallery")
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    toggle = page.get_by_role("button", name="Dark theme")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    assert page.evaluate(scheme) == "dark"
    page.reload()
    assert page.evaluate(scheme) == "dark"
    toggle.click()
    assert page.evaluate(scheme) == "light"
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_menus_open_by_keyboard_and_close_by_escape(open_page: Open) -> None:
    page = open_page("/gallery")
    summary = page.locator("[data-menu] summary", has_text="your account")
    summary.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert_accessible(page, where="user menu")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()


def test_a_phone_finds_everything_under_more(open_page: Open) -> None:
    page = open_page("/gallery", "phone", "dark")
    expect(page.get_by_role("navigation", name="Main", exact=True)).to_be_hidden()
    page.get_by_role("button", name="More").tap()
    expect(page.get_by_role("navigation", name="All pages").get_by_role("link", name="Audit")).to_be_visible()
    assert_accessible(page, where="sheet")


def test_the_names_in_a_phones_tab_bar_are_whole(open_page: Open) -> None:
    page = open_page("/gallery", "phone", "light")
    page.set_viewport_size({"width": 320, "height": 640})
    cut = page.evaluate(
        """() => {
          const tabs = [...document.querySelectorAll(".tabbar > *")];
          const cut = [];
          ["Today", "People", "Attendance", "Programs", "More"].forEach((name, at) => {
            tabs[at].querySelector("span").textContent = name;  // those of the staff, the longest there are
          });
          for (const chosen of tabs) {  // the chosen one is bold, and so wider
            for (const tab of tabs) tab.toggleAttribute("aria-current", tab === chosen);
            cut.push(...tabs.map((tab) => tab.querySelector("span"))
              .filter((name) => name.scrollWidth > name.clientWidth).map((name) => name.textContent));
          }
          return cut;
        }"""
    )
    assert cut == []


def test_a_table_becomes_labelled_cards_on_a_phone(open_page: Open) -> None:
    page = open_page("/gallery", "phone")
    cell = page.locator("table.rows td").nth(1)
    assert "Hours" in page.evaluate("e => getComputedStyle(e, '::before').content", cell.element_handle())
    row = page.get_by_role("row").filter(has_text="Maria")
    assert row.get_by_role("rowheader").first.inner_text() == "Maria Lopez-Diaz"


def test_a_second_click_sends_nothing_twice(open_page: Open) -> None:
    page = open_page("/gallery")
    sent: list[str] = []

    def hold(route: object) -> None:
        sent.append("once")

    page.route("**/clock/out", hold)
    button = page.get_by_role("button", name="Clock out")
    button.evaluate("e => { for (const wait of [0, 50, 100]) setTimeout(() => e.click(), wait); }")
    page.wait_for_timeout(400)
    assert sent == ["once"]


def test_the_running_clock_runs_by_the_servers_time(open_page: Open) -> None:
    page = open_page("/gallery")
    # A tablet whose own clock is wrong shows the right time all the same.
    page.clock.install(time=datetime(2020, 1, 1, tzinfo=UTC))
    page.reload()
    timer = page.get_by_role("timer")
    expect(timer).to_contain_text(re.compile(r"^1:02:0\d$"))
    before = timer.inner_text()
    page.clock.run_for(60_000)
    expect(timer).to_contain_text(re.compile(r"^1:03:"))
    assert timer.inner_text() != before


def test_the_top_bar_stays_in_sight(open_page: Open) -> None:
    page = open_page("/gallery")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_label("Search students and programs")).to_be_in_viewport()
    expect(page.get_by_role("navigation", name="Main", exact=True)).to_be_in_viewport()


def test_nothing_is_cut_off_on_the_smallest_screen(open_page: Open) -> None:
    # WCAG 1.4.10: 320 pixels, which is also a desk's window at 400 percent.
    page = open_page("/gallery", "phone")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    outside = """() => [...document.querySelectorAll("#main *")]
        .filter(e => e.checkVisibility() && !e.closest(".tabs, .table-scroll, .visually-hidden, thead, option"))
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 120))"""
    assert page.evaluate(outside) == []


@pytest.mark.parametrize("size", SIZES)
def test_what_has_the_focus_is_never_under_a_bar(open_page: Open, size: str) -> None:
    # WCAG 2.4.11, which axe cannot check.
    page = open_page("/gallery", size)
    covered = """() => {
        const e = document.activeElement;
        if (!e.closest("#main")) return null;
        const box = e.getBoundingClientRect();
        const top = document.querySelector(".topbar").getBoundingClientRect().bottom;
        const bar = document.querySelector(".tabbar").getBoundingClientRect();
        const bottom = bar.height ? bar.top : innerHeight;
        return box.bottom <= top + 1 || box.top >= bottom - 1 ? e.outerHTML.slice(0, 100) : null;
    }"""
    found = []
    for key in ["Tab"] * 60 + ["Shift+Tab"] * 60:
        page.keyboard.press(key)
        found.append(page.evaluate(covered))
    assert [element for element in found if element] == []


def test_paper_has_no_navigation(open_page: Open) -> None:
    page = open_page("/gallery")
    page.emulate_media(media="print")
    expect(page.locator(".sidebar")).to_be_hidden()
    expect(page.locator(".topbar")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()

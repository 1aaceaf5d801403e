import html
import re
from collections import OrderedDict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, FileSystemLoader, UndefinedError
from markupsafe import Markup

from app.core.permissions import Role, Subject
from app.web import navigation
from app.web.assets import STATIC, MissingAssetError, asset_url
from app.web.navigation import ADMINS, EVERYONE, NavItem
from app.web.render import environment, icon, icon_names, initials, render, row_cells, url
from tests.web.gallery import settings

PAGES = {
    "escaped.html": "{{ text }}",
    "undefined.html": "{{ not_given }}",
    "links.html": "{{ query_url(page=2) }}|{{ query_url(q=None, sort='-name') }}|{{ query_pairs('q') }}",
    "times.html": "{{ at|localtime }}|{{ at|ago }}|{{ none|localtime }}|{{ none|ago }}|{{ at|date }}",
    "macro.html": "{% macro m(at) %}{{ at|localtime }}{% endmacro %}",
    "imported.html": "{% import 'macro.html' as other %}{{ other.m(at) }}",
}


@pytest.fixture
def client() -> Iterator[TestClient]:
    environment_ = environment()
    ordinary = environment_.loader
    environment_.loader = DictLoader(PAGES)
    app = FastAPI()
    app.state.settings = settings()

    @app.get("/page/{name}")
    def page(request: Request, name: str) -> Any:
        at = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
        return render(request, name, 203, headers={"X-Own": "1"}, text="<script>", at=at, none=None)

    yield TestClient(app)
    environment_.loader = ordinary
    if environment_.cache is not None:
        environment_.cache.clear()


def test_text_is_escaped_and_status_and_headers_are_the_routes(client: TestClient) -> None:
    answer = client.get("/page/escaped.html")
    assert (answer.text, answer.status_code, answer.headers["x-own"]) == ("&lt;script&gt;", 203, "1")


def test_a_misspelt_name_is_an_error(client: TestClient) -> None:
    with pytest.raises(UndefinedError, match="not_given"):
        client.get("/page/undefined.html")


def test_links_keep_the_rest_of_the_query(client: TestClient) -> None:
    answer = client.get("/page/links.html?q=a%26b&status=active&page=7").text
    assert answer == (
        "/page/links.html?q=a%26b&amp;status=active&amp;page=2|"
        "/page/links.html?status=active&amp;page=7&amp;sort=-name|"
        "[(&#39;status&#39;, &#39;active&#39;), (&#39;page&#39;, &#39;7&#39;)]"
    )


def test_times_are_the_schools_with_the_moment_behind_them(client: TestClient) -> None:
    local, ago, none, none_ago, day = client.get("/page/times.html").text.split("|")
    assert local == '<time datetime="2026-11-22T19:05:00+00:00">Nov 22, 2026, 2:05 PM EST</time>'
    assert 'title="Nov 22, 2026, 2:05 PM EST"' in ago
    assert (none, none_ago, day) == ("–", "–", "Nov 22, 2026")


def test_imported_macros_know_the_zone_too(client: TestClient) -> None:
    assert "EST" in client.get("/page/imported.html").text


def test_addresses_are_built_and_escaped() -> None:
    assert url("/students", q="a&b=c", page=None, tag=["x", "y"]) == "/students?q=a%26b%3Dc&tag=x&tag=y"
    assert url("/students") == "/students"


@given(st.text())
def test_cells_are_completed_without_letting_a_label_break_out(label: str) -> None:
    cells = row_cells(Markup('<th scope="row">A</th>\n<td>B<td-like></td><td class="x">C</td>'), [
        {"label": label}, {"label": label, "numeric": True}, {"label": label, "hidden_label": True},
    ])  # fmt: skip
    assert cells.count("role=") == 3
    assert re.findall(r"<(t[hd]) role=\"(\w+)\"", cells) == [
        ("th", "rowheader"),
        ("td", "cell"),
        ("td", "cell"),
    ]
    quoted = re.findall(r'data-label="([^"]*)"', cells)
    assert [html.unescape(text) for text in quoted] == [label, label]
    assert cells.count(" data-numeric") - label.count(" data-numeric") * 2 == 1


def test_an_icon_that_is_not_in_the_sprite_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"icons\.txt"):
        icon("no-such-icon")
    assert 'aria-hidden="true"' in icon("clock")
    assert 'aria-label="&#34;open&#34;"' in icon("clock", label='"open"')


def test_the_sprite_holds_every_listed_icon() -> None:
    sprite = (STATIC / "vendor" / "icons.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == icon_names()


def test_an_address_of_a_static_file_names_its_content() -> None:
    assert re.fullmatch(r"/static/app\.css\?v=[0-9a-f]{12}", asset_url("app.css"))
    with pytest.raises(MissingAssetError, match="script/assets"):
        asset_url("vendor/none.js")


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Maria Lopez-Diaz", "ML"), ("Ana María de la Cruz", "AC"), ("Prince", "P"), ("", ""), (" é x ", "ÉX")],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_each_role_sees_its_own_entries_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_items", {})
    monkeypatch.setattr(navigation, "_lists", OrderedDict())
    home = NavItem("Home", "/", "home", EVERYONE, 1)
    people = NavItem("People", "/people", "users", ADMINS, 2, "School")
    roles = NavItem("Roles", "/people/roles", "key", ADMINS, 3, "School")
    navigation.register(roles, home, people)
    navigation.register(people)

    def seen(role: Role) -> tuple[NavItem, ...]:
        return navigation.items_for(Subject(1, "a@example.org", "A", role))

    assert seen(Role.ADMIN) == (home, people, roles)
    assert seen(Role.STUDENT) == (home,)
    assert navigation.items_for(None) == ()
    assert navigation.sections(seen(Role.ADMIN)) == [("", [home]), ("School", [people, roles])]
    current = [
        navigation.current(seen(Role.ADMIN), path)
        for path in ("/", "/people", "/people/7", "/people/roles/1", "/peoples")
    ]
    assert current == [home, people, people, roles, None]


def test_relative_times_follow_the_moment_of_the_page(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
    monkeypatch.setattr("app.web.render.now", lambda: moment + timedelta(hours=3))
    assert ">3 hours ago</time>" in client.get("/page/times.html").text


def test_every_template_compiles() -> None:
    loader = environment().loader
    assert isinstance(loader, FileSystemLoader)
    names = environment().list_templates(extensions=["html"])
    assert {"base.html", "bare.html", "components.html", "error.html", "frame.html"} <= set(names)
    for name in names:
        environment().get_template(name)

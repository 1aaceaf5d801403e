"""The lock file of the browser libraries and what comes of it."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.web.assets import H5P, SCORM_AGAIN, STATIC, StaticAssets, asset_url, inline_hash, inline_script
from tools import assets, css

BACKEND = Path(__file__).parents[2]


def lock() -> dict[str, dict[str, object]]:
    packages: dict[str, dict[str, object]] = json.loads((BACKEND / "package-lock.json").read_text())[
        "packages"
    ]
    return {name: package for name, package in packages.items() if name}


def test_every_package_is_held_to_a_hash_and_to_no_address() -> None:
    assert lock()
    for name, package in lock().items():
        assert str(package["integrity"]).startswith("sha512-"), name
        assert "resolved" not in package, name


def test_the_style_sheet_has_every_class_of_tabler_that_a_page_names() -> None:
    """One that is missing: run script/assets --classes, which lists it and fetches the sheet again."""
    known = (STATIC / "vendor" / "tabler" / "classes.txt").read_text().split()
    listed = set(assets.listed(assets.CLASSES))
    assert set(css.used(known, assets.sources())) <= listed
    sheet = (STATIC / "vendor" / assets.TABLER).read_text()
    assert {"btn-primary", "form-control", "list-group"} <= css.classes(sheet) <= listed


def test_a_selector_goes_only_with_a_class_that_is_not_kept() -> None:
    whole = (
        '/*! licence */:root{--a:url("data:,.x{")}.kept,.gone,p{a:b}.kept .gone{c:d}'
        "@media print{.gone{e:f}.kept:is(.kept,b){g:h}}@media screen{.gone{i:j}}@keyframes k{to{l:m}}"
    )
    assert css.classes(whole) == {"kept", "gone"}
    assert css.subset(whole, {"kept"}) == (
        '/*! licence */:root{--a:url("data:,.x{")}.kept,p{a:b}'
        "@media print{.kept:is(.kept,b){g:h}}@keyframes k{to{l:m}}"
    )


def test_versions_are_exact() -> None:
    manifest = json.loads((BACKEND / "package.json").read_text())
    asked = manifest["dependencies"] | manifest["devDependencies"]
    assert {name: lock()[f"node_modules/{name}"]["version"] for name in asked} == asked


@pytest.mark.parametrize("name", ["tabler", "htmx", "echarts", "scorm-again", "h5p"])
def test_each_library_comes_with_its_licence(name: str) -> None:
    assert (STATIC / "vendor" / name / "LICENSE").stat().st_size > 300


def test_the_content_host_finds_the_run_time_as_modules() -> None:
    for name, export in (("scorm12.min.js", "Scorm12API"), ("scorm2004.min.js", "Scorm2004API")):
        assert export in (SCORM_AGAIN / name).read_text(encoding="utf-8")[-400:]


def test_what_the_style_sheet_of_h5p_names_lies_beside_it() -> None:
    sheet = H5P / "styles" / "h5p.css"
    named = {path.partition("?")[0] for path in re.findall(r"url\('?([^)']+)'?\)", sheet.read_text())}
    missing = [one for one in named if not one.startswith("data:") and not (sheet.parent / one).is_file()]
    assert named
    assert missing == []


@pytest.fixture
def files() -> TestClient:
    return TestClient(StaticAssets())


@pytest.mark.parametrize(("asked", "sent"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)])
def test_a_library_is_sent_as_small_as_the_browser_takes(
    files: TestClient, asked: str, sent: str | None
) -> None:
    path = "/vendor/tabler/tabler.min.css"
    with files.stream("GET", path, headers={"Accept-Encoding": asked}) as answer:
        assert answer.headers.get("content-encoding") == sent
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        size = len(b"".join(answer.iter_raw()))
    assert size < {"br": 60_000, "gzip": 80_000, None: 700_000}[sent]


def test_what_belongs_to_every_page_is_one_file(files: TestClient) -> None:
    answer = files.get("/frame.css", params={"v": "1"})
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    for name in ("app.css", "components.css", "print.css"):
        assert (STATIC / name).read_text(encoding="utf-8") in answer.text
    assert "@media print {\n/* Records on paper" in answer.text
    assert files.get("/frame.css").headers["cache-control"] == "no-cache"
    assert asset_url("frame.css").startswith("/static/frame.css?v=")


def test_the_script_in_the_page_is_the_one_that_the_policy_names() -> None:
    script = str(inline_script("theme.js"))
    assert "</" not in script
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert inline_hash("theme.js") == f"'sha256-{digest}'"

"""The lock file of the browser libraries and what comes of it."""

import json
from pathlib import Path

import pytest

from app.web.assets import SCORM_AGAIN, STATIC

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


def test_versions_are_exact() -> None:
    manifest = json.loads((BACKEND / "package.json").read_text())
    asked = manifest["dependencies"] | manifest["devDependencies"]
    assert {name: lock()[f"node_modules/{name}"]["version"] for name in asked} == asked


@pytest.mark.parametrize("name", ["tabler", "htmx", "echarts", "scorm-again"])
def test_each_library_comes_with_its_licence(name: str) -> None:
    assert (STATIC / "vendor" / name / "LICENSE").stat().st_size > 300


def test_the_content_host_finds_the_run_time_as_modules() -> None:
    for name, export in (("scorm12.min.js", "Scorm12API"), ("scorm2004.min.js", "Scorm2004API")):
        assert export in (SCORM_AGAIN / name).read_text(encoding="utf-8")[-400:]

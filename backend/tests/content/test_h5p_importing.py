"""What an .h5p file needs to be played, and everything that is missing said at once."""

import io
from pathlib import Path
from typing import Any

import pytest

from app.content.packages.archive import Archive
from app.content.packages.recognition import read_package
from app.core.errors import Invalid
from app.db.models import ContentType
from tests.content.conftest import School
from tests.factories.h5p import MAIN, SOAP, h5p_content, h5p_files, library
from tests.factories.packages import course, zipped

HEAD = {"title": "T", "mainLibrary": "H5P.HandWash", "preloadedDependencies": [MAIN]}


def faults(data: bytes) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read_package(Archive(io.BytesIO(data)))
    return {one.field: one.message for one in refused.value.errors}


def test_content_is_one_item_with_its_library(school: School) -> None:
    school.lesson.content_type = ContentType.H5P
    package = school.upload(h5p_content(), "hands.h5p")
    assert (package.standard, package.title, package.warnings) == ("h5p", "Hand washing", [])
    (item,) = package.manifest["items"]
    assert (item["path"], item["details"]) == ("content/content.json", {"library": "H5P.HandWash"})
    # A zip with a folder around it, and folders named without versions, as some editors export them.
    files = {
        f"hands/{name}".replace("-1.0/", "/").replace("-2.1/", "/"): text
        for name, text in h5p_files().items()
    }
    assert read_package(Archive(io.BytesIO(zipped(files)))).manifest.standard == "h5p"


def test_the_lesson_has_to_be_of_the_kind(school: School) -> None:
    with pytest.raises(Invalid, match="is a course package lesson"):
        school.upload(h5p_content())
    school.lesson.content_type = ContentType.H5P
    with pytest.raises(Invalid, match="is an H5P lesson"):
        school.upload(course())


def test_everything_that_is_missing_is_said_with_what_to_do() -> None:
    gone = {"machineName": "H5P.Video", "majorVersion": 1, "minorVersion": 6}
    head = {**HEAD, "preloadedDependencies": [MAIN, gone]}
    found = faults(
        h5p_content(
            **{
                "h5p.json": head,
                "content/content.json": None,
                "H5P.HandWash-1.0/hand.js": None,
                "Soap-2.1/library.json": None,
            }
        )
    )
    assert set(found) == {"content/content.json", "H5P.HandWash-1.0/hand.js", "H5P.Video-1.6", "Soap-2.1"}
    assert found["Soap-2.1"].startswith(
        "The library Soap 2.1 is missing; H5P.HandWash 1.0 needs it. Download"
    )
    assert found["H5P.Video-1.6"].startswith("The library H5P.Video 1.6 is missing; h5p.json needs it.")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("h5p.json", "{", "not a JSON object"),
        ("h5p.json", "[" * 100_000, "not a JSON object"),
        ("h5p.json", "[]", "not a JSON object"),
        ("h5p.json", " " * (1024**2 + 1), "larger than 1 MB"),
        ("h5p.json", {**HEAD, "mainLibrary": "H5P.Other"}, "is not among"),
        ("h5p.json", {**HEAD, "mainLibrary": 7}, "is not among"),
        ("h5p.json", {**HEAD, "preloadedDependencies": {"a": 1}}, "is not a list"),
        ("h5p.json", {**HEAD, "preloadedDependencies": [MAIN, {"machineName": "../x"}]}, "without a name"),
        ("content/content.json", "\x00", "not a JSON object"),
        ("Soap-2.1/library.json", library({**SOAP, "minorVersion": 2}), "another library"),
        ("Soap-2.1/library.json", library(SOAP, preloadedJs=[{"path": "../../p/x.js"}]), "not a file inside"),
        (
            "Soap-2.1/library.json",
            library(SOAP, preloadedJs=[{"path": "https://x.example/x.js"}]),
            "not a file inside",
        ),
        ("Soap-2.1/library.json", library(SOAP, preloadedJs=[7, {}]), "not a file inside"),
        ("Soap-2.1/library.json", library(SOAP, preloadedDependencies=[MAIN]), "in a circle"),
    ],
)
def test_what_is_odd_is_refused_with_its_file(name: str, value: Any, said: str) -> None:
    found = faults(h5p_content(**{name: value}))
    assert any(said in sentence for sentence in found.values()), found


def test_hostile_entries_are_refused_before_anything_is_read() -> None:
    for name in ("../h5p.json", "/etc/x", "a\\..\\b"):
        with pytest.raises(Invalid):
            read_package(Archive(io.BytesIO(zipped({**h5p_files(), name: "x"}))))


def test_servers_and_libraries_that_the_content_names_are_remarks() -> None:
    content = {
        "video": {"files": [{"path": "https://www.youtube.com/watch?v=1", "mime": "video/YouTube"}]},
        "text": "<p>See <a href='https://osha.example/'>OSHA</a> <img src='https://pictures.example/a.png'></p>",
        "inner": {"library": "H5P.Image 1.1", "params": {}},
        "link": {"url": "https://only-a-link.example/"},
        "odd": {"path": "https://[::1"},
    }
    manifest = read_package(Archive(io.BytesIO(h5p_content(**{"content/content.json": content})))).manifest
    assert set(manifest.outside) == {"www.youtube.com", "pictures.example"}
    assert manifest.outside["www.youtube.com"] == ("content/content.json",)
    assert any("H5P.Image 1.1, which h5p.json does not name" in one for one in manifest.warnings)


@pytest.mark.parametrize(
    ("name", "main"), [("true-false.h5p", "H5P.TrueFalse"), ("multiple-choice.h5p", "H5P.MultiChoice")]
)
def test_the_real_files(samples: Path, name: str, main: str) -> None:
    with (samples / "h5p" / name).open("rb") as file:
        assert read_package(Archive(file)).manifest.edition == main

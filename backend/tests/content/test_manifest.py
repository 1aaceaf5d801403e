"""Manifests as authoring tools really write them."""

import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.packages.archive import Archive
from app.content.packages.imsmanifest import parse
from app.content.packages.manifest_links import Files, joined, with_parameters
from app.content.packages.model import Manifest
from app.content.packages.recognition import read_package
from app.core.errors import Invalid
from tests.factories.packages import Sco, manifest, zipped

FILES = ("imsmanifest.xml", "pages/course.html", "shared/api.js")


def parsed(document: str | bytes, files: Iterable[str] = FILES) -> Manifest:
    return parse(document.encode() if isinstance(document, str) else document, files)


def refused(document: str | bytes, files: Iterable[str] = FILES) -> str:
    with pytest.raises(Invalid) as caught:
        parsed(document, files)
    assert caught.value.detail.endswith(".")
    return " ".join((caught.value.detail, *(fault.message for fault in caught.value.errors)))


def one(**changes: str) -> str:
    return manifest([Sco("sco-1", "Hand washing", **changes)])


def first_path(document: str, files: Iterable[str]) -> str | None:
    return parsed(document, files).launchable()[0].path


def test_a_table_of_contents_with_all_that_1_2_knows() -> None:
    extra = (
        "<adlcp:prerequisites type='aicc_script'>sco-0</adlcp:prerequisites>"
        "<adlcp:maxtimeallowed>00:30:00</adlcp:maxtimeallowed>"
        "<adlcp:timelimitaction>exit,no message</adlcp:timelimitaction>"
        "<adlcp:datafromlms> start = 3\n </adlcp:datafromlms>"
        "<adlcp:masteryscore>80</adlcp:masteryscore>"
        "<item identifier='inner' isvisible='false'><title>Inner</title></item>"
    )
    result = parsed(one(extra=extra, parameters="?quiz=1"))
    item = result.items[0]
    assert (result.standard, result.edition, result.title) == ("scorm12", "1.2", "Infection control")
    assert (item.path, item.query, item.is_sco) == ("pages/course.html", "quiz=1", True)
    assert (item.prerequisites, item.max_time_allowed) == ("sco-0", "00:30:00")
    assert (item.time_limit_action, item.data_from_lms, item.mastery_score) == (
        "exit,no message",
        "start = 3",
        80,
    )
    assert [(child.id, child.opens, child.visible) for child in item.children] == [("inner", False, False)]
    assert Manifest.from_json(result.to_json()) == result


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_bytes_are_believed_over_the_declaration(encoding: str) -> None:
    document = one().replace("Infection control", "Übungen – Hygiene")
    assert parsed(document.encode(encoding)).title == "Übungen – Hygiene"
    claimed = document.replace('encoding="UTF-8"', 'encoding="UTF-16"')
    assert parsed(claimed.encode(encoding)).title == "Übungen – Hygiene"


def test_blank_lines_before_the_declaration_do_no_harm() -> None:
    assert parsed("\n\n" + one()).title == "Infection control"


@pytest.mark.parametrize(
    ("version", "standard"),
    [
        ("1.2", "scorm12"),
        ("CAM 1.3", "scorm2004"),
        ("2004 3rd Edition", "scorm2004"),
        ("2004 4th Edition", "scorm2004"),
        ("", "scorm12"),
        ("something", "scorm12"),
    ],
)
def test_the_edition_is_recognised(version: str, standard: str) -> None:
    document = manifest([Sco("a", "A")], version=version)
    assert parsed(document).standard == standard


def test_a_manifest_of_no_known_edition_is_refused() -> None:
    document = manifest([Sco("a", "A", scorm_type="sco")], version="9").replace("adlcp_rootv1p2", "other")
    assert "SCORM 1.2 or SCORM 2004 is expected" in refused(document)


@pytest.mark.parametrize(
    ("href", "files", "found"),
    [
        ("pages\\course.html", FILES, "pages/course.html"),
        ("Pages/Course.HTML", FILES, "pages/course.html"),
        ("./pages/../pages/course.html", FILES, "pages/course.html"),
        ("/pages/course.html", FILES, "pages/course.html"),
        ("a%20b.html", ["a b.html"], "a b.html"),
        ("a b.html", ["a b.html"], "a b.html"),
        ("a%20b.html", ["a%20b.html"], "a%20b.html"),
        ("%C3%BC.html", ["ü.html"], "ü.html"),
        ("page.html?x=1#top", ["page.html"], "page.html"),
        (".//pages/./course.html", FILES, "pages/course.html"),
        ("Za\u0308hne.html", ["Z\u00e4hne.html"], "Z\u00e4hne.html"),
    ],
)
def test_the_page_is_found(href: str, files: Iterable[str], found: str) -> None:
    assert first_path(one(href=href), files) == found


def test_xml_base_of_all_ancestors_counts() -> None:
    document = one(href="course.html")
    document = document.replace("<resources>", "<resources xml:base='content/'>")
    document = document.replace("<resource ", "<resource xml:base='pages' ")
    assert first_path(document, ["content/pages/course.html"]) == "content/pages/course.html"


def test_parameters_join_the_query() -> None:
    assert with_parameters("", "", "?a=1") == ("a=1", "")
    assert with_parameters("x=1", "", "&a=1") == ("x=1&a=1", "")
    assert with_parameters("x=1", "top", "#end") == ("x=1", "top")
    assert with_parameters("", "", "a=1#end") == ("a=1", "end")


def test_a_page_that_is_not_there_is_named() -> None:
    assert "“missing.html”" in refused(one(href="missing.html"))
    assert "leads out" in refused(one(href="../../secret.html"))
    assert "not accepted" in refused(one(href="javascript:alert(1)"))
    assert "not accepted" in refused(one(href="file:///etc/passwd"))


def test_everything_wrong_with_a_manifest_is_said_at_once() -> None:
    scos = [
        Sco("a", "One"),
        Sco("a", "Two"),
        Sco("b", "Three"),
        Sco("c" * 300, "Four"),
        Sco("d", "Five", href="missing.html"),
        Sco("e", "Six", href="../../secret.html"),
    ]
    document = manifest(scos).replace('identifierref="r-b"', 'identifierref="r-z"')
    with pytest.raises(Invalid) as caught:
        parsed(document)
    assert caught.value.detail == "imsmanifest.xml has 6 faults."
    said = [(one.field, one.message) for one in caught.value.errors]
    for words in ("missing.html", "secret.html", "two resources", "two items", "longer than 255", "r-z"):
        assert sum(words in message for _, message in said) == 1, (words, said)
    assert {field for field, _ in said} == {"imsmanifest.xml"}


def test_pages_on_other_servers_are_flagged() -> None:
    scos = [Sco("a", "Video", href="https://video.example/1"), Sco("b", "Quiz")]
    result = parsed(manifest(scos))
    assert [item.id for item in result.launchable()] == ["b"]
    assert "another server" in result.warnings[0]
    assert "another server" in refused(manifest(scos[:1]))


def test_listed_files_that_are_missing_are_only_remarked() -> None:
    document = one().replace(
        'href="pages/course.html"/>', "href=\"pages/course.html\"><file href='gone.js'/></resource>"
    )
    assert "“gone.js”" in parsed(document).warnings[0]


@pytest.mark.parametrize(
    "declaration",
    [
        "<!DOCTYPE manifest>",
        "<!DOCTYPE manifest [<!ENTITY a 'b'>]>",
        "<!DOCTYPE manifest SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE m [<!ENTITY % x SYSTEM 'http://127.0.0.1/'> %x;]>",
    ],
)
def test_document_types_and_entities_are_refused(declaration: str) -> None:
    document = one().replace("?>\n", f"?>\n{declaration}\n", 1)
    assert "document type" in refused(document)
    assert "document type" in refused(document.encode("utf-16"))


@pytest.mark.parametrize(
    "document", ["", "<manifest", "<html/>", "\x00", "<?xml version='1.0' encoding='klingon'?><a/>"]
)
def test_what_is_no_manifest_is_refused(document: str) -> None:
    assert "imsmanifest.xml" in refused(document)


def test_contradictions_are_refused() -> None:
    two = manifest([Sco("a", "A"), Sco("a", "B")])
    assert "two resources" in refused(two)
    assert "two items" in refused(two.replace('"r-a" type', '"r-b" type', 1))
    assert "does not have" in refused(one().replace('identifier="r-sco-1"', 'identifier="other"'))
    assert "no page" in refused(manifest([]))


def test_a_bad_mastery_score_is_not_used_and_said() -> None:
    result = parsed(one(extra="<adlcp:masteryscore>eighty</adlcp:masteryscore>"))
    assert result.items[0].mastery_score is None
    assert "eighty" in result.warnings[0]


def test_a_package_without_organization_lists_its_scos() -> None:
    document = one()
    start, end = (
        document.index("<organizations"),
        document.index("</organizations>") + len("</organizations>"),
    )
    assert [item.id for item in parsed(document[:start] + document[end:]).launchable()] == ["r-sco-1"]


def test_items_nested_without_end_are_refused() -> None:
    deep = "<item identifier='{}'><title>x</title>"
    nested = "".join(deep.format(f"n{n}") for n in range(500)) + "</item>" * 500
    assert "nests" in refused(one(extra=nested))
    many = "".join(f"<item identifier='n{n}'/>" for n in range(3000))
    assert "more than" in refused(one(extra=many))


@given(st.text(), st.lists(st.text(), max_size=3))
def test_no_address_breaks_the_search_or_leaves_the_package(href: str, bases: list[str]) -> None:
    files = Files(["a/b.html"])
    try:
        link = files.resolve(joined(bases, href), "")
    except Invalid:
        return
    assert link.path in (None, "a/b.html")


def test_the_folder_around_a_package_is_seen_through() -> None:
    inner = {"My course/" + name: content for name, content in {
        "imsmanifest.xml": one(), "pages/course.html": "x", "other/imsmanifest.xml": "y",
    }.items()}  # fmt: skip
    package = read_package(
        Archive(io.BytesIO(zipped({**inner, "__MACOSX/My course/._x": "z", "My course/.DS_Store": "q"})))
    )
    assert package.files == {name.removeprefix("My course/"): name for name in inner}


def test_two_packages_side_by_side_are_refused() -> None:
    with pytest.raises(Invalid, match="one by one"):
        read_package(Archive(io.BytesIO(zipped({"a/imsmanifest.xml": one(), "b/imsmanifest.xml": one()}))))


def test_a_zip_without_manifest_is_no_package() -> None:
    with pytest.raises(Invalid, match=r"no imsmanifest\.xml"):
        read_package(Archive(io.BytesIO(zipped({"index.html": "hello"}))))


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("[Content_Types].xml", "This is an Office document, "),
        ("META-INF/container.xml", "This is an EPUB book, "),
        ("lesson.crs", "This is an AICC package, "),
    ],
)
def test_a_package_of_another_standard_is_named(marker: str, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_package(Archive(io.BytesIO(zipped({"index.html": "hello", marker: "x"}))))
    publish = "which cannot be played yet. Publish the course as SCORM 1.2, SCORM 2004, cmi5, xAPI or H5P."
    assert caught.value.detail == said + publish


def test_the_real_packages(samples: Path) -> None:
    def read(name: str) -> Manifest:
        with (samples / "scorm12" / name).open("rb") as file:
            return read_package(Archive(file)).manifest

    golf = read("golf-basic.zip")
    assert [(item.id, item.path) for item in golf.launchable()] == [("item_1", "shared/launchpage.html")]
    assert golf.warnings == ()
    minimum = read("golf-minimum-calls-multi-sco.zip")
    assert len(minimum.launchable()) == 9
    quiz = minimum.item("playing_quiz_item")
    assert quiz is not None
    assert quiz.query == "questions=Playing"

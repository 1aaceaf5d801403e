"""Other hosts on which a course depends are named when it is uploaded."""

import io

import pytest

from app.content.packages.archive import Archive
from app.content.packages.outside_hosts import hosts_in
from app.content.packages.recognition import read_package
from tests.factories.packages import course


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ('<iframe width=560 src="https://player.vimeo.com/video/1">', {"player.vimeo.com"}),
        ("<script async src=//cdn.example.net/x.js></script>", {"cdn.example.net"}),
        ("<video poster='http://A.example.org/p.png'>", {"a.example.org"}),
        ("<object type=x data='https://o.example/f.swf'>", {"o.example"}),
        (
            '<link rel="stylesheet" href="https://fonts.googleapis.com/css?family=X">',
            {"fonts.googleapis.com"},
        ),
        ('<link href="https://cdn.example/x.css" rel=stylesheet>', {"cdn.example"}),
        (
            "@import 'https://i.example/x.css'; a { background: url( //u.example/b.png ) }",
            {"i.example", "u.example"},
        ),
        ('<a href="https://www.osha.gov/">OSHA</a>', set()),
        ('<html xmlns="http://www.w3.org/1999/xhtml"><img src="local//a.png">', set()),
        ('<img src="images/https.png"> https://plain.example/ in the text', set()),
        ('<link rel="canonical" href="https://home.example/">', set()),
        ("<img " * 20_000, set()),
        ("<link rel=" + "a" * 50_000, set()),
    ],
)
def test_the_hosts_that_a_page_loads_from(text: str, hosts: set[str]) -> None:
    assert hosts_in(text) == hosts


def test_each_host_is_a_remark_with_its_places() -> None:
    film = '<iframe src="https://player.vimeo.com/video/1"></iframe>'
    files = {"a.html": film, "b.html": film, "c.html": film, "d.css": "@import 'https://i.example/x.css';"}
    package = read_package(Archive(io.BytesIO(course(files=files))))
    only = "loads from it is shown to students only while the school’s policy on lesson content allows that server."
    assert package.manifest.warnings == (
        f"player.vimeo.com is another server: what “a.html” and 2 more {only}",
        f"i.example is another server: what “d.css” {only}",
    )
    assert package.manifest.outside["i.example"] == ("d.css",)
    many = {"a.html": "".join(f'<img src="https://h{n}.example/">' for n in range(30))}
    assert len(read_package(Archive(io.BytesIO(course(files=many)))).manifest.warnings) == 11

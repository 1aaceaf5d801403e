"""No page offers what its reader is refused."""

import re
from urllib.parse import urlsplit

import pytest

from tests.permissions.test_routes import WHO
from tests.web.walk import Walk

LINK = re.compile(r'<a [^>]*?href="(/[^"#]*)')
FILES = re.compile(
    r"^/gallery$|^/documents/\d+$|/(file|document|image\.png|picture|photo|copy|download|logo|root\.pem)$"
)
"""Files and documents, of whose bytes the walk's rows have none, and the page that tests of the look add."""


@pytest.mark.parametrize("who", [who for who in WHO if who not in ("nobody", "administrator", "evaluator")])
def test_every_link_of_every_page_leads_somewhere(walk: Walk, who: str) -> None:
    pages = [route for route in walk.routes if route.method == "GET" and not route.is_api]
    patterns = {
        route.path: re.compile(re.sub(r"\\{[^/]*\\}", "[^/]+", re.escape(route.path)) + "$")
        for route in pages
    }
    found: dict[str, tuple[str, str]] = {}
    for route in pages:
        answer = walk.call(who, route)
        if answer.status_code != 200 or "html" not in answer.headers["content-type"]:
            continue
        for href in LINK.findall(answer.text):
            path = urlsplit(href.replace("&amp;", "&")).path
            pattern = next((name for name, one in patterns.items() if one.match(path)), "")
            found.setdefault(pattern or path, (href.replace("&amp;", "&"), route.path))
    refused = [
        f"{source} leads to {href}: {status}"
        for pattern, (href, source) in sorted(found.items())
        if not FILES.search(urlsplit(href).path)
        and (
            status := walk.call(
                who, next((r for r in pages if r.path == pattern), pages[0]), href
            ).status_code
        )
        in (401, 403, 404)
    ]
    assert "\n".join(refused) == ""

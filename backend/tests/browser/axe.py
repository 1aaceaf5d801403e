"""Accessibility of a page in the browser, by axe-core: WCAG 2.0 to 2.2, levels A and AA."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@lru_cache
def _script() -> str:
    if not AXE.is_file():
        raise FileNotFoundError(f"{AXE} is not there; run script/assets.")
    return AXE.read_text(encoding="utf-8")


def assert_accessible(page: Page, *, where: str = "") -> None:
    """Fail with a readable list when the page, as it stands now, has any violation.

    Runs through the debugger's channel, so a page's content security policy does not matter. The
    window is made as tall as the page meanwhile: what a bar fixed to its edge happens to lie on
    would else be found too near or hidden, though it can be scrolled clear.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    window = page.viewport_size
    if window:
        tall = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": window["width"], "height": max(window["height"], tall)})
    # Of what is as it should be, one element a rule will do; the others need not be described.
    result: dict[str, Any] = page.evaluate(
        "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", TAGS
    )
    if window:
        page.set_viewport_size(window)
    assert result["passes"], f"axe checked nothing on {page.url}"
    assert not result["violations"], _report(result["violations"], where or page.url)


def _report(violations: list[dict[str, Any]], where: str) -> str:
    lines = [f"{len(violations)} accessibility violations on {where}:"]
    for violation in violations:
        lines.append(f"- {violation['id']}: {violation['help']}")
        for node in violation["nodes"][:5]:
            checks = [*node["any"], *node["all"], *node["none"]]
            reason = checks[0]["message"] if checks else ""
            lines.append(f"    {node['target']} {node['html'][:160]}\n      {reason}")
    return "\n".join(lines)

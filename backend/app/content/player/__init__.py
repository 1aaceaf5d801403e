"""The player: the one page of ours on the content host. It holds the run-time and saves what the course
reports.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

from app.settings import Settings
from app.web.assets import PDFJS

_HERE = Path(__file__).parent
ASSETS = {
    **{
        name: _HERE / name
        for name in (
            "shell.js",
            "saving.js",
            "speaks_to_lrs.js",
            "player.css",
            "storage.js",
            "pdf_viewer.js",
            "pdf_viewer.css",
        )
    },
    **{name: PDFJS / name for name in ("pdf.min.mjs", "pdf.worker.min.mjs")},
}
"""What the player's pages load, by the name in its address."""


def _embedded(value: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


COURSE = '<iframe id="course" data-stage title="{title}" allow="fullscreen; autoplay; unload"></iframe>'
"""Where content that is a page of its own is shown."""
COURSE_OR_WINDOW = (
    '<p class="note bar" data-stage><button type="button" id="open">Open in a window of its own</button></p>'
    + COURSE
)
"""The same, for content that may want more room or a window."""
WINDOW = """<section id="window" class="over" data-stage><h1>{title}</h1>
<p>This part opens in a window of its own. Keep this page open meanwhile.</p>
<button type="button" id="open">Open it</button></section>"""
"""For content that is not shown in a frame."""


def player_page(
    title: str, standard: str, boot: dict[str, Any], *, script: str, stage: str, preview: bool, review: bool
) -> str:
    """The page: a line that appears when something is not saved, and the lesson below it.

    `script` is the standard's module, `stage` the HTML that it plays on.
    """
    note = (
        "Your program is completed: nothing more is recorded." if review else "Preview: nothing is recorded."
    )
    banner = f'<p class="note">{note}</p>' if preview or review else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<meta name="aada-standard" content="{escape(standard)}">
<link rel="stylesheet" href="vendor/player.css">
</head>
<body>
{banner}
<p id="trouble" class="trouble" role="alert" hidden></p>
<p id="outside" class="note" role="status" hidden></p>
{stage}
<section id="over" class="over" hidden>
<h1>This session has ended</h1>
<p id="over-text"></p>
<button type="button" id="reopen">Open the lesson again</button>
</section>
<noscript><p class="trouble">Lessons need JavaScript. Turn it on and reload this page.</p></noscript>
<script type="application/json" id="boot">{_embedded(boot)}</script>
<script type="module" src="vendor/{script}"></script>
</body>
</html>
"""


def pdf_page(name: str, vendor: str) -> str:
    """Our viewer for a PDF of a course, at the address of the PDF. `vendor`: where the player's own files are."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="aada-viewer" content="pdf">
<title>{escape(name)}</title>
<link rel="stylesheet" href="{vendor}/pdf_viewer.css">
</head>
<body>
<header>
<button type="button" id="before" aria-label="Previous page">&#8249;</button>
<label>Page <input id="number" type="number" inputmode="numeric" min="1" value="1"></label> <span id="count"></span>
<button type="button" id="after" aria-label="Next page">&#8250;</button>
<button type="button" id="smaller" aria-label="Smaller">&#8722;</button>
<button type="button" id="larger" aria-label="Larger">+</button>
<a href="?original" download="{escape(name)}">Download</a>
</header>
<main>
<p id="status" role="status">Opening the document…</p>
<div id="pages"></div>
</main>
<script type="module" src="{vendor}/pdf_viewer.js"></script>
</body>
</html>
"""


def returned_page() -> str:
    """Where content in a window of its own, or in its frame, goes when it is done."""
    return """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>This part has ended</title></head>
<body>
<h1>This part has ended</h1>
<p>What you did is saved. Close this window to go back to your lesson.</p>
<script>
if (window.opener) { window.opener.postMessage({ aada: "returned" }, location.origin); window.close(); }
</script>
</body>
</html>
"""


def over_page(settings: Settings, lesson_id: int | None, sentence: str | None = None) -> str:
    """A page that says why the course cannot be shown and how to get back to it."""
    address = settings.app_origin + (f"/learn/lessons/{lesson_id}" if lesson_id is not None else "/")
    text = sentence or (
        "This lesson session has ended. Sessions end after two hours without activity, or after twelve "
        "hours in total. Nothing was lost: everything up to your last step is saved."
    )
    heading = "The lesson cannot be shown" if sentence else "Please open the lesson again"
    message = _embedded({"aada": "reopen"})
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{heading}</title>
<style>
body {{ font: 1.0625rem/1.5 system-ui, sans-serif; margin: 0; padding: 2rem 1rem; color: #1d2733; background:
#fff }}
main {{ max-width: 34rem; margin: 0 auto }}
button {{ font: inherit; padding: .7rem 1.2rem; min-height: 44px; border: 0; border-radius: .4rem;
  background: #0b5c6b; color: #fff }}
a {{ color: #0b5c6b }}
</style>
</head>
<body>
<main>
<h1>{heading}</h1>
<p>{escape(text)}</p>
<p><button type="button" id="reopen" hidden>Open the lesson again</button>
<a id="link" href="{escape(address)}">Back to your lessons</a></p>
</main>
<script>
if (parent !== window) {{
  const button = document.getElementById("reopen");
  button.hidden = false;
  document.getElementById("link").hidden = true;
  button.addEventListener("click", () => parent.postMessage({message}, {_embedded(settings.app_origin)}));
}}
</script>
</body>
</html>
"""

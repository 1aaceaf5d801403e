"""The player: the one page of ours on the content host. It holds the run-time and saves what the course
reports.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

from app.settings import Settings

_HERE = Path(__file__).parent
ASSETS = {name: _HERE / name for name in ("player.js", "saving.js", "session.js", "player.css")}
"""What the player page loads, by the name in its address."""


def _embedded(value: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def player_page(title: str, standard: str, boot: dict[str, Any], *, preview: bool, review: bool) -> str:
    """The page: a line that appears when something is not saved, and the course below it."""
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
<iframe id="course" title="{escape(title)}" allow="fullscreen; autoplay; unload"></iframe>
<section id="over" class="over" hidden>
<h1>This session has ended</h1>
<p id="over-text"></p>
<button type="button" id="reopen">Open the lesson again</button>
</section>
<noscript><p class="trouble">Lessons need JavaScript. Turn it on and reload this page.</p></noscript>
<script type="application/json" id="boot">{_embedded(boot)}</script>
<script type="module" src="vendor/player.js"></script>
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

"""The HTML that the players of films and documents work on."""

from html import escape
from urllib.parse import quote

from app.content.packages.model import Item

_STYLE = '<link rel="stylesheet" href="vendor/media.css">'
_SPEEDS = ("0.5", "0.75", "1", "1.25", "1.5", "2")


def _file(path: str) -> str:
    return escape(f"files/{quote(path)}")


def film_stage(item: Item, kind: str) -> str:
    """A film or recording with its controls, chapters and transcript. Everything has a name and can be reached by
    keyboard; the scripts fill in what depends on the file."""
    details = item.details
    tracks = "".join(
        f'<track kind="captions" src="{_file(one["path"])}" srclang="{one["language"]}" label="{escape(one["label"])}">'
        for one in details["captions"]
    )
    if details.get("chapters"):
        tracks += f'<track kind="chapters" src="{_file(details["chapters"])}" srclang="en" label="Chapters">'
    poster = f' poster="{_file(details["poster"])}"' if details.get("poster") else ""
    speeds = "".join(
        f'<option value="{speed}"{" selected" if speed == "1" else ""}>{speed}×</option>' for speed in _SPEEDS
    )
    captions = "".join(
        f'<option value="{n}">{escape(one["label"])}</option>' for n, one in enumerate(details["captions"])
    )
    chosen = (
        f'<label class="choice">Captions <select id="captions"><option value="">Off</option>{captions}</select></label>'
        if captions
        else ""
    )
    full = '<button type="button" id="full">Full screen</button>' if kind == "video" else ""
    transcript = (
        '<section class="side" id="transcript" aria-labelledby="transcript-name" hidden>'
        '<h2 id="transcript-name">Transcript</h2><p>Choose a line to jump to it.</p><ol id="lines"></ol></section>'
        if captions
        else ""
    )
    chapters = (
        '<section class="side" id="chapters" aria-labelledby="chapters-name" hidden>'
        '<h2 id="chapters-name">Chapters</h2><ol id="chapter-list"></ol></section>'
        if details.get("chapters")
        else ""
    )
    return f"""{_STYLE}
<main class="media" data-stage>
<h1 class="unseen">{escape(item.title)}</h1>
<div class="player {kind}" id="player-box">
<video id="film" src="{_file(item.path or "")}" preload="metadata" playsinline crossorigin="anonymous" tabindex="0"
 aria-label="{escape(item.title)}"{poster}>{tracks}</video>
<p id="problem" class="trouble" role="alert" hidden></p>
<p id="resumed" class="note" hidden><span></span>
<button type="button" id="restart">Start from the beginning</button></p>
<div class="controls" role="group" aria-label="Controls">
<label class="line"><span class="unseen">Position</span>
<input type="range" id="position" min="0" max="1000" step="1" value="0"></label>
<button type="button" id="play" class="main">Play</button>
<button type="button" id="back" aria-label="Back 10 seconds">−10 s</button>
<button type="button" id="forward" aria-label="Forward 10 seconds">+10 s</button>
<span id="time" class="time">0:00</span>
<span class="gap"></span>
{chosen}
<label class="choice">Speed <select id="speed">{speeds}</select></label>
<span class="choice"><button type="button" id="mute" aria-pressed="false">Mute</button>
<label class="choice volume"><span class="unseen">Volume</span>
<input type="range" id="volume" min="0" max="100" step="5" value="100"></label></span>
{full}
</div>
<p id="progress" class="progress"></p>
<p id="completed" class="unseen" role="status"></p>
<details class="keys"><summary>Keyboard</summary>
<p>While the player or one of its buttons is in focus: space or K plays and pauses, the arrow keys jump 5 seconds,
J and L jump 10, C turns captions on and off, M the sound, F the full screen, and
&lt; and &gt; change the speed.</p></details>
</div>
<div class="beside">{chapters}{transcript}</div>
</main>"""


def document_stage(item: Item) -> str:
    """A document in our viewer, with what was read of it."""
    return f"""{_STYLE}
<section class="reading" data-stage aria-label="What you have read">
<p id="progress" class="progress"></p>
<p id="completed" class="unseen" role="status"></p>
<button type="button" id="unread" hidden>Next page to read</button>
</section>
<iframe id="course" data-stage title="{escape(item.title)}"></iframe>"""

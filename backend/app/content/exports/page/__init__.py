"""The page of an exported lesson: our own scripts and style, put together into files that need nothing else."""

import re
from functools import lru_cache
from html import escape
from pathlib import Path

import orjson

from app.content.packages.model import Item
from app.content.player import ASSETS
from app.content.runtimes.written import WRITTEN, stage_of

_HERE = Path(__file__).parent
_SHARED = ("reading.js", "quiz_answers.js", "quiz.js")
"""The same as in the school's own player."""
_STANDS_FOR = {
    "shell.js": "lesson.js",
    "written.js": "lesson.js",
    "quiz_server.js": "local_quiz.js",
    "channel.js": "",
}
"""What the shared scripts ask for, and who is here in its place."""
_PURE = ("exact.js", "grading.js", "drawing.js", "answers.js", "interactions.js", "results.js")
CHANNELS = {
    "scorm12": ("scorm_api.js", "scorm12.js"),
    "scorm2004": ("scorm_api.js", "scorm2004.js"),
    "cmi5": ("cmi5.js",),
}
_IMPORT = re.compile(r'^import \{ ([^}]+) \} from "\./([\w.]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function (\w+))", re.MULTILINE)


@lru_cache
def script(standard: str, *, quiz: bool) -> str:
    """All scripts as one that needs no server: a browser loads modules from no file system."""
    names = [*_PURE, *CHANNELS[standard], "reading.js", "lesson.js"]
    if quiz:
        names += ["local_quiz.js", "quiz_answers.js", "quiz.js"]
    stands_for = {**_STANDS_FOR, "channel.js": CHANNELS[standard][-1]}
    parts = "\n".join(_wrapped(name, stands_for) for name in names)
    return f'"use strict";\n(async () => {{\nconst modules = {{}};\n{parts}\n}})();\n'


def _wrapped(name: str, stands_for: dict[str, str]) -> str:
    """A module as a function of its own. What it offers are functions, which are there before its first line."""
    text = (WRITTEN.libraries[name] if name in _SHARED else _HERE / name).read_text(encoding="utf-8")
    offered = ", ".join(match[2] for match in _EXPORT.finditer(text))

    def taken(match: re.Match[str]) -> str:
        source = stands_for.get(match[2], match[2])
        return f'const {{ {match[1]} }} = modules["{source}"];'

    text = _EXPORT.sub(r"\1", _IMPORT.sub(taken, text))
    return f'await (async () => {{ // {name}\nmodules["{name}"] = {{ {offered} }};\n{text}}})();'


@lru_cache
def style() -> str:
    """The style of the school's own player and of written lessons."""
    files = (ASSETS["player.css"], WRITTEN.libraries["written.css"])
    return "".join(file.read_text(encoding="utf-8") for file in files)


def data_script(data: object) -> bytes:
    """The lesson's data as a script: it is loaded where nothing can be fetched."""
    return b"globalThis.LESSON_DATA = " + orjson.dumps(data, option=orjson.OPT_SORT_KEYS) + b";\n"


def page(item: Item, standard: str) -> str:
    """index.html. Nothing but the package's own files is loaded; a cmi5 lesson reaches its learning system besides."""
    reaches = " connect-src http: https:;" if standard == "cmi5" else ""
    allowed = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self';{reaches} "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{allowed}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(item.title)}</title>
<link rel="stylesheet" href="style.css">
<script src="lesson-data.js" defer></script>
<script src="lesson.js" defer></script>
</head>
<body>
<p id="note" class="note" role="status" hidden></p>
<p id="trouble" class="trouble" role="alert" hidden></p>
<p class="bar" id="exit-bar"><button type="button" id="exit" hidden>Leave the lesson</button></p>
{stage_of(item)}
<noscript><p class="trouble">Lessons need JavaScript. Turn it on and reload this page.</p></noscript>
</body>
</html>
"""

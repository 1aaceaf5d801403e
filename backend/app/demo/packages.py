"""The demo's own SCORM 1.2 packages: a short course player and six lessons of original text, zipped as they are
asked for and imported the way an upload is.
"""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.content import service as content
from app.core.files import open_store
from app.core.permissions import Subject
from app.db.models import ContentPackage
from app.settings import Settings

LESSONS = Path(__file__).parent / "lessons"
ITEM = "lesson"
_MOMENT = (2024, 1, 1, 0, 0, 0)  # equal lessons make equal zips


class Packages:
    """Imports packages within a session's transaction."""

    def __init__(self, session: Session, settings: Settings, subject: Subject, moment: datetime) -> None:
        self._session, self._settings, self._subject, self._moment = session, settings, subject, moment
        self._store = open_store(settings)

    def import_all(self, lessons: Iterable[tuple[int, str]]) -> dict[int, tuple[int, str]]:
        """Give each (lesson, package name) its package; answers {lesson: (package, item of its one SCO)}."""
        imported = {}
        for lesson_id, name in lessons:
            package = content.import_package(
                self._session,
                self._subject,
                self._store,
                lesson_id,
                io.BytesIO(built(name)),
                file_name=f"{name}.zip",
                max_bytes=self._settings.max_upload_bytes,
            )
            imported[lesson_id] = (package.id, ITEM)
        self._session.execute(update(ContentPackage).values(created_at=self._moment))
        return imported


def names() -> list[str]:
    """The lessons there are."""
    return sorted(path.stem for path in LESSONS.glob("*.toml"))


@lru_cache
def built(name: str) -> bytes:
    """The package of one lesson as a zip, the same bytes each time."""
    lesson = tomllib.loads((LESSONS / f"{name}.toml").read_text(encoding="utf-8"))
    files = {
        "imsmanifest.xml": _manifest(name, lesson["title"]),
        "index.html": _page(lesson),
        "course.css": (LESSONS / "course.css").read_text(encoding="utf-8"),
        "course.js": (LESSONS / "course.js").read_text(encoding="utf-8"),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, text.encode())
    return buffer.getvalue()


def _manifest(name: str, title: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="aada-{name}" version="1.0" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
          xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="course">
    <organization identifier="course">
      <title>{escape(title)}</title>
      <item identifier="{ITEM}" identifierref="page">
        <title>{escape(title)}</title>
        <adlcp:masteryscore>80</adlcp:masteryscore>
      </item>
    </organization>
  </organizations>
  <resources>
    <resource identifier="page" type="webcontent" adlcp:scormtype="sco" href="index.html">
      <file href="index.html"/><file href="course.css"/><file href="course.js"/>
    </resource>
  </resources>
</manifest>
"""


def _page(lesson: dict[str, Any]) -> str:
    title = escape(lesson["title"])
    sections = [_section(number, page) for number, page in enumerate(lesson["pages"], 1)]
    questions = [_question(number, item) for number, item in enumerate(lesson["questions"], 1)]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="course.css">
<script src="course.js" defer></script>
</head>
<body>
<header>
  <p class="course">{title}</p>
  <p id="place" role="status"></p>
  <progress id="bar" aria-labelledby="place" value="0" max="1"></progress>
</header>
<main>
{"".join(sections)}
<section data-page="questions" hidden>
<h1 tabindex="-1">Check what you know</h1>
<p>Answer all {len(questions)} questions. Four of five right passes; you can try again.</p>
<form id="questions">
{"".join(questions)}
<p id="missing" role="alert"></p>
<button type="submit" class="primary">Check my answers</button>
</form>
</section>
<section data-page="result" hidden>
<h1 tabindex="-1">Your result</h1>
<p id="result"></p>
<ul id="reasons"></ul>
<button type="button" id="again">Answer the questions again</button>
</section>
</main>
<nav aria-label="Pages of the lesson">
  <button type="button" id="back">Back</button>
  <button type="button" id="next" class="primary">Next</button>
</nav>
<p id="trouble" role="alert" hidden>This lesson cannot reach the school's records: nothing you do here is saved.</p>
</body>
</html>
"""


def _section(number: int, page: dict[str, Any]) -> str:
    paragraphs = "".join(f"<p>{escape(text)}</p>\n" for text in page.get("text", []))
    tag = "ol" if page.get("numbered") else "ul"
    points = "".join(f"<li>{escape(point)}</li>\n" for point in page.get("points", []))
    listed = f"<{tag}>\n{points}</{tag}>\n" if points else ""
    remember = f'<p class="remember">{escape(page["remember"])}</p>\n' if "remember" in page else ""
    return (
        f'<section data-page="page-{number}" hidden>\n<h1 tabindex="-1">{escape(page["title"])}</h1>\n'
        f"{paragraphs}{listed}{remember}</section>\n"
    )


def _question(number: int, item: dict[str, Any]) -> str:
    answers = "".join(
        f'<label><input type="radio" name="q{number}" value="{place}"> {escape(answer)}</label>\n'
        for place, answer in enumerate(item["answers"])
    )
    key = escape(json.dumps({"right": item["right"], "why": item["why"]}), quote=True)
    return f'<fieldset data-key="{key}">\n<legend>{number}. {escape(item["ask"])}</legend>\n{answers}</fieldset>\n'

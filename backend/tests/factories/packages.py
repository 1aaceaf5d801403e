"""Builds SCORM 1.2 packages in memory, with a small real course inside that talks to the run-time."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

COURSE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Hand washing</title><script src="../shared/api.js"></script></head>
<body>
<h1>Hand washing</h1>
<p>Entry: <output id="entry"></output></p>
<p>Page: <output id="page"></output></p>
<p>Status: <output id="status"></output></p>
<p>Notes: <output id="notes"></output></p>
<p>Learner: <output id="learner"></output></p>
<button id="next">Next page</button>
<button id="right">Twenty seconds (right)</button>
<button id="wrong">Two seconds (wrong)</button>
<button id="later">Continue later</button>
<button id="finish">Finish</button>
<script>course(new URLSearchParams(location.search));</script>
</body></html>
"""

COURSE_SCRIPT = """
function findApi(win) {
  for (let i = 0; i < 10 && win; i++) {
    if (win.API) return win.API;
    if (win.parent === win) break;
    win = win.parent;
  }
  return null;
}
const began = Date.now();
const api = findApi(window);
function show(id, text) { document.getElementById(id).textContent = text; }
function get(name) { return api.LMSGetValue(name); }
function set(name, value) {
  const result = api.LMSSetValue(name, String(value));
  if (String(result) !== 'true') throw new Error(name + ': ' + api.LMSGetLastError());
}
function sessionTime() {
  const s = (Date.now() - began) / 1000;
  const two = n => String(Math.floor(n)).padStart(2, '0');
  return '0' + two(s / 3600) + ':' + two(s / 60 % 60) + ':' + two(s % 60) + '.00';
}
function course(options) {
  if (!api) { show('status', 'no run-time found'); return; }
  api.LMSInitialize('');
  let page = Number(get('cmi.core.lesson_location') || 1);
  const refresh = () => {
    show('entry', get('cmi.core.entry'));
    show('page', page);
    show('status', get('cmi.core.lesson_status'));
    show('notes', get('cmi.suspend_data').length);
    show('learner', get('cmi.core.student_name'));
  };
  const on = (id, act) => document.getElementById(id).addEventListener('click', () => { act(); refresh(); });
  const end = exit => {
    set('cmi.core.session_time', sessionTime());
    set('cmi.core.exit', exit);
    show('status', String(api.LMSFinish('')));
  };
  on('next', () => {
    page += 1;
    set('cmi.core.lesson_status', 'incomplete');
    set('cmi.core.lesson_location', page);
    set('cmi.suspend_data', JSON.stringify({ page, notes: (options.get('fill') || '').repeat(1000 * page) }));
    set('cmi.core.session_time', sessionTime());
  });
  const answer = raw => {
    set('cmi.core.score.min', 0);
    set('cmi.core.score.max', 100);
    set('cmi.core.score.raw', raw);
  };
  on('right', () => answer(90));
  on('wrong', () => answer(40));
  document.getElementById('later').addEventListener('click', () => end('suspend'));
  document.getElementById('finish').addEventListener('click', () => {
    set('cmi.core.lesson_status', 'completed');
    end('');
  });
  refresh();
}
"""


@dataclass(frozen=True)
class Sco:
    """One line of the table of contents. `extra` is raw XML inside the item, e.g. a mastery score."""

    identifier: str
    title: str
    href: str = "pages/course.html"
    parameters: str = ""
    extra: str = ""
    scorm_type: str = "sco"


def manifest(scos: Sequence[Sco], *, title: str = "Infection control", version: str = "1.2") -> str:
    """imsmanifest.xml for these SCOs in one organization, each with a resource of its own."""
    items = "".join(
        f"<item identifier={quoteattr(sco.identifier)} identifierref={quoteattr('r-' + sco.identifier)}"
        f"{' parameters=' + quoteattr(sco.parameters) if sco.parameters else ''}>"
        f"<title>{escape(sco.title)}</title>{sco.extra}</item>"
        for sco in scos
    )
    resources = "".join(
        f"<resource identifier={quoteattr('r-' + sco.identifier)} type='webcontent' "
        f"adlcp:scormtype='{sco.scorm_type}' href={quoteattr(sco.href)}/>"
        for sco in scos
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="test-course" version="1" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
          xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>{escape(version)}</schemaversion></metadata>
  <organizations default="o">
    <organization identifier="o"><title>{escape(title)}</title>{items}</organization>
  </organizations>
  <resources>{resources}</resources>
</manifest>"""


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A plain deflated zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def course(
    *scos: Sco, title: str = "Infection control", files: Mapping[str, str | bytes] | None = None
) -> bytes:
    """A SCORM 1.2 package; one SCO unless asked otherwise. `files` add to the course's or replace them."""
    scos = scos or (Sco("sco-1", "Hand washing"),)
    content: dict[str, str | bytes] = {
        "imsmanifest.xml": manifest(scos, title=title),
        "pages/course.html": COURSE_PAGE,
        "shared/api.js": COURSE_SCRIPT,
    }
    content.update(files or {})
    return zipped(content)

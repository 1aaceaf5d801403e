"""Builds SCORM 2004 packages in memory, with a small real course inside that talks to the run-time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from tests.factories.packages import zipped

COURSE_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Part</title><script src="../shared/api.js"></script></head>
<body>
<h1 id="part"></h1>
<p>Entry: <output id="entry"></output></p>
<p>Page: <output id="page"></output></p>
<p>Completion: <output id="completion"></output></p>
<p>Success: <output id="success"></output></p>
<p>Last: <output id="last"></output></p>
<button id="next">Next page</button>
<button id="right">Right</button>
<button id="wrong">Wrong</button>
<button id="done">Done</button>
<button id="later">Continue later</button>
<button id="finish">Finish</button>
<button id="onward">Go on</button>
<script>course(new URLSearchParams(location.search));</script>
</body></html>
"""

COURSE_SCRIPT = """
function findApi(win) {
  for (let i = 0; i < 10 && win; i++) {
    if (win.API_1484_11) return win.API_1484_11;
    if (win.parent === win) break;
    win = win.parent;
  }
  return null;
}
const began = Date.now();
const api = findApi(window);
function show(id, text) { document.getElementById(id).textContent = text; }
function get(name) { return api.GetValue(name); }
function set(name, value) {
  if (String(api.SetValue(name, String(value))) !== 'true') throw new Error(name + ': ' + api.GetLastError());
}
function course(options) {
  show('part', options.get('part') || 'Part');
  if (!api) { show('last', 'no run-time found'); return; }
  api.Initialize('');
  let page = Number(get('cmi.location') || 1);
  const refresh = () => {
    show('entry', get('cmi.entry'));
    show('page', page);
    show('completion', get('cmi.completion_status'));
    show('success', get('cmi.success_status'));
  };
  const on = (id, act) => document.getElementById(id).addEventListener('click', () => { act(); refresh(); });
  const time = () => set('cmi.session_time', 'PT' + ((Date.now() - began) / 1000).toFixed(2) + 'S');
  const end = exit => { time(); set('cmi.exit', exit); show('last', String(api.Terminate(''))); };
  on('next', () => {
    page += 1;
    set('cmi.completion_status', 'incomplete');
    set('cmi.location', page);
    set('cmi.suspend_data', JSON.stringify({ page }) + (options.get('fill') || '').repeat(1000 * page));
    time();
  });
  const answer = (scaled, success) => {
    set('cmi.score.scaled', scaled);
    set('cmi.score.raw', 100 * scaled);
    set('cmi.score.max', 100);
    set('cmi.success_status', success);
    set('cmi.interactions.0.id', 'seconds');
    set('cmi.interactions.0.type', 'numeric');
    set('cmi.interactions.0.learner_response', scaled > 0.5 ? 20 : 2);
    set('cmi.interactions.0.result', scaled > 0.5 ? 'correct' : 'incorrect');
  };
  on('right', () => answer(2 / 3 + 0.25, 'passed'));
  on('wrong', () => answer(0.25, 'failed'));
  on('done', () => { set('cmi.completion_status', 'completed'); time(); api.Commit(''); });
  document.getElementById('later').addEventListener('click', () => end('suspend'));
  document.getElementById('finish').addEventListener('click', () => {
    set('cmi.completion_status', 'completed');
    end('normal');
  });
  document.getElementById('onward').addEventListener('click', () => {
    set('cmi.completion_status', 'completed');
    set('adl.nav.request', options.get('request') || 'continue');
    end('normal');
  });
  refresh();
}
"""

_NAMESPACES = """xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3"
 xmlns:adlseq="http://www.adlnet.org/xsd/adlseq_v1p3" xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3"
 xmlns:imsss="http://www.imsglobal.org/xsd/imsss\""""


@dataclass(frozen=True)
class Node:
    """One item. `sequencing` is what stands inside its `<imsss:sequencing>`, `extra` raw XML beside it."""

    identifier: str
    title: str = ""
    sequencing: str = ""
    children: Sequence["Node"] = ()
    extra: str = ""
    parameters: str = ""
    scorm_type: str = "sco"
    reference: str = ""

    def walk(self) -> list["Node"]:
        """This one and all below it."""
        return [self, *(one for child in self.children for one in child.walk())]


def _item(node: Node) -> str:
    opens = "" if node.children else f" identifierref={quoteattr('r-' + node.identifier)}"
    parameters = node.parameters or ("" if node.children else f"?part={node.identifier}")
    given = f" parameters={quoteattr(parameters)}" if parameters else ""
    title = escape(node.title or node.identifier)
    return (
        f"<item identifier={quoteattr(node.identifier)}{opens}{given}><title>{title}</title>"
        f"{node.extra}{''.join(_item(child) for child in node.children)}"
        f"{_sequencing(node.sequencing, node.reference)}</item>"
    )


def _sequencing(inside: str, reference: str = "") -> str:
    if not inside and not reference:
        return ""
    refers = f" IDRef={quoteattr(reference)}" if reference else ""
    return f"<imsss:sequencing{refers}>{inside}</imsss:sequencing>"


def manifest(
    *nodes: Node,
    sequencing: str = "",
    version: str = "2004 4th Edition",
    collection: str = "",
    attributes: str = "",
) -> str:
    """imsmanifest.xml with one organization of these items."""
    leaves = [one for node in nodes for one in node.walk() if not one.children]
    resources = "".join(
        f"<resource identifier={quoteattr('r-' + leaf.identifier)} type='webcontent' "
        f"adlcp:scormType='{leaf.scorm_type}' href='pages/course.html'/>"
        for leaf in leaves
    )
    shared = f"<imsss:sequencingCollection>{collection}</imsss:sequencingCollection>" if collection else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="test-course" version="1" {_NAMESPACES}>
  <metadata><schema>ADL SCORM</schema><schemaversion>{escape(version)}</schemaversion></metadata>
  <organizations default="o"><organization identifier="o"{attributes}><title>Infection control</title>
  {"".join(_item(node) for node in nodes)}{_sequencing(sequencing)}</organization></organizations>
  <resources>{resources}</resources>{shared}
</manifest>"""


def course(*nodes: Node, files: Mapping[str, str | bytes] | None = None, **given: str) -> bytes:
    """A SCORM 2004 package; one SCO unless asked otherwise. `given`: see `manifest`."""
    return zipped(
        {
            "imsmanifest.xml": manifest(*(nodes or (Node("part-1", "Hand washing"),)), **given),
            "pages/course.html": COURSE_PAGE,
            "shared/api.js": COURSE_SCRIPT,
            **(files or {}),
        }
    )

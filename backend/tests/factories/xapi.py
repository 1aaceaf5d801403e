"""Builds xAPI packages with a tincan.xml in memory, with a small page inside that speaks xAPI without a library."""

from tests.factories.packages import zipped

HANDS = "https://publisher.example/hands"
PAGE = """<!doctype html><html lang="en"><title>Hands</title><h1>Rinse and dry</h1><p id="out">Starting…</p>
<button id="more">Next page</button> <button id="pass">Pass</button>
<script>
const given = new URLSearchParams(location.search);
const out = document.getElementById('out');
const ask = (path, options = {}) => fetch(given.get('endpoint') + path, { ...options, headers: {
  Authorization: given.get('auth'), 'X-Experience-API-Version': '1.0.3', 'Content-Type': 'application/json' } });
const say = (verb, result) => ask('statements', { method: 'POST', body: JSON.stringify({
  // As some tools do it: whom the author had in mind, not whom the launch names.
  actor: { mbox: 'mailto:author@publisher.example' }, verb: { id: 'http://adlnet.gov/expapi/verbs/' + verb },
  object: { id: given.get('activity_id') }, result, context: { registration: given.get('registration') } }) });
const state = 'activities/state?' + new URLSearchParams({ stateId: 'page', activityId: given.get('activity_id'),
  agent: given.get('actor'), registration: given.get('registration') });
let page = 1;
(async () => {
  const kept = await ask(state);
  if (kept.ok) page = (await kept.json()).page;
  const said = await say('initialized');
  out.textContent = 'page ' + page + ' ' + said.status;
})().catch(fault => { out.textContent = fault; });
document.getElementById('more').onclick = async () => {
  page += 1;
  const kept = await ask(state, { method: 'PUT', body: JSON.stringify({ page }) });
  out.textContent = 'page ' + page + ' ' + kept.status;
};
document.getElementById('pass').onclick = async () => {
  const said = await say('passed', { success: true, completion: true, score: { scaled: 0.95 } });
  out.textContent = 'passed ' + said.status;
};
</script></html>"""


def activity(name: str = HANDS, *, launch: str | None = "index.html", title: str = "Hands") -> str:
    """An activity; without `launch`, one that the package only describes."""
    page = "" if launch is None else f'<launch lang="en-us">{launch}</launch>'
    return f'<activity id="{name}" type="http://adlnet.gov/expapi/activities/course"><name>{title}</name>{page}</activity>'


def tincan(*activities: str) -> str:
    """tincan.xml with these activities."""
    return (
        '\ufeff<?xml version="1.0" encoding="utf-8"?><tincan xmlns="http://projecttincan.com/tincan.xsd">'
        f"<activities>{''.join(activities)}</activities></tincan>"
    )


def xapi_course(*activities: str) -> bytes:
    """A package with a page that works."""
    return zipped({"tincan.xml": tincan(*(activities or (activity(),))), "index.html": PAGE})

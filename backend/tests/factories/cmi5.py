"""Builds cmi5 packages in memory, with a small real AU inside that speaks xAPI without a library."""

from collections.abc import Mapping

from tests.factories.packages import zipped

AU = """<!doctype html><html lang="en"><title>AU</title><h1>Rinse and dry</h1><p id="out">Starting…</p>
<button id="pass">Pass</button> <button id="end">End</button>
<script>
const given = new URLSearchParams(location.search);
const endpoint = given.get('endpoint').replace(/\\/$/, '');
const out = document.getElementById('out');
let auth, data;
const ask = (path, options = {}) => fetch(endpoint + path, { ...options, headers: {
  Authorization: auth, 'X-Experience-API-Version': '1.0.3', 'Content-Type': 'application/json' } });
async function say(name, result) {
  const id = crypto.randomUUID ? crypto.randomUUID() : '10000000-1000-4000-8000-100000000000'.replace(/[018]/g,
    c => (+c ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> +c / 4).toString(16));
  const context = JSON.parse(JSON.stringify(data.contextTemplate));
  context.registration = given.get('registration');
  context.contextActivities.category = [{ id: 'https://w3id.org/xapi/cmi5/context/categories/cmi5' }];
  if (['passed', 'completed', 'failed'].includes(name)) context.contextActivities.category.push(
    { id: 'https://w3id.org/xapi/cmi5/context/categories/moveon' });
  const answer = await ask('/statements?statementId=' + id, { method: 'PUT', body: JSON.stringify({
    id, timestamp: new Date().toISOString(), actor: JSON.parse(given.get('actor')),
    verb: { id: 'http://adlnet.gov/expapi/verbs/' + name }, object: { id: given.get('activityId') },
    context, result }) });
  out.textContent = name + ' ' + answer.status;
}
(async () => {
  auth = 'Basic ' + (await (await fetch(given.get('fetch'), { method: 'POST' })).json())['auth-token'];
  const state = new URLSearchParams({ stateId: 'LMS.LaunchData', activityId: given.get('activityId'),
    agent: given.get('actor'), registration: given.get('registration') });
  data = await (await ask('/activities/state?' + state)).json();
  const preferences = { profileId: 'cmi5LearnerPreferences', agent: given.get('actor') };
  await ask('/agents/profile?' + new URLSearchParams(preferences));
  await say('initialized');
})().catch(fault => { out.textContent = fault; });
document.getElementById('pass').onclick = () => say('passed',
  { success: true, duration: 'PT1S', score: { scaled: 0.95, raw: 95, min: 0, max: 100 } });
document.getElementById('end').onclick = async () => {
  await say('terminated', { duration: 'PT2S' });
  location.href = data.returnURL;
};
</script></html>"""


def structure(*units: str, course: str = "https://publisher.example/course", extra: str = "") -> str:
    """cmi5.xml with these AUs, and `extra` behind them."""
    title = '<title><langstring lang="en">Hands</langstring></title>'
    words = f'{title}<description><langstring lang="en">Hands</langstring></description>'
    return f"""<?xml version="1.0" encoding="utf-8"?>
<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd">
<course id="{course}">{words}</course>{"".join(units)}{extra}</courseStructure>"""


def unit(name: str = "a", *, url: str = "index.html", attributes: str = 'moveOn="Passed"') -> str:
    """An AU."""
    words = "".join(
        f'<{tag}><langstring lang="en">Part {name}</langstring></{tag}>' for tag in ("title", "description")
    )
    return f'<au id="https://publisher.example/au/{name}" {attributes}>{words}<url>{url}</url></au>'


def cmi5_course(*units: str, files: Mapping[str, str | bytes] | None = None) -> bytes:
    """A cmi5 zip; one AU that has to be passed unless asked otherwise."""
    content: dict[str, str | bytes] = {"cmi5.xml": structure(*(units or (unit(),))), "index.html": AU}
    return zipped({**content, **(files or {})})

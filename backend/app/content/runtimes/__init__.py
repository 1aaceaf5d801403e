"""The standards this school can play, each a run-time behind one protocol (`protocol.Runtime`).

A further standard is a package beside `scorm12` and an entry here; `launches` knows no standard by name.
"""

from app.content.runtimes.cmi5 import CMI5
from app.content.runtimes.html5 import HTML5
from app.content.runtimes.media import AUDIO, DOCUMENT, VIDEO
from app.content.runtimes.protocol import Runtime
from app.content.runtimes.scorm12 import SCORM12
from app.content.runtimes.written import WRITTEN
from app.content.runtimes.xapi import XAPI
from app.core.errors import NotFound

RUNTIMES: dict[str, Runtime] = {
    runtime.name: runtime for runtime in (SCORM12, CMI5, XAPI, HTML5, VIDEO, AUDIO, DOCUMENT, WRITTEN)
}


def runtime_of(standard: str) -> Runtime:
    """The run-time that plays this standard. Raises NotFound for one that is not played any more."""
    runtime = RUNTIMES.get(standard)
    if runtime is None:
        raise NotFound("Lessons of this kind cannot be played here.")
    return runtime

"""How long a student waits for a course: from the press on Start until the course's first script has its run-time.

    CHROMIUM=/usr/bin/chromium ../.venv/bin/python -m benchmarks.player [--rounds 5] [--requests]

Serves the demo school, with a program for each standard in which nobody has begun anything. In each round another
student, who is signed in and sees their lessons, presses Start in a browser of their own; the time ends when the first
line of script in the course has `LMSInitialize` (SCORM 1.2) or `Initialize` (SCORM 2004) answered, or, in cmi5, when
the LRS has taken the statement `initialized`. The first round of each standard warms the server and does not count.
With `--requests`, the last round also prints when each request began and ended, in milliseconds after the press.
"""

import argparse
import io
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Request
from sqlalchemy import text

from app.accounts.people import service as people
from app.content.service import import_package
from app.core.files import open_store
from app.core.permissions import SYSTEM, Subject
from app.db.models import ContentType, Lesson, Module, Program
from app.db.session import Database
from app.settings import Settings
from benchmarks.crowd import add_students, served, sign_in
from tests.browser.chromium import chromium
from tests.factories import cmi5, packages, scorm2004

GOAL_MILLISECONDS = 1_000
PRESSED, RUNS = "benchmark: pressed", "benchmark: runs"
NOW = "performance.timeOrigin + performance.now()"
WATCH = f"addEventListener('click', () => console.log('{PRESSED}', {NOW}), {{ capture: true }});"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Course</title>
<script>
let place = window;
while (!place.NAME && place !== place.parent) place = place.parent;
const answer = String(place.NAME.CALL(""));
if (answer !== "true") throw new Error("The run-time answered " + answer);
console.log("RUNS", NOW);
</script><h1>Course</h1></html>"""


def _page(name: str, call: str) -> dict[str, str | bytes]:
    """The course's page, which asks for the run-time in its first script."""
    page = PAGE
    for word, meant in {"NAME": name, "CALL": call, "RUNS": RUNS, "NOW": NOW}.items():
        page = page.replace(word, meant)
    return {"pages/course.html": page}


def _cmi5() -> bytes:
    said = "  await say('initialized');\n"
    assert said in cmi5.AU
    return cmi5.cmi5_course(
        files={"index.html": cmi5.AU.replace(said, f"{said}  console.log('{RUNS}', {NOW});\n")}
    )


COURSES: dict[str, Callable[[], bytes]] = {
    "SCORM 1.2": lambda: packages.course(files=_page("API", "LMSInitialize")),
    "SCORM 2004": lambda: scorm2004.course(files=_page("API_1484_11", "Initialize")),
    "cmi5": _cmi5,
}


@dataclass
class Start:
    """One press on Start: milliseconds until the course ran, and what was asked meanwhile."""

    pressed: float = 0.0
    ran: float = 0.0
    faults: list[str] = field(default_factory=list)
    requests: list[tuple[float, float, str]] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        return self.ran - self.pressed

    def hear(self, message: ConsoleMessage) -> None:
        for sign in (PRESSED, RUNS):
            if message.text.startswith(sign):
                at = float(message.text.removeprefix(sign))
                if sign == PRESSED:
                    self.pressed = at
                else:
                    self.ran = at

    def note(self, request: Request) -> None:
        timing = request.timing
        address = request.url.split("/", 3)[3]
        self.requests.append((timing["startTime"], timing["startTime"] + timing["responseEnd"], address))


def prepare(settings: Settings, students: int) -> dict[str, list[str]]:
    """A program with one lesson for each standard, and students of it who are signed in: secrets by standard."""
    database = Database(settings)
    signed: dict[str, list[str]] = {}
    for standard, course in COURSES.items():
        with database.begin() as session:
            admin = session.scalar(text("SELECT id FROM users WHERE email = 'admin@demo.aada.example'"))
            person = people.get_person(session, SYSTEM, int(admin or 0))
            program = Program(name=f"Program with {standard}")
            session.add(program)
            session.flush()
            module = Module(program_id=program.id, name="Module", order_num=1)
            session.add(module)
            session.flush()
            lesson = Lesson(module_id=module.id, title=standard, content_type=ContentType.SCORM, order_num=1)
            session.add(lesson)
            session.flush()
            import_package(
                session,
                Subject(person.id, person.email, person.full_name, person.role),
                open_store(settings),
                lesson.id,
                io.BytesIO(course()),
                file_name="course.zip",
                max_bytes=settings.max_upload_bytes,
            )
            added = add_students(session, students, lesson.id, name=f"player-{program.id}")
        with database.begin() as session:
            signed[standard] = [sign_in(session, settings, number) for number in added]
    database.close()
    return signed


def press(browser: Browser, url: str, secret: str) -> Start:
    """Press Start as a student who is signed in and looks at their lessons."""
    found = Start()
    context = browser.new_context()
    context.add_cookies([{"name": "aada_session", "value": secret, "url": url}])
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"{url}/learn", wait_until="networkidle")
    page.on("console", found.hear)
    page.on("pageerror", lambda error: found.faults.append(str(error)))
    page.on("requestfinished", found.note)
    page.get_by_role("link", name="Start:").click()
    for _ in range(600):
        if found.ran or found.faults:
            break
        page.wait_for_timeout(50)
    context.close()
    if not found.ran:
        raise SystemExit(f"The course did not run: {found.faults or 'nothing was heard of it'}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", action="store_true")
    parser.add_argument("--processes", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aada-player-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with served(folder, options.processes) as (_program, port, settings), chromium() as browser:
            signed = prepare(settings, options.rounds + 1)
            for standard, secrets in signed.items():
                starts = [press(browser, f"http://localhost:{port}", secret) for secret in secrets][1:]
                times = [one.milliseconds for one in starts]
                print(
                    f"{standard:12} from Start to the course's first answer: median "
                    f"{statistics.median(times):6.0f} ms of {len(times)} (goal {GOAL_MILLISECONDS:,} ms)   "
                    f"{' '.join(f'{one:.0f}' for one in times)}",
                    flush=True,
                )
                for began, ended, address in sorted(starts[-1].requests) if options.requests else ():
                    pressed = starts[-1].pressed
                    print(f"   {began - pressed:7.0f} {ended - pressed:7.0f}  {address[:90]}")


if __name__ == "__main__":
    main()

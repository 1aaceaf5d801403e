"""Many learners in a SCORM 1.2 course, each of whom commits at the same pace: how fast, and whether all of it is kept.

    ../.venv/bin/python -m benchmarks.learners [--learners 200] [--every 5] [--seconds 180] [--processes N]
        [--at-once]

Serves the demo school as it is served everywhere. Each learner opens the course once (a launch, which
is not part of the time), and then commits over a kept connection of its own, one after the other; the learners take
turns, spread evenly. They begin when what the demo school has behind it (some 25,000 entries of its history) has become
statements, as it has in a school that is at work: a commit adds nothing to that unless it is news. With --at-once they
do not wait for that. Prints the commits with statuses, the median and the 95th percentile, and what is in PostgreSQL
afterwards: a row for each commit that was acknowledged (lost must be 0), and in each attempt the place of the last one.
The client runs on the same machine and takes its part of it. What one learner waits for when a course starts:
`benchmarks.player`.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from app.db.session import Database
from app.projections import service as projections
from app.settings import Settings
from benchmarks.crowd import Client, Kind, Opened, at_pace, commit, open_course, school_of, served

OPENED_EACH_SECOND = 20.0
ROWS = "SELECT launch_id, seq FROM scorm_commits WHERE launch_id = ANY(:launches)"
PLACES = """
SELECT l.id, d.location FROM launches l
JOIN scorm_data d ON d.enrollment_id = l.enrollment_id AND d.package_id = l.package_id AND d.sco_id = l.sco_id
                 AND d.attempt_no = l.attempt_no
WHERE l.id = ANY(:launches)
"""


@dataclass
class Class:
    """The learners by place: what each has opened, and the numbers of the commits that were acknowledged to them."""

    every: float
    opened: dict[int, Opened] = field(default_factory=dict)
    acknowledged: dict[int, set[int]] = field(default_factory=dict)

    def open(self, client: Client, place: int) -> int:
        """A learner opens the course."""
        status, opened = open_course(client, place)
        if opened is not None:
            self.opened[place] = opened
            self.acknowledged[place] = set()
        return status

    def commit(self, client: Client, number: int) -> int:
        """The learner whose turn it is reports a page further, and all that the course keeps."""
        turn, place = divmod(number, len(self.opened))
        seq = turn + 1
        seconds = int(seq * self.every)
        core = {
            "lesson_status": "incomplete",
            "lesson_location": str(seq),
            "session_time": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
        }
        cmi = {"core": core, "suspend_data": json.dumps({"page": seq, "answers": "abcd" * 50})}
        status, answer = commit(client, self.opened[place].token, {"seq": seq, "cmi": cmi})
        if status == 200 and json.loads(answer)["result"] is True:
            self.acknowledged[place].add(seq)
        return status


def kept(settings: Settings, learners: Class) -> str:
    """Compare what was acknowledged with what is in PostgreSQL."""
    places = {opened.launch: place for place, opened in learners.opened.items()}
    database = Database(settings)
    with database.begin() as session:
        rows = {
            (places[row.launch_id], row.seq) for row in session.execute(text(ROWS), {"launches": [*places]})
        }
        at = {places[row.id]: row.location for row in session.execute(text(PLACES), {"launches": [*places]})}
    database.close()
    acknowledged = {(place, seq) for place, found in learners.acknowledged.items() for seq in found}
    behind = sum(
        int(at.get(place) or 0) < max(found, default=0) for place, found in learners.acknowledged.items()
    )
    return (
        f"rows in PostgreSQL {len(rows):,}, acknowledged {len(acknowledged):,}: "
        f"lost {len(acknowledged - rows):,}, kept without an answer {len(rows - acknowledged):,}; "
        f"attempts behind their last acknowledged commit {behind:,}"
    )


def follow(settings: Settings) -> str:
    """Wait until nothing of the history waits for a subscriber; how long that took."""
    begun = time.monotonic()
    database = Database(settings)
    while True:
        with database.begin() as session:
            if not any(one.lag.waiting for one in projections.following(session)):
                break
        time.sleep(1)
    database.close()
    return f"the history was followed after {time.monotonic() - begun:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two commits of a learner")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--at-once", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aada-learners-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with served(folder, options.processes) as (_program, port, settings):
            school = school_of(settings, options.learners)
            learners = Class(options.every)
            opens = Kind("launches", OPENED_EACH_SECOND, learners.open)
            for one in at_pace(opens, port, school, 0, options.learners):
                one.join()
            print(opens.line(), flush=True)
            if len(learners.opened) < options.learners:
                sys.exit("Not every learner could open the course.")
            if not options.at_once:
                print(follow(settings), flush=True)
            commits = Kind("commits", options.learners / options.every, learners.commit)
            count = int(options.seconds * commits.rate)
            for one in at_pace(commits, port, school, 0, count, connections=options.learners):
                one.join()
            print(commits.line())
            print(kept(settings, learners))


if __name__ == "__main__":
    main()

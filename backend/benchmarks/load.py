"""Many at once: students' pages, clocks, courses, statements, an export, an import and a report, for a given time.

    ../.venv/bin/python -m benchmarks.load [--seconds 600] [--processes N] [--students 500]

Serves the demo school, with as many students added, by the system as it is started everywhere. First all students
clock in within ten seconds; then everything goes on at once, each kind at its own pace. Prints for each kind the
statuses, the median and the 95th percentile, and what the processes weigh after each tenth of the time: the system, the
database's own memory, and what its processes share. The client runs on the same machine and takes its part of it.
"""

import argparse
import json
import secrets
import tempfile
import uuid
from collections import defaultdict
from pathlib import Path

from app.ops.postgres import EmbeddedServer
from benchmarks.crowd import Client, Kind, at_pace, commit, open_course, school_of, served
from benchmarks.start import family, proportional_mib

WITHIN_SECONDS = 10.0
PARTS = 10
"""The processes are weighed after each part of the time."""

# What is asked


def page(client: Client, number: int) -> int:
    path = ("/", "/learn", "/hours", "/")[number % 4]
    return client.ask("GET", path, cookie=_student(client, number))[0]


def clock(client: Client, number: int) -> int:
    """In, or out for whoever is in."""
    place = number % len(client.school.students)
    with client.school.lock:
        out = place in client.school.inside
        client.school.inside.symmetric_difference_update({place})
    status, _ = client.ask(
        "POST",
        f"/hours/clock-{'out' if out else 'in'}",
        cookie=client.school.students[place],
        body=b"",
        Content_Type="application/x-www-form-urlencoded",
    )
    return status


def course(client: Client, number: int) -> int:
    """A commit of a course; the first of a student opens it."""
    place = number % min(40, len(client.school.students))
    with client.school.lock:
        token, seq = client.school.launches.get(place, ("", 0))
    if not token:
        status, opened = open_course(client, place)
        if opened is None:
            return status
        token = opened.token
    with client.school.lock:
        client.school.launches[place] = (token, seq + 1)
    cmi = {"core": {"lesson_status": "incomplete", "session_time": "00:00:05"}}
    return commit(client, token, {"seq": seq + 1, "cmi": cmi})[0]


def statement(client: Client, _number: int) -> int:
    sent = {
        "id": str(uuid.uuid4()),
        "actor": {"mbox": f"mailto:load-{secrets.randbelow(500)}@demo.aada.example"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/experienced"},
        "object": {"id": f"https://example.edu/load/{secrets.randbelow(50)}"},
    }
    return client.ask(
        "POST",
        "/xapi/statements",
        body=json.dumps(sent).encode(),
        Authorization=client.school.key,
        X_Experience_API_Version="1.0.3",
        Content_Type="application/json",
    )[0]


def export(client: Client, _number: int) -> int:
    return client.ask("GET", "/attendance?format=csv", cookie=client.school.staff)[0]


def report(client: Client, _number: int) -> int:
    return client.ask("GET", "/attendance/students?format=pdf", cookie=client.school.staff)[0]


def upload(client: Client, number: int) -> int:
    """A list of people to import, which is checked and not taken in."""
    rows = "".join(f"Person {number} {n},import-{number}-{n}@example.edu,student\n" for n in range(500))
    mark = uuid.uuid4().hex
    body = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\nfull_name,email,role\n{rows}\r\n--{mark}--\r\n"
    )
    return client.ask(
        "POST",
        "/imports/people/new",
        cookie=client.school.staff,
        body=body.encode(),
        Content_Type=f"multipart/form-data; boundary={mark}",
    )[0]


def _student(client: Client, number: int) -> str:
    return client.school.students[number % len(client.school.students)]


KINDS = (
    ("students' pages", 20.0, page),
    ("clock", 4.0, clock),
    ("course's commit", 4.0, course),
    ("statement", 4.0, statement),
    ("export of attendance", 1 / 20, export),
    ("report as PDF", 1 / 30, report),
    ("import checked", 1 / 30, upload),
)


# The run


def weight(program: int, database: int | None) -> dict[str, float]:
    """MiB of the processes that serve, of the database's own memory, and of the memory that its processes share.

    The shared part is the buffer cache and its tables: counted as it is touched for the first time, and never more
    than the server has set aside when it started. What may grow without an end is in the other two.
    """
    postgres = set(family(database)) if database else set()
    own = [pid for pid in family(program) if pid not in postgres]
    shared = proportional_mib(sorted(postgres), "Pss_Shmem")
    return {
        "program": proportional_mib(own),
        "database, its own": proportional_mib(sorted(postgres)) - shared,
        "database, shared": shared,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--students", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aada-load-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with served(folder, options.processes) as (program, port, settings):
            school = school_of(settings, options.students)
            server = EmbeddedServer(folder / "postgres").status().pid
            rush = Kind(f"{options.students} clock in", options.students / WITHIN_SECONDS, clock)
            for one in at_pace(rush, port, school, WITHIN_SECONDS, options.students):
                one.join()
            print(rush.line())
            kinds = [Kind(*kind) for kind in KINDS]
            weights: dict[str, list[float]] = defaultdict(list)
            # A tenth of the time to fill what is filled once: pools, compiled statements, caches.
            for _ in range(PARTS):
                running = [
                    one for kind in kinds for one in at_pace(kind, port, school, options.seconds / PARTS)
                ]
                for one in running:
                    one.join()
                for what, mib in weight(program, server).items():
                    weights[what].append(mib)
            for kind in kinds:
                print(kind.line())
            print(f"{'MiB after each tenth':22} " + " ".join(f"{part + 1:5}" for part in range(PARTS)))
            for what, found in weights.items():
                grown = 100 * (found[-1] / found[0] - 1)
                print(f"{what:22} " + " ".join(f"{mib:5.0f}" for mib in found) + f"   {grown:+.1f} %")
            bad = sum(
                count
                for kind in [rush, *kinds]
                for status, count in kind.statuses.items()
                if status >= 500 or not status
            )
            print(f"answers of 500 and above, or none: {bad}")


if __name__ == "__main__":
    main()

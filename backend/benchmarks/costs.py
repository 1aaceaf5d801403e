"""What a page costs: statements, and processor milliseconds of program and database, with hardly any noise.

    ../.venv/bin/python -m benchmarks.costs --keep DIRECTORY [--only PART-OF-A-NAME] [--requests 300] [--size B]
        [--statements]

Asks the program in its own process, without a socket, as one client: a school that `benchmarks.pages --keep DIRECTORY`
has written, in blocks of requests; the table has the median block. Processor time is what the program's threads and the
database's processes were given of it, so that neighbors on the machine matter little. What uvicorn adds for a request
is not in it. With --statements, prints what each page asks of the database.
"""

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import event
from starlette.types import ASGIApp, Message

from app.db import ready
from app.db.session import Database
from app.main import create_app
from app.ops.postgres import EmbeddedServer
from benchmarks.pages import PAGES, SIZES, STUDENT, school
from benchmarks.pages_school import cookies
from benchmarks.start import family

BLOCK = 25
"""Requests of a page in a row."""
NOTHING = ("Nothing (/healthz)", STUDENT, "/healthz", 1)


class Caller:
    """Asks the application for a page, as a client behind uvicorn would."""

    def __init__(self, app: ASGIApp, host: str, cookie: str) -> None:
        self._app = app
        self._headers = [
            (b"host", host.encode()),
            (b"cookie", cookie.encode()),
            (b"accept-encoding", b"gzip"),
            (b"user-agent", b"benchmark"),
        ]

    async def get(self, target: str) -> tuple[int, int]:
        """Status and bytes of the answer."""
        parts = urlsplit(target)
        status = size = 0

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": self._headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await self._app(scope, receive, send)
        return status, size


def database_seconds(pid: int) -> float:
    """Processor time that the database's processes have had so far."""
    total = 0
    for one in family(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            total += int(Path(f"/proc/{one}/schedstat").read_text().split()[0])
    return total / 1e9


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(" ".join(statement.split()))

    event.listen(database.engine, "before_cursor_execute", note)
    ready.watchers.append(seen.append)
    try:
        yield seen
    finally:
        ready.watchers.remove(seen.append)
        event.remove(database.engine, "before_cursor_execute", note)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, required=True, help="where benchmarks.pages keeps its schools")
    parser.add_argument("--only", default="")
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--size", default="B", choices=sorted(SIZES))
    parser.add_argument("--statements", action="store_true")
    options = parser.parse_args()
    with EmbeddedServer(options.keep / "postgres") as server:
        # One person asks for hundreds of searches.
        settings = school(server, options.size, SIZES[options.size], options.keep).model_copy(
            update={"pace_factor": 10_000}
        )
        database = Database(settings)
        known = cookies(settings, SIZES[options.size])
        app = create_app(settings, database)
        callers = [Caller(app, urlsplit(settings.app_origin).netloc, cookie) for cookie in known]
        pages = [
            page
            for page in (NOTHING, *PAGES)
            if any(part.lower() in page[0].lower() for part in options.only.split(","))
        ]
        with asyncio.Runner() as runner:
            runner.run(measure(pages, callers, database, server.status().pid or 0, options))
        database.close()


async def measure(
    pages: list[tuple[str, int, str, int]],
    callers: list[Caller],
    database: Database,
    pid: int,
    options: argparse.Namespace,
) -> None:
    """Print the table."""
    print(f"\n{'':30}{'statements':>11}{'program':>9}{'database':>9}{'ms':>7}{'bytes':>8}")
    for name, who, path, _goal in pages:
        ask = callers[who]
        for _ in range(12):  # until the database has kept its plans
            status, size = await ask.get(path)
            assert status == 200, (name, status)
        with statements(database) as seen:
            await ask.get(path)
        gc.collect()
        gc.freeze()  # as app.ops.lifecycle does
        if options.statements:
            print(*(f"    {one}" for one in seen), sep="\n")
        blocks = []
        for _ in range(max(3, options.requests // BLOCK)):
            program, stored = time.process_time(), database_seconds(pid)
            for _ in range(BLOCK):
                await ask.get(path)
            blocks.append(
                (
                    (time.process_time() - program) * 1000 / BLOCK,
                    (database_seconds(pid) - stored) * 1000 / BLOCK,
                )
            )
        program, stored = (statistics.median(part) for part in zip(*blocks, strict=True))
        print(
            f"{name:30}{len(seen):11}{program:9.2f}{stored:9.2f}{program + stored:7.2f}{size:8}", flush=True
        )


if __name__ == "__main__":
    main()

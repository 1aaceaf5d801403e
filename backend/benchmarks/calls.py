"""How many functions of Python a page calls, and which: a measure that a busy machine does not change.

    ../.venv/bin/python -m benchmarks.calls --keep DIRECTORY [--only PART-OF-A-NAME] [--size B] [--functions 30]

Asks the program in its own process, as `benchmarks.costs` does, over the threads in which it works. With --functions,
prints the dearest by their own time and by all that they call.
"""

import argparse
import asyncio
import cProfile
import io
import pstats
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from app.db.session import Database
from app.main import create_app
from app.ops.postgres import EmbeddedServer
from benchmarks.costs import NOTHING, Caller, statements
from benchmarks.pages import PAGES, SIZES, school
from benchmarks.pages_school import cookies

REQUESTS = 10
_profiles: list[cProfile.Profile] = []


def _begin(_frame: FrameType, _event: str, _argument: object) -> None:
    """What a thread does first: from then on its own profile notes its calls."""
    profile = cProfile.Profile()
    _profiles.append(profile)
    profile.enable()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, required=True, help="where benchmarks.pages keeps its schools")
    parser.add_argument("--only", default="")
    parser.add_argument("--size", default="B", choices=sorted(SIZES))
    parser.add_argument("--functions", type=int, default=0)
    options = parser.parse_args()
    threading.setprofile(_begin)
    with EmbeddedServer(options.keep / "postgres") as server:
        settings = school(server, options.size, SIZES[options.size], options.keep)
        settings = settings.model_copy(update={"pace_factor": 10_000})
        database = Database(settings)
        app = create_app(settings, database)
        host = urlsplit(settings.app_origin).netloc
        callers = [Caller(app, host, cookie) for cookie in cookies(settings, SIZES[options.size])]
        with asyncio.Runner() as runner:
            runner.run(measure(callers, database, options))
        database.close()


async def measure(callers: list[Caller], database: Database, options: argparse.Namespace) -> None:
    """Print a line a page."""
    print(f"\n{'':30}{'functions':>10}{'statements':>12}")
    for name, who, path, _goal in (NOTHING, *PAGES):
        if options.only.lower() not in name.lower():
            continue
        ask = callers[who]
        for _ in range(12):
            status, _size = await ask.get(path)
            assert status == 200, (name, status)
        with statements(database) as seen:
            await ask.get(path)
        for profile in _profiles:
            profile.clear()
        own = cProfile.Profile()
        own.enable()
        for _ in range(REQUESTS):
            await ask.get(path)
        own.disable()
        found, text = pstats.Stats(own), io.StringIO()
        for profile in _profiles:
            with suppress(TypeError):  # a thread that did nothing
                found.add(profile)
        print(f"{name:30}{found.total_calls / REQUESTS:10.0f}{len(seen):12}", flush=True)  # type: ignore[attr-defined]
        if options.functions:
            found.stream = text  # type: ignore[attr-defined]
            found.sort_stats("tottime").print_stats(options.functions)
            found.sort_stats("cumtime").print_stats(options.functions)
            print(text.getvalue())


if __name__ == "__main__":
    main()

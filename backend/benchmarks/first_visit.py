"""What a phone fetches for a student's first page, on a first visit and on the next, and when the page is painted.

    CHROMIUM=/usr/bin/chromium ../.venv/bin/python -m benchmarks.first_visit [--rounds 5]

Serves the demo school. Bytes are those on the wire, heads of the answers included; the largest paint is Chromium's own
figure, with a processor four times slower and a 3G line as the browser's developer tools have it (562 ms for each way
there and back, 1.44 Mbit/s).
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from benchmarks.crowd import school_of, served
from tests.browser.chromium import chromium

FIRST_BYTES, FIRST_REQUESTS = 100_000, 8
NEXT_BYTES, NEXT_REQUESTS = 8_000, 1
PAINT_SECONDS = 2.0
_THIRD_GENERATION = {
    "offline": False,
    "latency": 562.5,
    "downloadThroughput": 1_440_000 * 0.9 / 8,
    "uploadThroughput": 675_000 * 0.9 / 8,
}
_LARGEST_PAINT = """() => new Promise(resolve => new PerformanceObserver(list =>
    resolve(list.getEntries().at(-1).startTime)).observe({type: 'largest-contentful-paint', buffered: true}))"""


@dataclass
class Traffic:
    """What one page fetched: address and bytes on the wire of each request that was not answered from the cache."""

    requests: dict[str, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(self.requests.values())


@contextmanager
def watched(page: Page, *, slow: bool = False) -> Iterator[Traffic]:
    """Count what the page fetches meanwhile; `slow` on a phone's processor and line."""
    traffic, addresses, cached = Traffic(), dict[str, str](), set[str]()
    wire = page.context.new_cdp_session(page)

    def asked(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def answered(event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache"):
            cached.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        number = event["requestId"]
        address = addresses.get(number, number)
        if number not in cached and not address.startswith("data:"):
            traffic.requests[address] = int(event["encodedDataLength"])

    wire.on("Network.requestWillBeSent", asked)
    wire.on("Network.requestServedFromCache", lambda event: cached.add(event["requestId"]))
    wire.on("Network.responseReceived", answered)
    wire.on("Network.loadingFinished", finished)
    wire.send("Network.enable")
    if slow:
        wire.send("Network.emulateNetworkConditions", _THIRD_GENERATION)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    yield traffic
    wire.detach()


def visit(context: BrowserContext, url: str, *, slow: bool = False) -> tuple[Traffic, float]:
    """Open the page in a new tab: what it fetched, and the seconds to its largest paint."""
    page = context.new_page()
    with watched(page, slow=slow) as traffic:
        page.goto(url, wait_until="networkidle")
        painted = float(page.evaluate(_LARGEST_PAINT)) / 1000
    page.close()
    return traffic, painted


def phone(browser: Browser, url: str, secret: str) -> BrowserContext:
    """A phone on which a student is signed in and that has been here never before."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    context.add_cookies([{"name": "aada_session", "value": secret, "url": url}])
    return context


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="aada-visit-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with served(folder, 1) as (_program, port, settings), chromium() as browser:
            url = f"http://localhost:{port}/"
            secret = school_of(settings, 1).students[0]
            found: dict[str, list[tuple[Traffic, float]]] = {"first": [], "next": []}
            for _ in range(rounds):
                context = phone(browser, url, secret)
                for visits in found.values():
                    visits.append(visit(context, url, slow=True))
                context.close()
    goals = {"first": (FIRST_BYTES, FIRST_REQUESTS), "next": (NEXT_BYTES, NEXT_REQUESTS)}
    for which, visits in found.items():
        traffic = visits[-1][0]
        most_bytes, most_requests = goals[which]
        painted = statistics.median(seconds for _, seconds in visits)
        print(
            f"{which + ' visit':12} {traffic.bytes / 1000:6.1f} kB (goal {most_bytes / 1000:g})   "
            f"{len(traffic.requests)} requests (goal {most_requests})   "
            f"largest paint {painted:.2f} s (goal {PAINT_SECONDS:g})"
        )
        for address, size in traffic.requests.items():
            print(f"   {size:7,}  {address.removeprefix(url)[:80] or '/'}")


if __name__ == "__main__":
    main()

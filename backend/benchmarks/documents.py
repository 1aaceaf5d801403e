"""Letters rendered and signed, beside plain rendering in the same run; the memory of both sides.

cd backend && ../.venv/bin/python -m benchmarks.documents [letters]
"""

import resource
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from app.core import clock
from app.documents.keys import certificates
from app.documents.keys.service import OwnKey
from app.documents.letterhead import Letterhead
from app.documents.pades import sign
from app.documents.render.processes import Renderer
from app.documents.render.service import render
from app.documents.verification import inspect
from app.settings import Settings

FACTS = {
    "number": "EV-2026-000001",
    "kind": "Enrollment verification letter",
    "issued_on": "2026-11-25",
    "machine": "{}",
    "preview": False,
    "signatory": {"name": "Ruth Registrar", "title": "Registrar"},
    "recipient": [],
    "salutation": "To whom it may concern:",
    "paragraphs": ["This is what the school’s records say."],
}


def main(letters: int) -> None:
    """Print what was measured."""
    settings = Settings(_env_file=None, secret_key="x" * 32)
    head = Letterhead("Peachtree Dental Academy", settings.zone, ("1 Peachtree Street", "Atlanta, GA 30303"))
    now = clock.now()
    root = certificates.make_root("Peachtree Dental Academy", now)
    pair = certificates.make_registrar("Peachtree Dental Academy", root, now)
    encoded = [one.certificate.public_bytes(serialization.Encoding.DER) for one in (pair, root)]
    key = OwnKey(1, encoded[0], (encoded[1],), certificates.ecdsa(pair))
    using = Renderer(processes=1)

    def letter(number: int) -> bytes:
        opening = f"This letter confirms that student number {number} is enrolled."
        facts = [["Student", f"Student number {number}"], ["Program", "Dental Assistant Professional"]]
        data = {**FACTS, "school": head.as_data(), "opening": opening, "facts": facts}
        return render(settings, "enrollment-letter.typ", data, using=using)

    begun = time.perf_counter()
    letter(0)
    print(f"first letter, with the start of its process: {1000 * (time.perf_counter() - begun):.0f} ms")
    plain = rate(letters, letter)
    before, memory = rss(using), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    last = b""

    def signed(number: int) -> bytes:
        nonlocal last
        last = sign(letter(number), key, reason="Letter", school="Peachtree Dental Academy")
        return last

    both = rate(letters, signed)
    print(f"rendered:            {plain:.1f} a second")
    print(f"rendered and signed: {both:.1f} a second ({100 * both / plain:.0f} % of plain rendering)")
    checked = rate(min(letters, 50), lambda _number: inspect(last, [encoded[1]], at=clock.now()))
    print(f"verified:            {checked:.1f} a second")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"memory: this process {memory} MB, then {after} MB; rendering process {before} MB, then {rss(using)} MB"
    )
    using.close()


def rate(count: int, work: object) -> float:
    """How many a second."""
    begun = time.perf_counter()
    for number in range(count):
        work(number)  # type: ignore[operator]
    return count / (time.perf_counter() - begun)


def rss(using: Renderer) -> int:
    """Resident memory of the rendering process in MB; 0 where the system does not say."""
    status = Path(f"/proc/{using._idle[0]._process.pid}/status")
    if not status.is_file():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

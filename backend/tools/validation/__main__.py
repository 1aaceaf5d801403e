"""Makes documents of every kind, has veraPDF's engine judge them, and ends with 1 unless every rule holds.

cd backend && ../.venv/bin/python -m tools.validation [--keep FOLDER]
"""

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tools.validation import documents, faults
from tools.validation.documents import Document
from tools.validation.engine import PROFILES, Engine, NoEngine, Verdict

FOLDER = Path(__file__).resolve().parents[3] / "var" / "validator"


def main() -> int:
    """The command's exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="an empty folder for the files, which are else thrown away")
    keep = parser.parse_args().keep
    engine = Engine(FOLDER)
    begun = time.monotonic()
    try:
        engine.install()
        with tempfile.TemporaryDirectory() as temporary:
            folder = keep or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            print(f"· documents of every kind, in a demo school of {documents.STUDENTS} students")
            made = documents.make(folder)
            planted = _planted(made, folder)
            print(f"· veraPDF over {len(made)} files, and {len(planted)} with a fault")
            verdicts = engine.judge([*(one.path for one in made), *(path for path, _ in planted)])
    except NoEngine as error:
        print(f"script/validate-documents: {error}", file=sys.stderr)
        return 2
    broken = _judged(made, verdicts)
    overlooked = _overlooked(planted, verdicts)
    print(f"{time.monotonic() - begun:.0f} seconds")
    return 1 if broken or overlooked else 0


def _planted(made: Sequence[Document], folder: Path) -> list[tuple[Path, faults.Fault]]:
    """Faults in a file that has everything: an unsigned transcript, with a picture and an attachment."""
    good = next(one.path for one in made if one.kind == "Transcript" and "not signed" in one.how).read_bytes()
    place = folder / "faults"
    place.mkdir()
    return [
        (faults.plant(fault, good, place / f"{number}.pdf"), fault)
        for number, fault in enumerate(faults.FAULTS)
    ]


def _judged(made: Sequence[Document], verdicts: Sequence[Verdict]) -> int:
    """Print what was found of each kind; how many rules are broken."""
    of: dict[Path, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        of[verdict.file].append(verdict)
    rows: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for one in made:
        rows[one.kind, one.how] += of[one.path]
    broken = 0
    for (kind, how), found in sorted(rows.items()):
        failures = [failure for verdict in found for failure in verdict.failures]
        broken += len(failures)
        files, checks = len(found) // len(PROFILES), sum(one.checks for one in found)
        print(f"{'NO ' if failures else 'ok '} {kind}, {how}: {files} files, {checks:,} checks")
        for verdict in found:
            for failure in verdict.failures:
                words = f"{PROFILES[verdict.profile]} {failure.rule}, {failure.times} times: {failure.about}"
                print(f"      {verdict.file.name} {words}")
    rules = {one.profile: one.rules for one in verdicts}
    known = ", ".join(f"{PROFILES[profile]} ({count} rules)" for profile, count in sorted(rules.items()))
    kinds = len({one.kind for one in made})
    checks = sum(one.checks for document in made for one in of[document.path])
    print(f"{kinds} kinds, {len(made)} files, {known}: {checks:,} checks, {broken} rules broken")
    return broken


def _overlooked(planted: Sequence[tuple[Path, faults.Fault]], verdicts: Sequence[Verdict]) -> int:
    """Print which faults were found; how many were not."""
    found = {(one.file, one.profile) for one in verdicts if one.failures}
    missed = 0
    for path, fault in planted:
        silent = [PROFILES[profile] for profile in sorted(fault.profiles) if (path, profile) not in found]
        missed += len(silent)
        if silent:
            print(f"NO  planted: {fault.name} is overlooked by {' and '.join(silent)}")
        else:
            print(f"ok  planted: {fault.name} is refused")
    return missed


if __name__ == "__main__":
    sys.exit(main())

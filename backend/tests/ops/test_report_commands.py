"""`aada report`, as typed: every report by name, and what is asked wrongly is refused with the names."""

import io
import json
from pathlib import Path

from python_calamine import CalamineWorkbook

from app.db.session import Database
from app.web.reports import registry
from tests.factories.ledger import booked
from tests.factories.school import School
from tests.ops.conftest import Aada


def _words(shown: str) -> str:
    """Without the frame that a terminal gets."""
    return " ".join(shown.replace("│", " ").split())


def test_every_report_is_written_in_every_format_or_refused_with_the_names(
    aada: Aada, live_database: Database, tmp_path: Path
) -> None:
    with live_database.begin() as session:
        school = School(session)
        enrolled = school.enrollment(school.student(full_name="Zoë Núñez"))
        booked(session, enrolled, 50_000)
    status, shown = aada("report", "list", "--json")
    listed = {one["name"]: one for one in json.loads(shown)}
    assert status == 0
    assert set(listed) == {one.name for one in registry.every()}
    for name in listed:
        target = tmp_path / f"{name}.json"
        assert aada("report", name, "--format", "json", "--output", str(target))[0] == 0, name
        assert "rows" in json.loads(target.read_text()), name
    for form, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        target = tmp_path / f"enrollments.{form}"
        assert aada("report", "enrollments", "--format", form, "--output", str(target))[0] == 0
        assert target.read_bytes().startswith(begins)
    book = CalamineWorkbook.from_filelike(io.BytesIO((tmp_path / "enrollments.xlsx").read_bytes()))
    assert "Zoë Núñez" in str(book.get_sheet_by_index(0).to_python())

    written = str(tmp_path / "no.csv")
    for arguments, sentence in (
        (["nonsense"], "There is no report “nonsense”. The reports are: class-list, enrollments,"),
        (["enrollments", "--nix", "1"], "has no filter “--nix”. Its filters are: --status, --program."),
        (["class-list", "--status", "active"], "has no filter “--status”. It has none"),
        (["enrollments", "--status", "lost"], "“lost” is none of these: active,"),
        (["attendance", "--from", "yesterday"], "“yesterday” is not a day. Write it like 2026-05-31."),
        (["enrollments", "--program", "x"], "“x” is not a number. Its page’s address has it at the end."),
        (["enrollments", "--group", "x"], "This list cannot be grouped by “x”."),
        (["enrollments", "--sort", "x"], "This list cannot be sorted by “x”."),
    ):
        status, shown = aada("report", *arguments, *(["--output", written] if len(arguments) > 1 else []))
        assert (status, sentence in _words(shown)) == (2, True), shown
        assert not Path(written).exists()
    # Not written is not done: nothing is left behind.
    assert aada("report", "enrollments", "--output", str(tmp_path / "none" / "x.csv"))[0] == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("tmp")]

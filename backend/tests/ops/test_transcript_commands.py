"""`aada transcript`, as typed: exit status 0 only when what was asked holds."""

import json
from pathlib import Path

from app.db.session import Database
from app.settings import Settings
from tests.compliance.transcripts.conftest import filled
from tests.ops.conftest import Aada

PROGRAM = "Dental Assistant Professional"


def test_issue_fetch_verify(
    aada: Aada, live_database: Database, live_settings: Settings, tmp_path: Path
) -> None:
    with live_database.begin() as session:
        filled(session, live_settings)
    status, shown = aada("transcript", "issue", "maria@example.org", PROGRAM, "--json")
    assert status == 0, shown
    number = json.loads(shown)["number"]
    path = tmp_path / "transcript.pdf"
    status, shown = aada("transcript", "fetch", "--latest", "--output", str(path))
    assert status == 0, shown
    assert number in shown
    status, shown = aada("transcript", "verify", str(path), "--json")
    assert status == 0, shown
    assert json.loads(shown)["valid"] is True
    assert json.loads(shown)["number"] == number
    pdf = path.read_bytes()
    for changed in (pdf + b" ", pdf[:-300], pdf[:2000] + b"\x00" + pdf[2001:], b"nothing"):
        path.write_bytes(changed)
        status, shown = aada("transcript", "verify", str(path))
        assert status == 1
        assert "Do not rely on this file." in shown
    path.write_bytes(pdf)
    status, shown = aada("transcript", "issue", "maria@example.org", PROGRAM, "--replaces", number)
    assert status == 0, shown
    status, shown = aada("transcript", "verify", str(path), "--json")
    assert status == 1
    assert any("replaced" in one["answer"] for one in json.loads(shown)["findings"])
    status, shown = aada("document", "check-files")
    assert status == 0, shown
    assert shown.startswith("2 files")
    for wrong, words in (
        (("issue", "nobody@example.org", PROGRAM), "no student"),
        (("issue", "maria@example.org", "Astronomy"), "never enrolled"),
        (("fetch", "TR-2026-999999", "--output", str(path)), "no such transcript"),
        (("fetch", "--output", str(path)), "--latest"),
        (("fetch", number), "--output"),
        (("verify", str(tmp_path / "missing.pdf")), "cannot be read"),
    ):
        status, shown = aada("transcript", *wrong)
        assert status != 0, wrong
        assert words in shown, shown

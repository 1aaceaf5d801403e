"""What the documents promise is there: links lead somewhere, decisions name checks that exist, locks have hashes."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if path.name != "database.md" or path.parent.name == "runbooks"
)
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_what_follows_and_which_check_holds_it(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    assert text.startswith(f"# {decision.name[:4]} ")
    for part in ("Context", "Decision", "Consequences", "Held by"):
        assert f"**{part}.**" in text, part
    held = text.split("**Held by.**")[1]
    for name in re.findall(r"`([\w/.-]+)`", held):
        places = (ROOT / name, ROOT / "backend" / name, *(ROOT / "backend" / "tests").rglob(name))
        assert any(place.exists() for place in places) or _is_a_test(name), name


def _is_a_test(name: str) -> bool:
    return name.startswith("test_") and any(
        f"def {name}(" in path.read_text(encoding="utf-8")
        for path in (ROOT / "backend" / "tests").rglob("test_*.py")
    )


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", listed) == [path.name for path in DECISIONS]
    assert [path.name[:4] for path in DECISIONS] == [
        f"{number:04}" for number in range(1, len(DECISIONS) + 1)
    ]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_files_hold_hashes_and_no_address(name: str) -> None:
    lock = (ROOT / "backend" / name).read_text(encoding="utf-8")
    assert "://" not in lock
    packages = re.split(r"(?m)^(?=[a-z0-9])", lock)[1:]
    for package in packages:
        assert re.match(r"[\w.-]+==[\w.!+]+", package), package
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", package), package
    locked = {re.split("==", package)[0] for package in packages}
    project = tomllib.loads((ROOT / "backend" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + (
        project["optional-dependencies"]["dev"] if name == "requirements-dev.lock" else []
    )
    missing = {re.split(r"[\[<>=;! ]", line)[0].lower() for line in wanted} - locked
    assert missing == set(), "run script/lock"

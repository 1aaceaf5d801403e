"""Documentation names what exists: every command with its options, every address, every linked file and heading."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from app.cli import _add_commands, cli
from tests.permissions import table

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
READ = [
    *DOCS,
    ROOT / ".env.example",
    ROOT / "docker-compose.yml",
    *ROOT.glob("script/*"),
    *ROOT.glob("backend/app/**/*.py"),
    *ROOT.glob("backend/app/**/*.html"),
]
LRS = "/xapi"
"""Has a table of its own, in the conformance tests, and so none of its addresses is in the table of routes."""
ELSEWHERE = ("/activities", "/srv", "/etc", "/var", "/tmp", "/opt", "/problems")
CODE = re.compile(r"`([^`]+)`|<code>([^<]+)</code>")
COMMAND = re.compile(r"(?<![\w/.-])(?<!-u )(?:\.venv/bin/)?aada((?: +[\w=-]+)+)")
ADDRESS = re.compile(
    r"(?:\$SCHOOL|localhost:\d+|example\.edu|(?<=`)(?:[A-Z, ]+ )?|APP_ORIGIN)(/[\w/{}.\[\]-]*)"
)


def _names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _code(path: Path) -> Iterator[str]:
    """What stands as code in a text: fenced lines, and words between backticks."""
    fenced = False
    for line in path.read_text().splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or path.suffix not in (".md", ".py", ".html"):
            yield line.split("  #")[0].lstrip("#$ ")
        else:
            yield from (ticked or tagged for ticked, tagged in CODE.findall(line))


_aada = cache(lambda: get_command(cli))
"""The commands, built once: there are a hundred, and some three hundred places that name one."""


def _wrong_command(words: list[str]) -> str | None:
    """What does not exist in `aada` and these words, or None."""
    command = _aada()
    said = ["aada"]
    for word in words:
        options = {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        if command.context_settings.get("ignore_unknown_options"):
            return None  # the words of another command, such as psql
        if word.startswith("-"):
            if word.split("=")[0] not in {*options, "--help"}:
                return f"{' '.join(said)} has no option {word}"
            continue
        below = getattr(command, "commands", None)
        if below is None or getattr(command, "invoke_without_command", False):
            continue  # an argument
        if word not in below:
            return f"{' '.join(said)} has no command {word}"
        command = below[word]
        said.append(word)
    return None


@pytest.fixture(autouse=True, scope="module")
def commands() -> None:
    _add_commands()


def test_every_command_that_is_named_exists() -> None:
    seen = 0
    wrong = []
    for path in READ:
        if not path.is_file():
            continue
        for code in _code(path):
            for words in COMMAND.findall(code):
                seen += 1
                fault = _wrong_command(words.split())
                if fault:
                    wrong.append(f"{_names(path)}: {fault}")
    assert seen > 60
    assert not wrong, "\n".join(wrong)


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text()
    command = get_command(cli)
    assert isinstance(command, typer.core.TyperGroup)
    missing = [name for name in command.commands if f"`aada {name}" not in text and name != "docs"]
    assert not missing


def test_every_address_in_the_guides_is_a_route() -> None:
    routes = {name.partition(" ")[2] for name in table.read("routes.txt")}
    patterns = [re.compile(re.sub(r"\\\{[^}]*\\\}", r"[^/]+", re.escape(route)) + r"/?$") for route in routes]
    seen, wrong = 0, []
    for path in [ROOT / "README.md", *ROOT.glob("docs/guides/*.md"), *ROOT.glob("docs/runbooks/*.md")]:
        for found in ADDRESS.finditer(path.read_text()):
            # `/{id}[/{part}]` stands for the address with its last part and without.
            for address in {re.sub(r"\[.*?\]", "", found[1]), found[1].replace("[", "").replace("]", "")}:
                if address.startswith((*ELSEWHERE, LRS)) or address == "/":
                    continue
                seen += 1
                if not any(pattern.match(address) for pattern in patterns):
                    wrong.append(f"{_names(path)}: {address}")
    assert seen > 15
    assert not wrong, "\n".join(wrong)


def test_every_file_of_the_code_that_is_named_exists() -> None:
    wrong = []
    for path in DOCS:
        for name in re.findall(r"`((?:backend|script|docs)/[\w/.-]+\.\w+)", path.read_text()):
            if not (ROOT / name).exists():
                wrong.append(f"{_names(path)}: {name}")
    assert not wrong, "\n".join(wrong)


def _headings(path: Path) -> set[str]:
    """The anchors GitHub gives a text's headings."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_link_leads_somewhere() -> None:
    wrong = []
    for path in DOCS:
        for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", path.read_text()):
            file, _, heading = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists() or (heading and heading not in _headings(there)):
                wrong.append(f"{_names(path)}: {target}")
    assert not wrong, "\n".join(wrong)

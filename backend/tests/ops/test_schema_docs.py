"""docs/database.md and the models are one."""

import re
from pathlib import Path

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from typer.testing import CliRunner

from app.commands import docs as docs_commands
from app.db.base import Base
from app.ops import schema_docs


@pytest.fixture(scope="module")
def page() -> str:
    return schema_docs.markdown()


def test_the_page_is_what_the_models_say(page: str) -> None:
    written = docs_commands.SCHEMA_PAGE.read_text(encoding="utf-8")
    assert written == page, "write docs/database.md again: aada docs schema"


def test_every_table_and_column_is_on_the_page(page: str) -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", page, re.M | re.S))
    assert set(sections) == set(Base.metadata.tables)
    for name, table in Base.metadata.tables.items():
        described = re.findall(r"^\| `(\w+)` \| .+ \| .* \| (.{3,}) \|$", sections[name], re.M)
        assert [column for column, _ in described] == [column.name for column in table.columns], name
        for key in table.foreign_keys:
            assert f"- `{key.parent.name}` → `{key.target_fullname}`" in sections[name]
        for index in table.indexes:
            assert f"`{index.name}`" in sections[name]


def test_the_diagrams_are_mermaid_and_show_every_relation(page: str) -> None:
    diagrams = re.findall(r"^```mermaid\nerDiagram\n(.*?)^```", page, re.M | re.S)
    relation = re.compile(r'    \w+ (\|\||\|o)--(o\||o\{) \w+ : "\w+"')
    line = re.compile(r"    \w+( \{)?|    \}|        [a-z]\w* \w+( PK| FK| PK, FK)?")
    for diagram in diagrams:
        for text in diagram.splitlines():
            assert relation.fullmatch(text) or line.fullmatch(text), text
    overview = [text.split(" : ")[0].split() for text in diagrams[0].splitlines() if relation.fullmatch(text)]
    keys = [key for table in Base.metadata.tables.values() for key in table.foreign_keys]
    assert sorted((parent, child) for parent, _, child in overview) == sorted(
        (key.column.table.name, key.parent.table.name) for key in keys
    )


def test_a_column_that_says_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(DeclarativeBase):
        pass

    class Mute(Silent):
        """A table."""

        __tablename__ = "mute"
        id: Mapped[int] = mapped_column(primary_key=True)
        """Number."""
        word: Mapped[str]
        other: Mapped[str]
        """A word."""

    monkeypatch.setattr(schema_docs, "Base", Silent)
    with pytest.raises(schema_docs.MissingWords, match=r"^No docstring under: mute\.word\.$"):
        schema_docs.markdown()


def test_the_command_writes_the_page_and_tells_when_it_is_stale(tmp_path: Path, page: str) -> None:
    runner, out = CliRunner(), tmp_path / "database.md"
    stale = runner.invoke(docs_commands.commands, ["schema", "--check", "--out", str(out)])
    assert stale.exit_code != 0
    assert "aada docs schema" in str(stale.exception)
    assert runner.invoke(docs_commands.commands, ["schema", "--out", str(out)]).exit_code == 0
    assert out.read_text(encoding="utf-8") == page
    assert runner.invoke(docs_commands.commands, ["schema", "--check", "--out", str(out)]).exit_code == 0

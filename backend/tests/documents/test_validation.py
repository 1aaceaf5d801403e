"""How the verdicts of veraPDF's engine are read, and what `script/validate-documents` makes of them.

The engine itself is asked where it is installed already: the command does that, a test never.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from app.core import timestamps
from app.documents import pades
from app.documents.keys.service import OwnKey
from app.documents.pades import sign, sign_and_stamp, sign_for, with_fields
from app.documents.signing import PARTIES
from tests.core.authority import running
from tools.validation import __main__ as command
from tools.validation import documents, faults
from tools.validation.documents import Document
from tools.validation.engine import Engine, Failure, NoEngine, Verdict, read

Key = tuple[OwnKey, bytes]
GOOD, BAD = Path("documents/001.pdf"), Path("faults/0.pdf")
# As the engine of version 2.5.16 wrote it.
RECORDED = """\
VERDICT	documents/001.pdf	3a	true	155	5539
VERDICT	documents/001.pdf	ua1	true	106	1555
VERDICT	faults/0.pdf	3a	false	155	8149
FAILED	faults/0.pdf	3a	6.7.2.2-1	1	The document catalog dictionary shall include a MarkInfo dictionary
VERDICT	faults/0.pdf	ua1	false	106	3027
FAILED	faults/0.pdf	ua1	7.18.5-1	2	Links shall be tagged according to ISO 32000-1:2008
FAILED	faults/0.pdf	ua1	7.1-3	48	Content shall be marked as Artifact or tagged as real content
END	2
"""


def test_verdicts_are_read_and_silence_is_none() -> None:
    found = read(RECORDED.splitlines(), [GOOD, BAD])
    assert [(one.file, one.profile, one.rules, one.checks, len(one.failures)) for one in found] == [
        (GOOD, "3a", 155, 5539, 0),
        (GOOD, "ua1", 106, 1555, 0),
        (BAD, "3a", 155, 8149, 1),
        (BAD, "ua1", 106, 3027, 2),
    ]
    assert found[3].failures[1] == Failure(
        "7.1-3", 48, "Content shall be marked as Artifact or tagged as real content"
    )
    spoiled = {
        "ended before": RECORDED.replace("END\t2\n", ""),
        "ended before it": RECORDED.replace("END\t2", "END\t1"),
        "says nothing of documents/001.pdf by PDF/UA-1": RECORDED.partition("\n")[0] + "\nEND\t2",
        "Couldn't parse": RECORDED + "ERROR\tfaults/0.pdf\t3a\tModelParsingException: Couldn't parse stream",
        # What a swallowed missing JAXB looks like: a profile without rules, which every file meets.
        "contradicts itself": RECORDED.replace("true\t155\t5539", "true\t0\t0"),
        "faults/0.pdf by PDF/A-3a contradicts": RECORDED.replace("3a\tfalse", "3a\ttrue"),
    }
    for words, lines in spoiled.items():
        with pytest.raises(NoEngine, match=words):
            read(lines.splitlines(), [GOOD, BAD])


@pytest.mark.parametrize(
    ("spoil", "status", "said"),
    [
        (lambda found: found, 0, "0 rules broken"),
        (lambda found: [_broken(one) if one.file.name == "2.pdf" else one for one in found], 1, "NO  Letter"),
        (
            lambda found: [_whole(one) if one.file.parent.name == "faults" else one for one in found],
            1,
            "overlooked",
        ),
    ],
)
def test_the_command_fails_for_a_broken_rule_and_for_a_fault_that_was_overlooked(
    spoil: Callable[[list[Verdict]], list[Verdict]],
    status: int,
    said: str,
    unsigned: bytes,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = [
        Document("Transcript", "not signed", tmp_path / "1.pdf"),
        Document("Letter", "signed", tmp_path / "2.pdf"),
    ]
    for one in made:
        one.path.write_bytes(unsigned)

    def judge(_self: Engine, files: Any) -> list[Verdict]:
        return spoil(
            [
                Verdict(
                    file, profile, 1, 2, (Failure("1-1", 1, "."),) if file.parent.name == "faults" else ()
                )
                for file in files
                for profile in ("3a", "ua1")
            ]
        )

    monkeypatch.setattr(Engine, "install", lambda _self: None)
    monkeypatch.setattr(Engine, "judge", judge)
    monkeypatch.setattr(documents, "make", lambda _folder: made)
    monkeypatch.setattr("sys.argv", ["validate-documents"])
    assert command.main() == status
    assert said in capsys.readouterr().out
    # An engine that cannot be had is no success either.
    monkeypatch.setattr(Engine, "install", _missing)
    assert command.main() == 2
    assert "Java is missing" in capsys.readouterr().err


def _broken(verdict: Verdict) -> Verdict:
    return Verdict(verdict.file, verdict.profile, 1, 2, (Failure("1-1", 1, "."),))


def _whole(verdict: Verdict) -> Verdict:
    return Verdict(verdict.file, verdict.profile, 1, 2, ())


def _missing(_self: Engine) -> None:
    raise NoEngine("Java is missing.")


def test_the_engine_accepts_what_we_sign_and_refuses_each_planted_fault(
    unsigned: bytes, signed: bytes, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(command.FOLDER)
    if not engine.is_there():
        pytest.skip("veraPDF’s engine is not installed (script/validate-documents does that)")
    agreed = with_fields(unsigned, PARTIES[0])
    for field in PARTIES[0]:
        agreed = sign_for(
            agreed, key[0], None, field=field, fields=PARTIES[0], name="Ada", reason="Agreed", place=None
        ).pdf
    (tmp_path / "tsa").mkdir()
    with running(tmp_path / "tsa") as tsa:
        authority = timestamps.Authority(tsa.url, timestamps.certificates(tsa.roots))
        stamped = sign_and_stamp(unsigned, key[0], authority, reason="Issued", school="A school").pdf
    # Without the newline that `pades` puts there, the update begins on the line of Typst's last word.
    monkeypatch.setattr(pades, "_writer", lambda pdf: pades._Writer(BytesIO(pdf.rstrip(b"\n"))))
    glued = tmp_path / "glued.pdf"
    glued.write_bytes(sign(unsigned, key[0], reason="Issued", school="A school"))
    good = {"unsigned": unsigned, "signed": signed, "agreed": agreed, "stamped": stamped}
    paths = {name: tmp_path / f"{name}.pdf" for name in good}
    for name, pdf in good.items():
        paths[name].write_bytes(pdf)
    # The letter has no picture.
    planted = {
        faults.plant(one, unsigned, tmp_path / f"fault{number}.pdf"): one
        for number, one in enumerate(faults.FAULTS)
        if one.name != "no alternative text"
    }
    verdicts = engine.judge([*paths.values(), *planted, glued])
    failed = {(one.file, one.profile) for one in verdicts if one.failures}
    assert not {pair for pair in failed if pair[0] in paths.values()}
    assert (glued, "3a") in failed
    assert {(path, profile) for path, fault in planted.items() for profile in fault.profiles} <= failed

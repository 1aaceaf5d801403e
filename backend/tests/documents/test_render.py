"""Rendering: what Typst is made to refuse, and what it would silently do wrong."""

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from app.core.errors import Invalid, Unavailable
from app.documents.render import processes
from app.documents.render.job import Failed, Fault, Job, Rendered
from app.documents.render.printable import canonical, checked, link
from app.documents.render.processes import Renderer
from app.documents.render.service import LayoutBroken, render
from app.documents.render.worker import LAYOUTS
from app.settings import Settings
from tests.documents.poppler import structure, text_of

FACTS: dict[str, Any] = {
    "number": "EV-2026-000001",
    "kind": "Enrollment verification letter",
    "issued_on": "2026-11-25",
    "machine": "{}",
    "preview": False,
    "school": {
        "legal_name": "Peachtree Dental Academy, Inc.",
        "address": ["1 Peachtree Street", "Atlanta, GA 30303"],
        "contact": "404-555-0100",
        "authorization": "Authorization 1234",
        "accent": "#0b5d5b",
        "logo": None,
    },
    "signatory": {"name": "Ruth Registrar", "title": "Registrar"},
    "recipient": [],
    "salutation": "To whom it may concern:",
    "opening": "Maria Lopez is enrolled.",
    "facts": [["Student", "Maria Lopez"]],
    "paragraphs": [],
}
LETTER = "enrollment-letter.typ"


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    made = Renderer(processes=1)
    yield made
    made.close()


@pytest.fixture
def letter(settings: Settings, renderer: Renderer) -> Callable[..., bytes]:
    """The letter with some of its facts changed."""

    def make(*, at: Settings | None = None, layout: str = LETTER, **changed: object) -> bytes:
        return render(at or settings, layout, FACTS | changed, using=renderer)

    return make


NAMES = [
    "Nguyễn Thị Bích Ngọc",
    "Đặng Thị Ị",
    "José Ñandú Æther-Łukasz",
    "Zoë O’Hara",
    'A #panic("x") $x^2$ [a] @ref <lbl> *b* // /* \\ ~ --',
    "Ελένη Παπαδοπούλου",
    "Ирина Петрова",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_out_of_the_file_as_it_went_in(
    letter: Callable[..., bytes], tmp_path: Path, name: str
) -> None:
    decomposed = unicodedata.normalize("NFD", name)
    path = tmp_path / "letter.pdf"
    path.write_bytes(letter(facts=[["Student", decomposed]]))
    for arguments in ((), ("-raw",), ("-layout",)):
        assert name in text_of(path, *arguments)
    assert name in structure(path)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("Somchai ส", "U+0E2A"),
        ("רות", "U+05EA"),
        ("김민지", "U+AE40"),
        ("Maria 😀", "U+1F600"),
        ("陳", "U+9673"),
        ("a\x07b", "U+0007"),
        ("a\x00b", "U+0000"),
        ("a\u202eb", "U+202E"),
        ("a\u200bb", "U+200B"),
        ("a\tb", "U+0009"),
        ("a\nb", "U+000A"),
        ("a\ue000b", "U+E000"),
        ("a\ud800b", "U+D800"),
    ],
)
def test_a_character_that_cannot_be_printed_is_named(
    letter: Callable[..., bytes], name: str, named: str
) -> None:
    with pytest.raises(Invalid) as refused:
        letter(facts=[["Student", name]])
    assert named in refused.value.detail
    assert "No document was made" in refused.value.detail


def test_the_next_document_has_nothing_of_the_one_before(
    letter: Callable[..., bytes], tmp_path: Path
) -> None:
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    first.write_bytes(letter(opening="Only Maria Lopez reads this."))
    second.write_bytes(letter(opening="Only Anna Chen reads this."))
    assert "Maria" in text_of(first)
    assert "Anna" in text_of(second)
    assert "Only Maria" not in text_of(second)


def test_the_same_facts_are_the_same_bytes_in_every_process(settings: Settings, tmp_path: Path) -> None:
    digests = set()
    for _ in range(2):
        fresh = Renderer(processes=1)
        digests.add(hashlib.sha256(render(settings, LETTER, FACTS, using=fresh)).hexdigest())
        fresh.close()
    assert len(digests) == 1


def test_it_says_what_it_is_to_archives_and_screen_readers(
    letter: Callable[..., bytes], tmp_path: Path
) -> None:
    path = tmp_path / "letter.pdf"
    path.write_bytes(letter())
    with pikepdf.open(path) as pdf:
        metadata = pdf.open_metadata()
        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == "A"
        assert metadata["pdfuaid:part"] == "1"
        assert str(pdf.Root.Lang) == "en-US"
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        attached = pdf.attachments["document.json"]
        assert attached.get_file().read_bytes() == b"{}"
        assert str(pdf.Root.AF[0].AFRelationship) == "/Data"


def test_a_logo_has_its_text(settings: Settings, renderer: Renderer, tmp_path: Path) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
    school = FACTS["school"] | {"logo": {"file": "logo.svg", "alt": "Logo of the academy"}}
    pdf = render(settings, LETTER, FACTS | {"school": school}, files={"logo.svg": svg}, using=renderer)
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf)
    with pikepdf.open(path) as opened:
        alternatives = [
            str(item.Alt)
            for item in opened.objects
            if isinstance(item, pikepdf.Dictionary) and "/Alt" in item
        ]
    assert alternatives == ["Logo of the academy"]
    # The logo of one document is not there for the next one.
    with pytest.raises(LayoutBroken):
        render(settings, LETTER, FACTS | {"school": school}, using=renderer)


def test_a_logo_without_a_text_is_refused(settings: Settings, renderer: Renderer, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    source = (LAYOUTS / "school.typ").read_text().replace(", alt: data.school.logo.alt", "")
    (own / "school.typ").write_text(source)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
    school = FACTS["school"] | {"logo": {"file": "logo.svg", "alt": "x"}}
    changed = settings.model_copy(update={"document_templates_dir": own})
    with pytest.raises(LayoutBroken, match="alt"):
        render(changed, LETTER, FACTS | {"school": school}, files={"logo.svg": svg}, using=renderer)


# The school's own layouts


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    folder = tmp_path / "own"
    folder.mkdir()
    return settings.model_copy(update={"document_templates_dir": folder})


def write(settings: Settings, name: str, text: str) -> None:
    assert settings.document_templates_dir is not None
    (settings.document_templates_dir / name).write_text(text)


def test_a_file_of_the_school_takes_the_place_of_the_shipped_one(
    letter: Callable[..., bytes], own: Settings, tmp_path: Path
) -> None:
    shipped = (LAYOUTS / LETTER).read_text()
    path = tmp_path / "letter.pdf"
    for words in ("Words of our own", "Other words"):
        # Without a restart, and with the shipped school.typ beside it.
        write(own, LETTER, f"{shipped}\n{words}\n")
        path.write_bytes(letter(at=own))
        assert words in text_of(path)
    (own.document_templates_dir / LETTER).unlink()  # type: ignore[operator]
    path.write_bytes(letter(at=own))
    assert "words" not in text_of(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#unknown-name", "unknown variable"),
        ('#set text(font: "No Such Font")\nWords', "unknown font family"),
        ('#import "@preview/cetz:0.3.0"', "package"),
        ('#read("/etc/passwd")', "not found"),
        ('#read("../../etc/passwd")', ""),
        ("#set document(title: none)", "title"),
        ("= One\n=== Three", "level"),
        ("#image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg'/>\"))", ""),
    ],
)
def test_a_broken_layout_is_a_sentence_with_typsts_words(
    letter: Callable[..., bytes], own: Settings, text: str, said: str
) -> None:
    shipped = (LAYOUTS / LETTER).read_text()
    write(own, LETTER, f"{shipped}\n{text}\n")
    with pytest.raises(LayoutBroken) as refused:
        letter(at=own)
    assert said in refused.value.detail
    assert "No document was made" in refused.value.detail
    assert "DOCUMENT_TEMPLATES_DIR" in refused.value.detail
    # The process still works for the shipped one.
    assert letter().startswith(b"%PDF-1.7")


def test_a_school_may_add_a_font(letter: Callable[..., bytes], own: Settings) -> None:
    assert own.document_templates_dir is not None
    fonts = own.document_templates_dir / "fonts"
    fonts.mkdir()
    shutil.copyfile(LAYOUTS.parent / "fonts" / "SourceSans3-Regular.ttf", fonts / "copy.ttf")
    assert letter(at=own).startswith(b"%PDF")


def test_a_layout_that_never_ends_is_given_up(own: Settings, renderer: Renderer) -> None:
    loop = "#for i in range(9999) { for j in range(9999) { for k in range(9999) { str(i * j * k) } } }"
    write(own, LETTER, (LAYOUTS / LETTER).read_text() + loop)
    with pytest.raises(Unavailable, match="too long"):
        render(own, LETTER, FACTS, seconds=1, using=renderer)
    # The next document gets a new process.
    render(own.model_copy(update={"document_templates_dir": None}), LETTER, FACTS, using=renderer)


def test_whoever_waits_too_long_for_a_process_is_refused(settings: Settings) -> None:
    busy = Renderer(processes=1, patience_seconds=0.05)
    busy._turns.acquire()
    with pytest.raises(Unavailable, match="Other documents"):
        render(settings, LETTER, FACTS, using=busy)


def test_a_killed_process_is_replaced(settings: Settings, renderer: Renderer) -> None:
    render(settings, LETTER, FACTS, using=renderer)
    worker = renderer._idle[0]
    os.kill(worker._process.pid, signal.SIGKILL)
    assert render(settings, LETTER, FACTS, using=renderer).startswith(b"%PDF")


def _ended(worker: processes.RenderingProcess) -> bool:
    worker._process.wait(20)
    return not worker.alive


def test_a_process_without_work_ends_and_the_next_document_gets_another(settings: Settings) -> None:
    brief = Renderer(processes=1, idle_seconds=0.05)
    render(settings, LETTER, FACTS, using=brief)
    assert _ended(brief._idle[0])
    assert render(settings, LETTER, FACTS, using=brief).startswith(b"%PDF")
    brief.close()


def test_a_process_that_grew_heavy_ends_after_its_document(settings: Settings) -> None:
    light = Renderer(processes=1, heaviest_mib=1)
    assert render(settings, LETTER, FACTS, using=light).startswith(b"%PDF")
    assert all(_ended(worker) for worker in light._idle)
    assert render(settings, LETTER, FACTS, using=light).startswith(b"%PDF")
    light.close()


def test_many_threads_get_their_own_documents(settings: Settings, tmp_path: Path) -> None:
    two = Renderer(processes=2)

    def make(number: int) -> str:
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(
            render(settings, LETTER, FACTS | {"opening": f"Student number {number}."}, using=two)
        )
        return text_of(path)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(make, range(40)))
    two.close()
    for number, text in enumerate(found):
        assert f"Student number {number}." in text


def _child(settings: Settings, queue: Any) -> None:
    pdf = render(settings, LETTER, FACTS)
    processes.renderer().close()
    queue.put(len(pdf))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_server_process_renders_after_its_parent_has(settings: Settings) -> None:
    here = len(render(settings, LETTER, FACTS))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_child, args=(settings, queue))
    child.start()
    assert queue.get(timeout=60) == here
    child.join(20)
    assert child.exitcode == 0
    assert len(render(settings, LETTER, FACTS)) == here


def test_the_process_ends_with_its_parent() -> None:
    script = (
        "from app.documents.render.processes import RenderingProcess\n"
        "import os, sys\n"
        "print(RenderingProcess()._process.pid, flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    number = int(done.stdout)
    for _ in range(200):
        if not Path(f"/proc/{number}").exists() or "Z" in Path(f"/proc/{number}/stat").read_text().split()[2]:
            return
        time.sleep(0.05)
    pytest.fail("the rendering process stays behind")


def test_the_process_has_no_secret_in_its_environment(
    renderer: Renderer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "very secret")
    render(settings, LETTER, FACTS, using=renderer)
    environment = Path(f"/proc/{renderer._idle[0]._process.pid}/environ")
    if not environment.is_file():
        pytest.skip("this system does not show a process's environment")
    assert b"very secret" not in environment.read_bytes()


# Facts


def test_facts_are_composed_and_in_order() -> None:
    assert canonical(checked({"b": ["e\u0301"], "a": 1})) == '{"a":1,"b":["é"]}'
    with pytest.raises(TypeError):
        checked({"gpa": 3.5})


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "x"])
def test_only_addresses_of_pages_become_links(address: str) -> None:
    with pytest.raises(Invalid):
        link(address, "The school's web address")
    assert link("https://example.edu", "x") == "https://example.edu"


def test_a_job_is_refused_and_not_half_done(tmp_path: Path, renderer: Renderer) -> None:
    answer = renderer.run(Job("no-such-layout.typ", json.dumps(FACTS)))
    assert isinstance(answer, Failed)
    assert answer.fault is Fault.LAYOUT
    assert isinstance(renderer.run(Job(LETTER, json.dumps(FACTS))), Rendered)
    assert threading.active_count() < 50

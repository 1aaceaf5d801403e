"""The rendering process: takes jobs from a pipe, one after another, until the pipe is closed or nothing comes.

Typst knows no time limit and a fork after a compilation hangs, so it works in a process of its own, started
afresh and not forked, that can be killed. The process has one thread and so one compiler at a time. It reads the
layouts, the fonts and the job, and nothing else of the school's.

What Typst has once worked out it keeps for the next document and lets nobody empty: 60 MB after a letter, 200 after a
few reports of thirty pages. So a process that has grown heavy ends after its answer, and one that waits ends too.
"""

import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import typst

from app.documents.render.job import FONTS, Failed, Fault, Job, Rendered

ROOM = Path(__file__).parent.parent
LAYOUTS = ROOM / "layouts"
# Both at once: an archive keeps it, and a screen reader reads it in order.
STANDARDS: Any = ["a-3a", "ua-1"]
_NO_GLYPH = re.compile(r"the text `?\"?(?P<text>.+?)\"?`? could not be displayed", re.DOTALL)


class Engine:
    """Layouts and fonts laid out in a directory of its own, and a compiler that sees that directory alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state: object = None
        self._compiler: typst.Compiler | None = None
        self._families: list[str] = []
        self.replaced: frozenset[str] = frozenset()

    def run(self, job: Job) -> Rendered | Failed:
        """Render one job. Any warning is a failure: Typst only warns when it takes another font than was asked for."""
        compiler = self._prepared(job.replacements)
        files = self._folder / "files"
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir()
        for name, content in job.files.items():
            (files / Path(name).name).write_bytes(content)
        replaced = bool(self.replaced)
        try:
            # Without sys_inputs the compiler would use those of the document before.
            pdf, warnings = compiler.compile_with_warnings(
                input=str(self._folder / job.layout),
                format="pdf",
                sys_inputs={"data": job.data, "fonts": ",".join(self._families)},
                pdf_standards=STANDARDS if job.lasting else [],
            )
        except typst.TypstError as error:
            return _failure(error, replaced=replaced)
        except (RuntimeError, ValueError, OSError) as error:
            return Failed(Fault.LAYOUT, str(error), replaced)
        if warnings:
            return Failed(Fault.LAYOUT, "; ".join(warning.message for warning in warnings), replaced)
        if not isinstance(pdf, bytes):
            return Failed(Fault.LAYOUT, "the layout makes no PDF", replaced)
        return Rendered(pdf)

    def _prepared(self, replacements: Path | None) -> typst.Compiler:
        """A compiler over the shipped layouts with the school's own in their place, remade after a change."""
        state = _fingerprint(replacements)
        if self._compiler is None or state != self._state:
            shutil.rmtree(self._folder, ignore_errors=True)
            shutil.copytree(LAYOUTS, self._folder)
            own = set()
            fonts = [str(FONTS)]
            if replacements is not None and replacements.is_dir():
                for path in sorted(replacements.iterdir()):
                    if path.is_file() and not path.name.startswith("."):
                        shutil.copyfile(path, self._folder / path.name)
                        own.add(path.name)
                if (replacements / "fonts").is_dir():
                    fonts.append(str(replacements / "fonts"))
            found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=fonts)
            shipped = typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
            )
            first = shipped.families()
            self._families = [*first, *(name for name in found.families() if name not in first)]
            self._compiler = typst.Compiler(root=str(self._folder), font_paths=found)
            self._state, self.replaced = state, frozenset(own)
        return self._compiler


def _fingerprint(replacements: Path | None) -> object:
    """What tells one state of the directory of replacements from another; None while there is none."""
    if replacements is None or not replacements.is_dir():
        return None
    found = []
    for path in sorted(replacements.rglob("*")):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)


def _failure(error: typst.TypstError, *, replaced: bool) -> Failed:
    match = _NO_GLYPH.search(error.message)
    if match is not None:
        return Failed(Fault.CHARACTER, match["text"], replaced)
    return Failed(Fault.LAYOUT, error.diagnostic or error.message, replaced)


def main(descriptor: int, idle_seconds: float, heaviest_mib: float) -> None:
    """Work off jobs until the other end closes the pipe, nothing comes for a while, or this process grew heavy."""
    connection = Connection(descriptor)
    with tempfile.TemporaryDirectory(prefix="aada-documents-") as folder:
        engine = Engine(Path(folder).resolve() / "root")
        while True:
            try:
                if not connection.poll(idle_seconds):
                    return
                job: Job = connection.recv()
            except EOFError:
                return
            # Should the other side be gone in the middle of a job, the system ends this process.
            signal.setitimer(signal.ITIMER_REAL, job.seconds + 5)
            connection.send(engine.run(job))
            signal.setitimer(signal.ITIMER_REAL, 0)
            if _weight_mib() > heaviest_mib:
                return


def _weight_mib() -> float:
    """What this process holds in memory; 0 where the system does not say (it ends when it idles, then)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's matter
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))

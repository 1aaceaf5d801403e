"""All figures of pace in turn: what a page calls and costs, how fast it is at three sizes, how many a second.

    ../.venv/bin/python -m benchmarks.pace --keep DIRECTORY [--sizes A,B,C]

Needs a machine that does nothing else, `wrk` (apt install wrk), and some ten minutes when DIRECTORY has the schools
already; writing the largest takes a few minutes more.
"""

import argparse
import subprocess
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, required=True, help="where benchmarks.pages keeps its schools")
    parser.add_argument("--sizes", default="A,B,C")
    options = parser.parse_args()
    kept = ["--keep", str(options.keep)]
    for part in (
        ["pages", *kept, "--sizes", options.sizes],
        ["rates", *kept],
        ["costs", *kept],
        ["calls", *kept],
    ):
        print(f"\n== benchmarks.{' '.join(part)}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{part[0]}", *part[1:]], check=False).returncode:
            print("   failed; the others go on", flush=True)


if __name__ == "__main__":
    main()

"""How long 100,000 refunds take: `python benchmarks/refunds.py [count]`. Goal: at most 10 s.

Processor time, one process; the cases are those of the tests' generator.
"""

import sys
from itertools import cycle, islice
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.finance.refunds import door
from tests.rules.refund_cases import case, generated


def main() -> None:
    """Print seconds for computing the cases, and for reading them besides."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for words, dicts in (("worked example", [case()]), ("generated cases", generated(1, 2_000))):
        started = process_time()
        cases = [door.case_of(one) for one in dicts]
        reading = (process_time() - started) / len(dicts)
        started = process_time()
        total = sum(door.compute(one).amount_cents for one in islice(cycle(cases), count))
        spent = process_time() - started
        print(
            f"{words}: {count:,} refunds in {spent:.1f} s ({total:,} cents); reading a case {reading * 1e6:.0f} µs"
        )


if __name__ == "__main__":
    main()

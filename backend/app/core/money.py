"""Money is integer cents, everywhere."""

import re
from decimal import Decimal

_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")


def format_cents(cents: int) -> str:
    """`120000000` as `$1,200,000.00`; negative amounts with a leading minus sign."""
    sign = "−" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def parse_dollars(text: str) -> int:
    """Dollars as a person types them (`12,000`, `$12,000.50`) to cents. Raises ValueError with a sentence.

    A comma groups thousands and does nothing else: `12,50` may mean twelve and a half where it was typed.
    """
    cleaned = text.strip().removeprefix("$").strip()
    if "," in cleaned and not _GROUPED.fullmatch(cleaned):
        raise ValueError(
            f"“{text}” has a comma in the wrong place. Enter an amount such as 1,250.00 or 12.50."
        )
    plain = cleaned.replace(",", "")
    # Not what Decimal reads besides: NaN, Infinity, 1e3, digits of other scripts.
    if not _PLAIN.fullmatch(plain):
        raise ValueError(f"“{text}” is not a dollar amount. Enter an amount such as 12,000.00.")
    if len(plain.partition(".")[2]) > 2:
        raise ValueError("Enter at most two decimal places.")
    amount = Decimal(plain)
    if abs(amount) > 20_000_000:
        raise ValueError("That amount is larger than $20,000,000.")
    return int(amount * 100)

"""Money is integer cents, everywhere."""

from decimal import Decimal, InvalidOperation


def format_cents(cents: int) -> str:
    """`120000000` as `$1,200,000.00`; negative amounts with a leading minus sign."""
    sign = "−" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def parse_dollars(text: str) -> int:
    """Dollars as a person types them (`12,000`, `$12,000.50`) to cents. Raises ValueError with a sentence."""
    cleaned = text.strip().removeprefix("$").replace(",", "").strip()
    try:
        amount = Decimal(cleaned)
    except InvalidOperation:
        raise ValueError(f"“{text}” is not an amount of dollars such as 12,000.00.") from None
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -2:
        raise ValueError("An amount of dollars has at most two decimals.")
    if abs(amount) > 20_000_000:
        raise ValueError("That amount is larger than $20,000,000.")
    return int(amount * 100)

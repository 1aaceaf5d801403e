"""The one way in to a refund: a case file as text or as parsed JSON, to a result or to what is wrong and where."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.finance.refunds.schemas import POLICY_TAGS, CaseIn, PolicyIn
from app.rules.days import long_date
from app.rules.refunds import (
    POLICIES,
    Case,
    CaseError,
    Item,
    Payment,
    Policy,
    Result,
    Segment,
    Settings,
    refund,
)
from app.rules.refunds_policies import fault, filed
from app.rules.refunds_readings import explained

LARGEST = 5_000_000
"""Bytes of a case file."""
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a case: its JSON path (`$.payments[0].for`) and a sentence."""

    path: str
    sentence: str


class CaseRefused(ValueError):
    """A case that is no case; `faults` says where and why."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(f"{one.path}: {one.sentence}" for one in faults))
        self.faults = tuple(faults)


def parse(text: str | bytes) -> object:
    """JSON, with what plain JSON parsers let pass refused: keys twice, NaN, endless numbers. Raises CaseRefused."""
    if len(text) > LARGEST:
        raise _refused("The file is larger than 5 MB, which no case is.")
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise _refused("The file is not text in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise _refused(
            f"This is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise _refused("The input is nested too deeply.") from None
    except CaseRefused:
        raise
    except ValueError:
        raise _refused("A number is too long to be an amount.") from None


def case_of(given: object) -> Case:
    """The case of parsed JSON. Raises CaseRefused with every fault that was found."""
    try:
        return _case(CaseIn.model_validate(given))
    except ValidationError as error:
        faults = [
            Fault(_path(item["loc"]), _words(item)) for item in error.errors(include_url=False)[:_MOST_FAULTS]
        ]
        raise CaseRefused(faults) from None
    except CaseError as error:
        raise CaseRefused([Fault(_path(error.path), error.sentence)]) from None


def compute(case: Case) -> Result:
    """The result of a case, its figures alone. Raises CaseRefused where it contradicts itself."""
    return _computed(case, refund)


def explain(case: Case) -> Result:
    """The same with the open points of the rule that decide in this case. Raises CaseRefused."""
    return _computed(case, explained)


def preview(given: object) -> Result:
    """Parsed JSON to a result: what every door does."""
    return explain(case_of(given))


def _computed(case: Case, rule: Callable[[Case], Result]) -> Result:
    try:
        return rule(case)
    except CaseError as error:
        raise CaseRefused([Fault(_path(error.path), error.sentence)]) from None


def _case(given: CaseIn) -> Case:
    values: Any = given.settings
    chosen = {one.name: getattr(values, one.name) for one in fields(Settings)}
    settings = Settings(**chosen | {"holidays": tuple(values.holidays)})
    zone = ZoneInfo(settings.time_zone)
    signed = _instant(given.agreement.signed_at, zone, ("agreement", "signed_at"))
    policy = given.policy
    return Case(
        policy=_filed(policy, signed.astimezone(zone)) if isinstance(policy, PolicyIn) else POLICIES[policy],
        total_minutes=given.program.total_minutes,
        segments=tuple(
            Segment(one.name, one.total_minutes, one.charge_cents) for one in given.program.segments
        ),
        starts_on=given.program.starts_on,
        weeks=given.program.weeks,
        signed_at=signed,
        application_fee_cents=given.agreement.application_fee_cents,
        application_fee_disclosed=given.agreement.application_fee_disclosed,
        items=tuple(
            Item(one.name, one.amount_cents, one.refundable, one.disclosed, one.kept) for one in given.items
        ),
        payments=tuple(Payment(one.amount_cents, one.paid_on, one.purpose) for one in given.payments),
        attended_minutes=given.attended_minutes,
        scheduled_minutes=given.scheduled_minutes,
        withdrawn_at=_instant(given.withdrawn_at, zone, ("withdrawn_at",)),
        kind=given.kind,
        settings=settings,
    )


def _instant(given: datetime, zone: ZoneInfo, path: tuple[str, ...]) -> datetime:
    """An instant; a time without an offset is the school's. Twice an hour a year it is none, or two."""
    if given.tzinfo is not None:
        return given
    first, second = given.replace(tzinfo=zone, fold=0), given.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != given:
            raise CaseError(
                path, "The clocks were set forward: this time does not exist. Give it with its offset."
            )
        raise CaseError(path, "The clocks were set back: this time came twice. Give it with its offset.")
    return first


def _filed(given: PolicyIn, signed: datetime) -> Policy:
    policy = filed(given.model_dump())
    if wrong := fault(policy):
        raise CaseError(("policy", wrong[0]), wrong[1])
    day = signed.date()
    for name, bound, words in (
        ("effective_from", given.effective_from, "had not begun"),
        ("effective_until", given.effective_until, "had ended"),
    ):
        if bound is not None and (day < bound if name == "effective_from" else day > bound):
            raise CaseError(
                ("policy", name), f"This version {words} when the agreement was signed on {long_date(day)}."
            )
    return policy


# What is wrong, and where


def _refused(words: str) -> CaseRefused:
    return CaseRefused([Fault("$", words)])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = counted.most_common(1)[0][0]
        raise _refused(f"The key {json.dumps(twice)} appears twice in one object.")
    return found


def _no_constant(name: str) -> object:
    raise _refused(f"{name} is not a JSON number.")


def _path(location: Sequence[str | int]) -> str:
    """`("payments", 0, "for")` as `$.payments[0].for`; a key that is no plain word in quotes."""
    parts = list(location)
    if len(parts) > 1 and parts[0] == "policy" and parts[1] in POLICY_TAGS:
        del parts[1]
    out = "$"
    for part in parts:
        if isinstance(part, int):
            out += f"[{part}]"
        elif part.isidentifier() and part.isascii():
            out += f".{part}"
        else:
            out += f"[{json.dumps(part[:100])}]"
    return out


def _words(item: Any) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    found = _SENTENCES.get(kind)
    return found.format(**context) if found else f"{item['msg']}."


_SENTENCES = {
    "missing": "This key is missing.",
    "extra_forbidden": "There is no such key in a case.",
    "literal_error": "Use one of {expected}.",
    "int_type": "Give a whole number, without decimals and without quotes.",
    "bool_type": "Give true or false.",
    "string_type": "Give text in quotes.",
    "string_unicode": "The text contains a character that cannot be printed.",
    "list_type": "Give a list.",
    "model_type": "Give an object.",
    "model_attributes_type": "Give an object.",
    "too_long": "Give at most {max_length:,}.",
    "string_too_short": "Give at least {min_length:,} character.",
    "string_too_long": "Give at most {max_length:,} characters.",
    "greater_than_equal": "Give {ge:,} or more.",
    "less_than_equal": "Give {le:,} or less.",
}

"""docs/refund-case.md and docs/refund-case.schema.json: the case file of a refund, written from its shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from app.finance.refunds import door, example
from app.finance.refunds.schemas import CaseIn
from app.rules.refunds import POLICIES

_INTRODUCTION = """\
# The case file of a refund

This page is written by `aada docs refunds` from the code; change the code, not this page. A test fails when the two
differ. The same shapes as JSON Schema: [refund-case.schema.json](refund-case.schema.json).

```sh
aada refund preview --file case.json          # in words, for a bursar
aada refund preview --file case.json --json   # for another system
aada refund preview --json --file=- < case.json
```

The command needs no database and keeps nothing. The API answers the same to `POST /api/v1/refunds/preview` with the
case as its body (permission `withdrawals.read`), and **Refund preview** in the navigation shows the same as a page.

**Wrong input** ends with exit status 2 and one line for each fault on standard error: the JSON path and a sentence,
such as `$.payments[1].for: There is no segment “Module 9” in this case. Use a name of program.segments.` The API
answers 422 with the same paths and sentences in `errors` (400 for what is no JSON). Unknown keys, keys that stand
twice, decimals, quotes around numbers, true and false for numbers, negative amounts, and money above $20,000,000
are refused; nothing is guessed.

**The answer** has the amount in whole cents, the day it is due, the derivation line by line (the cents of the lines
add up to the amount exactly; lines with 0 give a reason), the policy, and every setting with the value that was
used. The last lines say what gave the withdrawal its day (`settings.withdrawal_date`) and name each open point of the
rule that decides in this case: another reading of it would give the other amount. Where business days decide and the
case has no holiday of a year, legal holidays (5 U.S.C. 6103) of that year that would change the result are named, too.

A case with the settings of an answer computes to the same answer again.

## How it is computed

1. `school_cancelled`: all money paid comes back (Standard 13). Where `settings.alternative` says that the student was
   accommodated, the steps below apply.
2. Withdrawn within the time to cancel after the signing (today 72 hours, exact, across changes of the clocks): all
   money paid comes back but a disclosed application fee up to its cap and items that may be kept. The two older
   versions count 3 business days, and return everything. The instants decide, whatever `kind` says. Only
   where `settings.withdrawal_date` is `last_attendance` must it be `cancellation`: nobody cancels by staying away.
3. Half of the program completed, or more: nothing.
4. Otherwise each payment by what it was for:
   - `segment:NAME`: the part of the segment that was not completed. The minutes completed fill the segments in order.
   - `program`: what is left after the hours completed are paid: `max(0, paid - charge * completed / total)`, where
     charge and minutes are those of the segments that nothing was paid for by name. What a payment by name leaves open
     of its segment goes by the minutes of that segment. Without segments the payments are the charge.
   - `application_fee`: kept up to the charge and the cap if it was disclosed; the rest is prorated on the program.
   - `item:NAME`: kept, up to its price, if it is not refundable, disclosed and kept; else prorated on the program.
5. Fractions are exact; the whole refund is rounded once, half a cent up.
6. `settings.payer` is `va`: computed by the policy, and pro rata to the end of the program with at most $10 of a fee
   kept (38 CFR 21.4255). The larger refund holds, and a line says which it is.

Days are those of `settings.time_zone`: `2026-01-15T00:00:00Z` is still January 14 in Georgia, so its refund is due on
February 28. The lines for wrong input are the first 20.

## Versions of the policy
"""


def schema() -> str:
    """The JSON Schema of a case."""
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **CaseIn.model_json_schema()}
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def markdown() -> str:
    """The page."""
    return "\n".join(_page()).rstrip() + "\n"


def _page() -> Iterator[str]:
    yield _INTRODUCTION
    for policy in POLICIES.values():
        yield f"- **`{policy.name}`**: {policy.clause} *{policy.evidence}*"
    yield "\nA school's own filed policy, or another state's, is an object in the place of the name: *PolicyIn*.\n"
    yield "## Example\n\n```json"
    yield json.dumps(example.CASE, indent=2)
    yield "```\n\nThe answer, with the settings left out:\n\n```json"
    answer = door.preview(example.CASE).as_record()
    del answer["settings"]
    yield json.dumps(answer, ensure_ascii=False, indent=2)
    yield "```\n\n## Keys\n"
    shapes = CaseIn.model_json_schema()
    yield from _table("The case", shapes)
    for name, shape in shapes["$defs"].items():
        yield from _table(name, shape)


def _table(name: str, shape: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n\n{' '.join(shape.get('description', '').split())}\n"
    yield "| Key | Shape | Default | Meaning |\n|---|---|---|---|"
    for key, field in shape["properties"].items():
        default = (
            "required" if key in shape.get("required", ()) else f"`{json.dumps(field.get('default', {}))}`"
        )
        words = " ".join(field.get("description", "").split())
        yield f"| `{key}` | {_shape(field)} | {default} | {words} |"
    yield ""


def _shape(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[1]
    for key in ("anyOf", "oneOf"):
        if key in field:
            return " or ".join(_shape(one) for one in field[key])
    if "enum" in field:
        return ", ".join(f"`{one}`" for one in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if field["type"] == "array":
        return f"list of {_shape(field['items'])}"
    words = {"string": "text", "integer": "whole number", "null": "null", "boolean": "true or false"}[
        field["type"]
    ]
    if field.get("format") == "date":
        return "date"
    if field.get("format") == "date-time":
        return "date and time"
    low, high = field.get("minimum"), field.get("maximum")
    return f"{words} {low:,} to {high:,}" if low is not None and high is not None else words

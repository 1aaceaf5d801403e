"""Agents and Groups (1.0.3 Data 2.4.2; 2.0 4.2.2.1): their shape and their one identity."""

from typing import Any

from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.checks import (
    LONGEST_KEY,
    JsonObject,
    a_mailto,
    a_sha1,
    a_string,
    an_array,
    an_iri,
    an_object,
    fail,
    only,
    remembered,
    required,
)

_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
_AGENT = frozenset(("objectType", "name", *_IDENTIFIERS))
_GROUP = _AGENT | {"member"}
_ACCOUNT = frozenset(("homePage", "name"))


def actor(value: Any, path: str) -> None:
    """An Agent or a Group."""
    if type(value) is dict and value.get("objectType") == "Group":
        group(value, path)
    else:
        agent(value, path)


@remembered
def agent(value: Any, path: str) -> None:
    """An Agent: exactly one inverse functional identifier."""
    found = an_object(value, path)
    only(found, _AGENT, path)
    if found.get("objectType", "Agent") != "Agent":
        raise fail(f"{path}.objectType", 'Only "Agent" fits here (and "Group" where a group may stand).')
    if _identifiers(found, path) != 1:
        raise fail(path, f"An Agent has exactly one of {', '.join(_IDENTIFIERS)}.")


def group(value: Any, path: str) -> None:
    """A Group: identified by one identifier, or anonymous with members."""
    found = an_object(value, path)
    only(found, _GROUP, path)
    if found.get("objectType") != "Group":
        raise fail(f"{path}.objectType", 'A Group must say so: "objectType": "Group".')
    count = _identifiers(found, path)
    if count > 1:
        raise fail(path, f"A Group has at most one of {', '.join(_IDENTIFIERS)}.")
    if "member" in found:
        members = an_array(found["member"], f"{path}.member")
        for index, member in enumerate(members):
            agent(member, f"{path}.member[{index}]")
    elif count == 0:
        raise fail(path, 'A Group without an identifier needs its "member" list.')


def authority(value: Any, path: str) -> None:
    """An Agent, or the pair of application and user that three-legged OAuth speaks of (Data 2.4.9)."""
    if type(value) is not dict or value.get("objectType") != "Group":
        agent(value, path)
        return
    group(value, path)
    if identity(value) is not None:
        raise fail(path, "A Group as authority must not have an identifier of its own.")
    if len(value["member"]) != 2:
        raise fail(f"{path}.member", "A Group as authority has exactly two members.")


def _identifiers(found: JsonObject, path: str) -> int:
    count = 0
    if "name" in found:
        a_string(found["name"], f"{path}.name")
    if "mbox" in found:
        count += 1
        a_mailto(found["mbox"], f"{path}.mbox")
    if "mbox_sha1sum" in found:
        count += 1
        a_sha1(found["mbox_sha1sum"], f"{path}.mbox_sha1sum")
    if "openid" in found:
        count += 1
        an_iri(found["openid"], f"{path}.openid")
    if "account" in found:
        count += 1
        _account(found["account"], f"{path}.account")
    if count == 1 and len(identity(found) or "") > LONGEST_KEY // 4:
        _short_enough(found, path)
    return count


def _short_enough(found: JsonObject, path: str) -> None:
    if len((identity(found) or "").encode()) > LONGEST_KEY + 11:
        raise fail(path, f"The identifier of an actor may have {LONGEST_KEY} octets.")


def _account(value: Any, path: str) -> None:
    found = an_object(value, path)
    only(found, _ACCOUNT, path)
    an_iri(required(found, "homePage", path), f"{path}.homePage")
    a_string(required(found, "name", path), f"{path}.name")


def identity(value: JsonObject) -> str | None:
    """One string per person: `mbox::mailto:…`, `sha1::…`, `openid::…`, `account::homePage name`.

    Equal identifiers give equal strings and different ones different strings (an IRI holds no space); None
    for an anonymous Group. An address is compared without regard to case in its host part only.
    """
    if "mbox" in value:
        local, _, host = value["mbox"].rpartition("@")
        return f"mbox::{local}@{host.lower()}"
    if "mbox_sha1sum" in value:
        return f"sha1::{value['mbox_sha1sum'].lower()}"
    if "openid" in value:
        return f"openid::{value['openid']}"
    if "account" in value:
        account = value["account"]
        return f"account::{account['homePage']} {account['name']}"
    return None


def identity_of_parameter(value: Any, name: str) -> str:
    """The identity in an `agent` query parameter (an Agent or identified Group as JSON)."""
    actor(value, name)
    found = identity(value)
    if found is None:
        raise Refusal("An Agent or a Group with an identifier is needed here.", path=name)
    return found

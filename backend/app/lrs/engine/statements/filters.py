"""The questions a reader may ask of the Statement resource (1.0.3 Communication 2.1.3; 2.0 4.1.6.1)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from app.lrs.engine import jsonio, values
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.actors import identity_of_parameter
from app.lrs.engine.versions import Version

LARGEST_LIMIT = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE = frozenset(("statementId", "voidedStatementId"))
_ALONE = frozenset(("format", "attachments"))
_FILTERS = frozenset(
    (
        "agent",
        "verb",
        "activity",
        "registration",
        "related_activities",
        "related_agents",
        "since",
        "until",
        "limit",
        "ascending",
    )
)
PARAMETERS = _ONE | _ALONE | _FILTERS
FORMATS = ("ids", "exact", "canonical")


@dataclass(slots=True, frozen=True)
class Filter:
    """A query for many statements. Bounds are keys of `xapi_statements.id` (microseconds since 1970)."""

    agent: str | None = None
    verb: str | None = None
    activity: str | None = None
    registration: str | None = None
    related_activities: bool = False
    related_agents: bool = False
    after: int | None = None
    """Exclusive lower bound of the key."""
    before: int | None = None
    """Exclusive upper bound of the key."""
    limit: int = LARGEST_LIMIT
    ascending: bool = False
    format: str = "exact"
    attachments: bool = False
    credential_id: int | None = None
    """Only statements written with this API key (scope statements/read/mine)."""
    accounts: tuple[int, ...] | None = None
    """Only statements whose actor has one of these accounts (`xapi_statements.user_id`)."""
    without_accounts: tuple[int, ...] = ()
    """No statement whose actor has one of these accounts."""

    def as_dict(self) -> dict[str, object]:
        """For a cursor: the values that differ from the defaults."""
        plain = _DEFAULTS
        return {key: value for key, value in asdict(self).items() if value != plain[key]}


_DEFAULTS = asdict(Filter())


@dataclass(slots=True, frozen=True)
class One:
    """A query for one statement by its id."""

    statement_id: str
    voided: bool
    format: str
    attachments: bool


def parse(parameters: Mapping[str, str], version: Version) -> Filter | One:
    """Read the query parameters; every unknown or ill-formed one is a `Refusal` 400 with its name."""
    for name in parameters:
        if name not in PARAMETERS:
            twin = next((known for known in PARAMETERS if known.lower() == name.lower()), None)
            hint = f' Did you mean "{twin}"?' if twin else ""
            raise Refusal(f"The Statement resource has no such parameter.{hint}", path=name)
    form = parameters.get("format", "exact")
    if form not in FORMATS:
        raise Refusal(f"One of {', '.join(FORMATS)} belongs here.", path="format")
    attachments = boolean(parameters, "attachments")
    wanted = _ONE & parameters.keys()
    if wanted:
        if len(wanted) == 2:
            raise Refusal("Ask for statementId or voidedStatementId, not both.", path="voidedStatementId")
        (name,) = wanted
        extra = parameters.keys() - _ALONE - {name}
        if extra:
            raise Refusal(f"{name} stands alone with format and attachments.", path=sorted(extra)[0])
        return One(uuid_of(parameters[name], name), name == "voidedStatementId", form, attachments)
    return Filter(
        agent=_read(parameters, "agent", agent_of),
        verb=_read(parameters, "verb", iri_of),
        activity=_read(parameters, "activity", iri_of),
        registration=_read(parameters, "registration", uuid_of),
        related_activities=boolean(parameters, "related_activities"),
        related_agents=boolean(parameters, "related_agents"),
        after=_bound(parameters, "since", version),
        before=_until(parameters, version),
        limit=_limit(parameters),
        ascending=boolean(parameters, "ascending"),
        format=form,
        attachments=attachments,
    )


def _read(parameters: Mapping[str, str], name: str, reader: Callable[[str, str], str]) -> str | None:
    return reader(parameters[name], name) if name in parameters else None


def agent_of(text: str, name: str) -> str:
    """The identity in an agent parameter."""
    return identity_of_parameter(json_of(text, name), name)


def boolean(parameters: Mapping[str, str], name: str) -> bool:
    """`true` or `false`; absent is false."""
    text = parameters.get(name, "false")
    if text not in ("true", "false"):
        raise Refusal("true or false belongs here.", path=name)
    return text == "true"


def uuid_of(text: str, name: str) -> str:
    if not values.is_uuid(text):
        raise Refusal("A UUID belongs here.", path=name)
    return text.lower()


def iri_of(text: str, name: str) -> str:
    if not values.is_iri(text):
        raise Refusal("An IRI with a scheme (https://…) belongs here.", path=name)
    return text


def json_of(text: str, name: str) -> object:
    """JSON inside a parameter; the fault's place is given relative to the parameter."""
    try:
        return jsonio.loads(text.encode())
    except UnicodeEncodeError:
        raise Refusal("The parameter is not Unicode text.", path=name) from None
    except Refusal as fault:
        raise Refusal(fault.detail, path=name + (fault.path or "$")[1:]) from None


def timestamp_of(text: str, name: str, version: Version) -> datetime:
    moment = values.instant(text, rfc3339=version.second)
    if moment is None:
        raise Refusal("A date and time with its zone belongs here, such as 2026-11-22T10:00:00Z.", path=name)
    return moment


def key_of(moment: datetime) -> int:
    """Microseconds since 1970: the key of a statement stored at that moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(key: int) -> datetime:
    """The moment a statement with this key was stored."""
    return _EPOCH + timedelta(microseconds=key)


def _bound(parameters: Mapping[str, str], name: str, version: Version) -> int | None:
    return key_of(timestamp_of(parameters[name], name, version)) if name in parameters else None


def _until(parameters: Mapping[str, str], version: Version) -> int | None:
    bound = _bound(parameters, "until", version)
    return None if bound is None else bound + 1


def _limit(parameters: Mapping[str, str]) -> int:
    text = parameters.get("limit", "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Refusal(
            "A whole number from 0 belongs here (0 asks for as many as the store gives).", path="limit"
        )
    return min(int(text) or LARGEST_LIMIT, LARGEST_LIMIT)

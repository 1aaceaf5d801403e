"""What happens to targets that statements are forwarded to, as `app.core.actions` takes it: value, table, sentence,
details."""

from app.core.details import base, system

XAPI_FORWARDER_ANSWERED_AGAIN = (
    "xapi_forwarder.answered_again",
    "xapi_forwarders",
    "Forwarding target is reachable again",
    base.Labeled,
)
XAPI_FORWARDER_CHANGED = (
    "xapi_forwarder.changed",
    "xapi_forwarders",
    "Forwarding target changed",
    system.ForwarderChanged,
)
XAPI_FORWARDER_CREATED = (
    "xapi_forwarder.created",
    "xapi_forwarders",
    "Forwarding target added",
    system.ForwarderChanged,
)
XAPI_FORWARDER_DEAD_LETTERS_DROPPED = (
    "xapi_forwarder.dead_letters_dropped",
    "xapi_forwarders",
    "Refused statements discarded",
    base.Counted,
)
XAPI_FORWARDER_DEAD_LETTERS_RETRIED = (
    "xapi_forwarder.dead_letters_retried",
    "xapi_forwarders",
    "Refused statements sent again",
    base.Counted,
)
XAPI_FORWARDER_DELETED = (
    "xapi_forwarder.deleted",
    "xapi_forwarders",
    "Forwarding target deleted",
    base.Labeled,
)
XAPI_FORWARDER_SENT_NOW = (
    "xapi_forwarder.sent_now",
    "xapi_forwarders",
    "Forwarding started manually",
    base.Labeled,
)
XAPI_FORWARDER_STARTED = (
    "xapi_forwarder.started",
    "xapi_forwarders",
    "Forwarding target started",
    base.Labeled,
)
XAPI_FORWARDER_STOPPED = (
    "xapi_forwarder.stopped",
    "xapi_forwarders",
    "Forwarding target stopped",
    base.Labeled,
)

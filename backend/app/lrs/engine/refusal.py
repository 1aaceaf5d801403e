"""What the LRS says when it will not do something.

The hot path stays free of framework classes: a refusal is raised anywhere below `app.lrs.engine.api`, which
alone turns it into an RFC 9457 answer.
"""

from collections.abc import Mapping

_LONGEST_PATH = 200
_LONGEST_DETAIL = 500
"""Characters of what is answered. Both name what was sent, and an answer must not grow with it."""


class Refusal(Exception):
    """A request that is answered with an error; nothing of it has been stored.

    `status` is the HTTP status, `detail` one sentence saying what is wrong and what to do, `path` the
    place in the JSON body in the form `$[2].actor.mbox`, or a parameter's name.
    """

    titles: Mapping[int, str] = {
        400: "Bad request",
        401: "API key needed",
        403: "Not allowed",
        404: "Not found",
        405: "Method not allowed",
        409: "Conflict",
        412: "Precondition failed",
        413: "Too large",
        415: "Unsupported media type",
        422: "Not accepted",
        429: "Too many requests",
        503: "Unavailable",
    }

    def __init__(
        self,
        detail: str,
        *,
        path: str | None = None,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        detail = _shortened(detail, _LONGEST_DETAIL)
        path = None if path is None else _shortened(path, _LONGEST_PATH)
        super().__init__(detail if path is None else f"{path}: {detail}")
        self.status = status
        self.detail = detail
        self.path = path
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        """The short name of the status, the same for every refusal that has it."""
        return self.titles.get(self.status, "Refused")

    def body(self) -> dict[str, object]:
        """The problem document, RFC 9457; `path` is an extension member."""
        document: dict[str, object] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
        }
        if self.path is not None:
            document["path"] = self.path
        return document


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"

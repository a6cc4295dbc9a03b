"""Everything that the client raises of its own."""

from __future__ import annotations

from typing import Any, Optional


class MultiMailError(Exception):
    """What all errors of this package are."""


class ApiError(MultiMailError):
    """The server answered, and refused.

    status: HTTP status
    code: for programs; `unexpected_answer` where what answered was no MultiMail server
    request_id: give it when you report a problem
    hint: how to mend it, in words
    field: the input at fault
    retry_after: seconds after which the call may be made again, where the server named them
    """

    def __init__(
        self, status: int, body: Any, request_id: Optional[str], retry_after: Optional[int]
    ) -> None:
        fields = body if isinstance(body, dict) else {}
        words = _text(fields.get("error")) or f"The server answered {status} without saying why."
        self.status = status
        self.code = _text(fields.get("code")) or "unexpected_answer"
        self.request_id = _text(fields.get("request_id")) or request_id
        self.hint = _text(fields.get("hint"))
        self.field = _text(fields.get("field"))
        self.retry_after = retry_after
        hint = "" if self.hint is None else f" {self.hint}"
        super().__init__(f"{words}{hint} ({status} {self.code})")


class ApiConnectionError(MultiMailError):
    """The server could not be reached, or its answer broke off: what was asked may have been done."""


class ApiTimeoutError(ApiConnectionError):
    """Nothing came for longer than the call's time: what was asked may have been done."""


class WebhookVerificationError(MultiMailError):
    """A webhook is not from whoever holds the secret, or is too old. Answer 400 and do nothing."""


def _text(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None

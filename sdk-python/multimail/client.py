"""The client: `MultiMail(base_url, api_key)`, with a method for every operation of the server."""

from __future__ import annotations

import json
import ssl
import time
from typing import Any, Callable, Dict, Iterator, Mapping, Optional

from .errors import ApiError
from .events import events_of
from .operations import OPERATIONS, Operations
from .request import UNSET, FileAnswer, RequestOptions, StreamEvent
from .transport import Answer, Transport


class MultiMail(Operations):
    """A MultiMail server with one credential. Threads may share it.

    Methods take the server's inputs as keywords and answer what the server answers, as dictionaries
    with types; `…_all` goes through every page of a list. Raises MultiMailError for an address or a
    key that cannot be one.

    base_url: where the server is, as https://mail.example.com
    api_key: an API key or an OAuth access token; without one only public operations answer
    timeout: seconds without a sign of the server before an attempt is given up; calls that wait get
        their waiting time on top
    max_retries: how often a call that may be repeated is tried again
    headers: headers of every call
    ssl_context: for a certificate authority of your own
    sleep: how it is waited between attempts, for tests
    """

    def __init__(
        self,
        base_url: str,
        api_key: Optional[str] = None,
        *,
        timeout: float = 60.0,
        max_retries: int = 2,
        headers: Optional[Mapping[str, str]] = None,
        ssl_context: Optional[ssl.SSLContext] = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(
            base_url, api_key, timeout, max_retries, headers, ssl_context, sleep
        )

    def _json(self, name: str, given: Dict[str, Any], options: Optional[RequestOptions]) -> Any:
        return _parsed(self._transport.send(OPERATIONS[name], _set(given), options or {}))

    def _items(
        self, name: str, given: Dict[str, Any], options: Optional[RequestOptions]
    ) -> Iterator[Any]:
        before = given["cursor"]
        while True:
            page = self._json(name, given, options)
            yield from page[OPERATIONS[name].items]
            cursor = page.get("next_cursor")
            # A log answers where it goes on also at its end, where nothing is yet.
            if cursor is None or cursor == before or page.get("has_more") is False:
                return
            before = cursor
            given = {**given, "cursor": cursor}

    def _file(
        self, name: str, given: Dict[str, Any], options: Optional[RequestOptions]
    ) -> FileAnswer:
        answer = self._transport.send(OPERATIONS[name], _set(given), options or {})
        return FileAnswer(
            answer.body, answer.headers.get("content-type") or "application/octet-stream"
        )

    def _events(
        self, name: str, given: Dict[str, Any], options: Optional[RequestOptions]
    ) -> Iterator[StreamEvent]:
        return events_of(self._transport, OPERATIONS[name], _set(given), options or {})


def is_approval_required(answer: Mapping[str, Any]) -> bool:
    """True where a sensitive call waits for a person.

    Repeat it with the `approval_code` that was mailed to the oversight address, or once a member
    granted it.
    """
    return answer.get("status") == "approval_required"


def _set(given: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in given.items() if value is not UNSET}


def _parsed(answer: Answer) -> Any:
    if (answer.headers.get("content-type") or "").lower().startswith("application/json"):
        try:
            return json.loads(answer.body)
        except ValueError:
            pass
    words = "The answer is not JSON: is this the address of a MultiMail server?"
    raise ApiError(answer.status, {"error": words}, answer.headers.get("x-request-id"), None)

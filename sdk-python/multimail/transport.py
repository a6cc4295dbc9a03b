"""Carries calls over HTTP: credentials, time limits, errors, and retries of what may be repeated."""

from __future__ import annotations

import email.utils
import http.client
import json
import random
import re
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Union

from .errors import ApiConnectionError, ApiError, ApiTimeoutError, MultiMailError
from .request import Operation, RequestOptions, lay_out

#: A wait longer than this, asked for by the server, is left to the caller. Seconds.
_LONGEST_WAIT = 60.0


class Answer(NamedTuple):
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _AsItComes(urllib.request.HTTPErrorProcessor):
    """No redirects, which would carry the key elsewhere, and no exceptions for a status."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class Transport:
    """Sends calls to one server with one credential. Threads may share it."""

    def __init__(
        self,
        base_url: str,
        api_key: Optional[str],
        timeout: float,
        max_retries: int,
        headers: Optional[Mapping[str, str]],
        ssl_context: Optional[ssl.SSLContext],
        sleep: Callable[[float], None],
    ) -> None:
        self._base = _base_of(base_url)
        # The HTTP library would name the key in its error.
        if api_key is not None and not re.fullmatch(r"[\x21-\x7e]+", api_key):
            raise MultiMailError("The API key is empty or has characters that no key has.")
        self._headers = _lower_cased(headers)
        if api_key is not None:
            self._headers["authorization"] = f"Bearer {api_key}"
        self.timeout = timeout
        self.max_retries = max_retries
        self.sleep = sleep
        self._opener = urllib.request.build_opener(
            _AsItComes(), urllib.request.HTTPSHandler(context=ssl_context)
        )

    def send(
        self, operation: Operation, given: Mapping[str, Any], options: RequestOptions
    ) -> Answer:
        """Makes the call, again where that is safe, and answers a success.

        Raises the errors of `errors.py`.
        """
        request = self.request(operation, given, options)
        timeout = self._timeout(given, options)
        retries = 0
        if _may_repeat(operation, request, given):
            retries = options.get("max_retries", self.max_retries)
        attempt = 0
        while True:
            outcome = self._attempt(request, timeout)
            if isinstance(outcome, Answer):
                return outcome
            pause = pause_before(outcome, attempt) if attempt < retries else None
            if pause is None:
                raise outcome
            self.sleep(pause)
            attempt += 1

    def request(
        self,
        operation: Operation,
        given: Mapping[str, Any],
        options: RequestOptions,
        more: Optional[Mapping[str, str]] = None,
    ) -> urllib.request.Request:
        """The request of a call. Raises MultiMailError for a value that no path can hold."""
        path, body = lay_out(operation, given)
        headers: Dict[str, str] = {"accept": "application/json, */*"}
        if body is not None:
            headers["content-type"] = "application/json"
        if operation.repeat == "keyed" and given.get("idempotency_key") is None:
            headers["idempotency-key"] = str(uuid.uuid4())
        headers.update(self._headers)
        headers.update(_lower_cased(options.get("headers")))
        headers.update(more or {})
        return urllib.request.Request(
            self._base + path, data=body, headers=headers, method=operation.verb
        )

    def open(self, request: urllib.request.Request, timeout: float) -> Any:
        """Begins a call whose answer is read as it comes. Raises like `send`."""
        try:
            response = self._opener.open(request, timeout=timeout)
            kind = response.headers.get("content-type") or ""
            if 200 <= response.status < 300 and kind.startswith("text/event-stream"):
                return response
            with response:
                body = response.read()
        except (http.client.HTTPException, OSError) as error:
            raise self.connection_error(error, timeout) from error
        raise self._refusal(Answer(response.status, response.headers, body))

    def connection_error(self, error: Exception, timeout: float) -> ApiConnectionError:
        """What a failure of the network means to the caller."""
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, socket.timeout):
            return ApiTimeoutError(f"Nothing came from {self._base} for {timeout:g} seconds.")
        return ApiConnectionError(
            f"{self._base} could not be reached, or its answer broke off: {reason}."
        )

    def _attempt(
        self, request: urllib.request.Request, timeout: float
    ) -> Union[Answer, ApiError, ApiConnectionError]:
        """One attempt: an answer, or an error that another attempt may mend."""
        try:
            with self._opener.open(request, timeout=timeout) as response:
                answer = Answer(response.status, response.headers, response.read())
        except (http.client.HTTPException, OSError) as error:
            failed = self.connection_error(error, timeout)
            failed.__cause__ = error
            return failed
        return answer if 200 <= answer.status < 300 else self._refusal(answer)

    def _refusal(self, answer: Answer) -> ApiError:
        if 300 <= answer.status < 400:
            raise MultiMailError(f"{self._base} redirects elsewhere: give the address it leads to.")
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = None
        return ApiError(
            answer.status,
            body,
            answer.headers.get("x-request-id"),
            _retry_after(answer.headers.get("retry-after")),
        )

    def _timeout(self, given: Mapping[str, Any], options: RequestOptions) -> float:
        waits = given.get("timeout_seconds")
        extra = waits if isinstance(waits, (int, float)) and waits > 0 else 0
        return options.get("timeout", self.timeout) + extra


def _base_of(text: str) -> str:
    parts = urllib.parse.urlsplit(text)
    plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise MultiMailError(
            "base_url must be an address such as https://mail.example.com, without user, query and fragment."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _lower_cased(headers: Optional[Mapping[str, str]]) -> Dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _may_repeat(
    operation: Operation, request: urllib.request.Request, given: Mapping[str, Any]
) -> bool:
    if operation.repeat == "safe":
        return True
    if operation.repeat == "never":
        return False
    return request.has_header("Idempotency-key") or isinstance(given.get("idempotency_key"), str)


def pause_before(error: Union[ApiError, ApiConnectionError], attempt: int) -> Optional[float]:
    """Seconds until the next attempt; None where another would be of no use, or come too late."""
    backoff: float = min(0.5 * 2**attempt, 8.0) * (0.5 + random.random() / 2)
    if not isinstance(error, ApiError):
        return backoff
    if error.status != 429 and (error.status < 500 or error.status == 501):
        return None
    if error.retry_after is None:
        return backoff
    return None if error.retry_after > _LONGEST_WAIT else max(float(error.retry_after), backoff)


def _retry_after(value: Optional[str]) -> Optional[int]:
    """Seconds by RFC 9110 section 10.2.3: a number, or a date."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    try:
        return max(0, int(email.utils.parsedate_to_datetime(value).timestamp() - time.time()))
    except (TypeError, ValueError, OverflowError):
        return None

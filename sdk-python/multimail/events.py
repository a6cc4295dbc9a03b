"""Server-sent events as an iterator that goes on after a break where it stopped."""

from __future__ import annotations

import codecs
import http.client
import json
import re
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

from .errors import ApiConnectionError, ApiError, MultiMailError
from .request import Operation, RequestOptions, StreamEvent
from .transport import Transport, pause_before

#: Longest event that is taken, in characters.
_LONGEST_EVENT = 8 * 1024 * 1024

_LINE_END = re.compile(r"\r\n|\n|\r")


class EventParser:
    """Takes a stream apart by the rules of the HTML standard, section 9.2.6."""

    def __init__(self, last_id: Optional[str] = None) -> None:
        #: Where the stream goes on: the id of the last complete block, be there an event in it or not.
        self.last_id = last_id
        self._id = last_id
        #: Seconds that the server asks to wait before a new connection.
        self.retry: Optional[float] = None
        self._rest = ""
        self._data: List[str] = []
        self._type = ""
        self._size = 0
        self._first = True

    def push(self, piece: str) -> Iterator[StreamEvent]:
        """The events that are complete with this piece. Raises MultiMailError for one beyond all measure."""
        if self._first and piece:
            self._first = False
            piece = piece[1:] if piece.startswith("\ufeff") else piece
        text = self._rest + piece
        # A CR at the end may be half of a line end.
        whole = text[:-1] if text.endswith("\r") else text
        *lines, last = _LINE_END.split(whole)
        self._rest = last + text[len(whole) :]
        if len(self._rest) + self._size > _LONGEST_EVENT:
            raise MultiMailError("An event of the stream is too long.")
        for line in lines:
            event = self._line(line)
            if event is not None:
                yield event

    def _line(self, line: str) -> Optional[StreamEvent]:
        if line == "":
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "data":
            self._data.append(value)
            self._size += len(value)
        elif field == "event":
            self._type = value
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and re.fullmatch(r"[0-9]{1,9}", value):
            self.retry = int(value) / 1000
        return None

    def _dispatch(self) -> Optional[StreamEvent]:
        data, kind = self._data, self._type or "message"
        self._data, self._type, self._size = [], "", 0
        self.last_id = self._id
        return StreamEvent(self.last_id, kind, _parsed("\n".join(data))) if data else None


def events_of(
    transport: Transport, operation: Operation, given: Mapping[str, Any], options: RequestOptions
) -> Iterator[StreamEvent]:
    """Events as they happen; closing the iterator ends the connection.

    Connects anew after a break, behind the last event; where the input says for how long, the end
    after that time is the end. Raises what the server refuses, and
    ApiConnectionError when it cannot be reached more often than the retries allow without one sign
    of life between.
    """
    retries = options.get("max_retries", transport.max_retries)
    last_id: Optional[str] = None
    failures = 0
    asked: Optional[float] = None
    while True:
        parser = EventParser(last_id)
        failure: Union[ApiError, ApiConnectionError] = ApiConnectionError("The stream ended.")
        try:
            for piece in _pieces(transport, operation, given, options, last_id):
                failures = 0
                yield from parser.push(piece)
            if "timeout_seconds" in given:
                return
        except (ApiError, ApiConnectionError) as error:
            failure = error
        last_id = parser.last_id
        asked = asked if parser.retry is None else parser.retry
        pause = pause_before(failure, failures) if failures < retries else None
        if pause is None:
            raise failure
        failures += 1
        if asked is not None and not isinstance(failure, ApiError):
            pause = min(asked, 60.0)
        transport.sleep(pause)


def _pieces(
    transport: Transport,
    operation: Operation,
    given: Mapping[str, Any],
    options: RequestOptions,
    last_id: Optional[str],
) -> Iterator[str]:
    """The text of one connection. A silence longer than the timeout is a break."""
    headers: Dict[str, str] = {"accept": "text/event-stream"}
    if last_id is not None:
        headers["last-event-id"] = last_id
    timeout = options.get("timeout", transport.timeout)
    request = transport.request(operation, given, options, headers)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with transport.open(request, timeout) as response:
        while True:
            try:
                piece = response.read1(65536)
            except (http.client.HTTPException, OSError) as error:
                raise transport.connection_error(error, timeout) from error
            if not piece:
                return
            yield decoder.decode(piece)


def _parsed(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data

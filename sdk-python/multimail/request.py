"""What one call is made of: where an operation goes, and its input laid out over path, query and body."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple, TypedDict

from .errors import MultiMailError


class Unset:
    """The value of an input that is not given: None is a value that the server reads."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET = Unset()


class Operation(NamedTuple):
    """Where an operation goes.

    path has `{name}` for one segment and `{name*}` for the rest of the path. repeat says whether the
    call may be made again when nobody knows what became of it: `safe` always, `keyed` by a key that is
    added, `if_keyed` where the caller gave one, `never`. items names the field with a page's items.
    """

    verb: str
    path: str
    repeat: str
    items: Optional[str] = None


class RequestOptions(TypedDict, total=False):
    """What a single call may have of its own."""

    # Seconds without a sign of the server before an attempt is given up.
    timeout: float
    # How often it is tried again.
    max_retries: int
    headers: Dict[str, str]


class FileAnswer(NamedTuple):
    """An answer that is not JSON: an attachment, a raw message, a checkpoint."""

    data: bytes
    content_type: str

    def text(self) -> str:
        """The bytes as UTF-8 text."""
        return self.data.decode("utf-8", "replace")


class StreamEvent(NamedTuple):
    """One event of a stream; `id` is where the stream goes on after it, `data` parsed JSON or text."""

    id: Optional[str]
    event: str
    data: Any


_PARAMETER = re.compile(r"\{([a-z0-9_]+)(\*?)\}")


def lay_out(operation: Operation, given: Mapping[str, Any]) -> Tuple[str, Optional[bytes]]:
    """The path with its query, and the JSON body where one goes.

    What the path names goes there, the rest to the query (GET, DELETE) or the body. Raises
    MultiMailError for a value that no path can hold.
    """
    rest = dict(given)

    def fill(match: "re.Match[str]") -> str:
        name, many = match.group(1), match.group(2)
        value = _as_text(rest.pop(name, ""))
        parts = value.split("/") if many else [value]
        return "/".join(_segment(name, part) for part in parts)

    path = _PARAMETER.sub(fill, operation.path)
    if operation.verb in ("GET", "DELETE"):
        return path + _query(rest), None
    try:
        return path, json.dumps(rest, allow_nan=False).encode("ascii")
    except (TypeError, ValueError) as error:
        raise MultiMailError(f"The input cannot be written as JSON: {error}.") from error


def _segment(name: str, value: str) -> str:
    # URLs resolve `.` and `..` also when encoded: such a value would call another operation.
    if value in ("", ".", ".."):
        raise MultiMailError(f"{value!r} is not a possible {name}.")
    return _encode(value)


def _query(given: Mapping[str, Any]) -> str:
    pairs = [
        f"{_encode(name)}={_encode(_as_text(item))}"
        for name, value in given.items()
        for item in (value if isinstance(value, (list, tuple)) else [value])
        if item is not None
    ]
    return "?" + "&".join(pairs) if pairs else ""


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _encode(text: str) -> str:
    try:
        return urllib.parse.quote(text, safe="")
    except UnicodeEncodeError as error:
        raise MultiMailError("A value for the address is not well-formed Unicode.") from error

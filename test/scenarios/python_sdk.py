"""Calls the Python SDK as a test says: JSON lines in, JSON lines out."""

import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import multimail
from multimail.events import events_of
from multimail.request import Operation


def plain(value):
    if isinstance(value, multimail.FileAnswer):
        return {
            "data": base64.b64encode(value.data).decode(),
            "content_type": value.content_type,
        }
    if hasattr(value, "__next__"):
        return [plain(one) for one in islice(value, 10000)]
    if isinstance(value, multimail.StreamEvent):
        return value._asdict()
    return value


def error_of(error):
    fields = ("status", "code", "request_id", "hint", "field", "retry_after")
    named = {name: getattr(error, name) for name in fields if hasattr(error, name)}
    return {"class": type(error).__name__, "message": str(error), **named}


def stream(client):
    operation = Operation("GET", "/v1/events/stream", "safe")
    return lambda: events_of(client._transport, operation, {}, {})


waited = []


def answer(call):
    del waited[:]
    if "client" in call:
        client = multimail.MultiMail(**call["client"], sleep=waited.append)
        function = stream(client) if call["method"] == "stream" else getattr(client, call["method"])
    else:
        function = getattr(multimail, call["method"])
    if "times" in call:
        with ThreadPoolExecutor(8) as threads:
            made = [threads.submit(function, **call["args"]) for _ in range(call["times"])]
            return [plain(one.result()) for one in made]
    given = function(*call.get("positional", []), **call.get("args", {}))
    take = call.get("take")
    result = [plain(one) for one in islice(given, take)] if take else plain(given)
    if take:
        given.close()
    return result


for line in sys.stdin:
    try:
        said = {"ok": answer(json.loads(line))}
    except multimail.MultiMailError as error:
        said = {"error": error_of(error)}
    except Exception as error:
        said = {"bug": repr(error)}
    print(json.dumps({**said, "waited": list(waited)}), flush=True)

"""Verification of webhooks: the Standard Webhooks signature, and the one that older clients check."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from .errors import MultiMailError, WebhookVerificationError

#: A secret is at most so long, and further signatures are not looked at.
_LONGEST_SECRET = 512
_MOST_SIGNATURES = 20

Secret = Union[str, Sequence[str]]


def verify_webhook(
    secret: Secret,
    headers: Mapping[str, str],
    body: Union[bytes, str],
    *,
    tolerance: float = 300.0,
    now: Optional[float] = None,
) -> Any:
    """Checks a webhook by its Standard Webhooks headers and answers its parsed body.

    One of the signatures must be right for one of the secrets, compared in constant time, and the time
    within the tolerance. Remember `webhook-id`: the same event may arrive twice. Raises
    WebhookVerificationError.

    secret: the subscription's `signing_secret`; several while it is being rotated
    headers: names in any case
    body: exactly as it came
    tolerance: how far the sender's clock may be away, in seconds
    now: the present, in seconds since 1970
    """
    raw = _bytes(body)
    message_id = _header(headers, "webhook-id")
    sent = _header(headers, "webhook-timestamp")
    signatures = _header(headers, "webhook-signature")
    if not (message_id and sent and signatures):
        raise WebhookVerificationError("The webhook headers are missing.")
    if not re.fullmatch(r"[0-9]{1,12}", sent):
        raise WebhookVerificationError("webhook-timestamp is not a number.")
    present = time.time() if now is None else now
    if not abs(present - int(sent)) <= tolerance:
        raise WebhookVerificationError("The webhook is too old, or from the future.")
    given = [
        one[3:].encode("utf-8", "replace")
        for one in signatures.split(" ")[:_MOST_SIGNATURES]
        if one.startswith("v1,")
    ]
    signed = f"{message_id}.{sent}.".encode("utf-8", "replace") + raw
    for one in _secrets(secret):
        right = base64.b64encode(_hmac(_standard_key(one), signed))
        # Each is compared to the end, whichever fits.
        if sum(hmac.compare_digest(right, signature) for signature in given) > 0:
            return _parsed(raw)
    raise WebhookVerificationError("No signature fits the secret.")


def verify_compat_webhook(
    secret: Secret, headers: Mapping[str, str], body: Union[bytes, str]
) -> Any:
    """Checks a webhook by `X-MultiMail-Signature: sha256=<hex>`, an HMAC over the body alone.

    Clients of the existing service do so. It says nothing of the time: prefer `verify_webhook`. Raises
    WebhookVerificationError.
    """
    raw = _bytes(body)
    match = re.fullmatch(r"sha256=([0-9a-fA-F]{64})", _header(headers, "x-multimail-signature"))
    if match is None:
        raise WebhookVerificationError("X-MultiMail-Signature is missing or malformed.")
    given = bytes.fromhex(match.group(1))
    for one in _secrets(secret):
        if hmac.compare_digest(_hmac(one.encode("utf-8"), raw), given):
            return _parsed(raw)
    raise WebhookVerificationError("The signature does not fit the secret.")


def sign_webhook(
    secret: str, message_id: str, body: Union[bytes, str], now: Optional[float] = None
) -> Dict[str, str]:
    """Signs a body as the server does, for tests of a receiver: the three headers by name."""
    sent = str(int(time.time() if now is None else now))
    signed = f"{message_id}.{sent}.".encode() + _bytes(body)
    signature = base64.b64encode(_hmac(_standard_key(secret), signed)).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": sent,
        "webhook-signature": f"v1,{signature}",
    }


def _secrets(secret: Secret) -> List[str]:
    return [secret] if isinstance(secret, str) else list(secret)


def _hmac(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, hashlib.sha256).digest()


def _standard_key(secret: str) -> bytes:
    """The key of a Standard Webhooks secret: what follows `whsec_` is base64."""
    text = secret[len("whsec_") :] if secret.startswith("whsec_") else secret
    try:
        key = base64.b64decode(text, validate=True) if len(secret) <= _LONGEST_SECRET else b""
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise MultiMailError("The webhook secret is not whsec_ followed by base64.")
    return key


def _header(headers: Mapping[str, str], name: str) -> str:
    for key, value in headers.items():
        if key.lower() == name:
            return value if isinstance(value, str) else ""
    return ""


def _bytes(body: Union[bytes, str]) -> bytes:
    return body.encode("utf-8") if isinstance(body, str) else bytes(body)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"))
    except ValueError as error:
        raise WebhookVerificationError("The body is not JSON.") from error

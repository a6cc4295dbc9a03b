"""Client for MultiMail: email for AI agents with human oversight."""

from .client import MultiMail, is_approval_required
from .errors import (
    ApiConnectionError,
    ApiError,
    ApiTimeoutError,
    MultiMailError,
    WebhookVerificationError,
)
from .request import UNSET, FileAnswer, RequestOptions, StreamEvent, Unset
from .webhooks import sign_webhook, verify_compat_webhook, verify_webhook

__version__ = "0.1.0"

__all__ = [
    "UNSET",
    "ApiConnectionError",
    "ApiError",
    "ApiTimeoutError",
    "FileAnswer",
    "MultiMail",
    "MultiMailError",
    "RequestOptions",
    "StreamEvent",
    "Unset",
    "WebhookVerificationError",
    "is_approval_required",
    "sign_webhook",
    "verify_compat_webhook",
    "verify_webhook",
]

"""What travels, as types: generated from openapi.json by `npm run generate`, not written by hand."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, TypedDict, Union

CONTRACT_VERSION = "0.1.0"


class ApiKey(TypedDict):
    """Fields of ApiKey."""

    # 26-character id, sorts by time
    id: str

    name: str

    # First characters of the key, to recognise it
    prefix: str

    scopes: List[Literal["read", "send", "admin", "oversight", "audit"]]

    mailbox_ids: Union[List[str], None]

    test: bool

    person_id: Union[str, None]

    # ISO 8601 time
    created_at: str

    expires_at: Union[str, None]

    revoked_at: Union[str, None]

    last_used_at: Union[str, None]


class AuditEntryActor(TypedDict):
    """Fields of AuditEntryActor."""

    kind: str

    id: str


class AuditEntry(TypedDict):
    """Fields of AuditEntry."""

    # 26-character id, sorts by time
    id: str

    index: Union[int, None]

    # ISO 8601 time
    at: str

    type: str

    actor: AuditEntryActor

    resource: Union[str, None]

    mailbox_id: Union[str, None]

    thread_id: Union[str, None]

    # Hex SHA-256 of the leaf, RFC 6962
    leaf_hash: str

    data: Dict[str, Any]


_DecisionRequired = TypedDict(
    "_DecisionRequired",
    {
        "decision": "Literal[\"approve\", \"reject\", \"revise\"]",
        "by": "str",
        "class": "Literal[\"A\", \"B\", \"C\"]",
        "reason": "Union[str, None]",
        "digest": "str",
        "at": "str",
        "voided_at": "Union[str, None]",
    },
)


class Decision(_DecisionRequired):
    """Fields of Decision."""


_EmailAttachmentsItemRequired = TypedDict(
    "_EmailAttachmentsItemRequired",
    {
        "filename": "str",
        "content_type": "str",
        "size_bytes": "int",
    },
)


class EmailAttachmentsItem(_EmailAttachmentsItemRequired, total=False):
    """Fields of EmailAttachmentsItem."""

    # Meant to stand inside the HTML, such as a logo
    inline: bool

    content_id: Union[str, None]


class EmailAuthor(TypedDict):
    """Fields of EmailAuthor."""

    kind: str

    id: str


_EmailRequired = TypedDict(
    "_EmailRequired",
    {
        "id": "str",
        "mailbox_id": "str",
        "direction": "Literal[\"outbound\", \"inbound\"]",
        "status": "Literal[\"draft\", \"pending_scan\", \"scheduled\", \"queued\", \"sending\", \"sent\", \"delivered\", \"blocked\", \"rejected\", \"cancelled\", \"expired\", \"suppressed\", \"send_failed\", \"bounced\", \"sandboxed\", \"pending_send_approval\", \"pending_inbound_approval\", \"unread\", \"read\", \"archived\", \"deleted\", \"spam_flagged\", \"spam_quarantined\"]",
        "thread_id": "str",
        "message_id": "str",
        "from": "str",
        "from_address": "str",
        "to": "List[str]",
        "to_addresses": "List[str]",
        "cc": "List[str]",
        "bcc": "List[str]",
        "subject": "str",
        "kind": "Literal[\"mail\", \"auto_reply\", \"bounce\", \"complaint\", \"report\"]",
        "from_name": "Union[str, None]",
        "in_reply_to": "Union[str, None]",
        "reply_of": "Union[str, None]",
        "user_label": "Union[str, None]",
        "has_attachments": "bool",
        "size_bytes": "int",
        "tags": "Dict[str, str]",
        "test": "bool",
        "oversight_mode": "Literal[\"read_only\", \"gated_all\", \"gated_send\", \"monitored\", \"autonomous\"]",
        "approvals_required": "int",
        "passkey_required": "bool",
        "approvals": "int",
        "digest": "str",
        "reason": "Union[str, None]",
        "send_at": "Union[str, None]",
        "expires_at": "Union[str, None]",
        "complained_at": "Union[str, None]",
        "unsubscribed_at": "Union[str, None]",
        "created_at": "str",
        "received_at": "str",
        "updated_at": "str",
        "reply_to": "List[str]",
        "markdown": "str",
        "text_body": "str",
        "new_text": "Union[str, None]",
        "truncated": "bool",
        "attachments": "List[EmailAttachmentsItem]",
        "authentication": "Union[Dict[str, Any], None]",
        "screening": "Union[Dict[str, Any], None]",
        "recipients": "List[Recipient]",
        "decisions": "List[Decision]",
        "metadata": "Dict[str, str]",
        "author": "EmailAuthor",
        "erased_at": "Union[str, None]",
    },
)


class Email(_EmailRequired):
    """Fields of Email."""


_EmailSummaryRequired = TypedDict(
    "_EmailSummaryRequired",
    {
        "id": "str",
        "mailbox_id": "str",
        "direction": "Literal[\"outbound\", \"inbound\"]",
        "status": "Literal[\"draft\", \"pending_scan\", \"scheduled\", \"queued\", \"sending\", \"sent\", \"delivered\", \"blocked\", \"rejected\", \"cancelled\", \"expired\", \"suppressed\", \"send_failed\", \"bounced\", \"sandboxed\", \"pending_send_approval\", \"pending_inbound_approval\", \"unread\", \"read\", \"archived\", \"deleted\", \"spam_flagged\", \"spam_quarantined\"]",
        "thread_id": "str",
        "message_id": "str",
        "from": "str",
        "from_address": "str",
        "to": "List[str]",
        "to_addresses": "List[str]",
        "cc": "List[str]",
        "bcc": "List[str]",
        "subject": "str",
        "kind": "Literal[\"mail\", \"auto_reply\", \"bounce\", \"complaint\", \"report\"]",
        "from_name": "Union[str, None]",
        "in_reply_to": "Union[str, None]",
        "reply_of": "Union[str, None]",
        "user_label": "Union[str, None]",
        "has_attachments": "bool",
        "size_bytes": "int",
        "tags": "Dict[str, str]",
        "test": "bool",
        "oversight_mode": "Literal[\"read_only\", \"gated_all\", \"gated_send\", \"monitored\", \"autonomous\"]",
        "approvals_required": "int",
        "passkey_required": "bool",
        "approvals": "int",
        "digest": "str",
        "reason": "Union[str, None]",
        "send_at": "Union[str, None]",
        "expires_at": "Union[str, None]",
        "complained_at": "Union[str, None]",
        "unsubscribed_at": "Union[str, None]",
        "created_at": "str",
        "received_at": "str",
        "updated_at": "str",
    },
)


class EmailSummary(_EmailSummaryRequired):
    """Fields of EmailSummary."""


class Mailbox(TypedDict):
    """Fields of Mailbox."""

    # 26-character id, sorts by time
    id: str

    address: str

    display_name: Union[str, None]

    # Oversight mode, in ascending order of autonomy
    oversight_mode: Literal["read_only", "gated_all", "gated_send", "monitored", "autonomous"]

    approvals_required: int

    # True where only decisions by passkey (class A) approve
    passkey_required: bool

    # Members who are asked first about what waits; null: everybody who may decide
    approver_ids: Union[List[str], None]

    # Seconds after which pending mail expires
    expiry_seconds: int

    # Seconds a message approved in the dashboard waits before it leaves
    undo_seconds: int

    ai_disclosure: bool

    # Messages a day; null: the instance's limit
    daily_quota: Union[int, None]

    warm_up: bool

    # True where it sends nothing until a person resumes it
    paused: bool

    paused_at: Union[str, None]

    paused_reason: Union[str, None]

    scan_policy: Dict[str, str]

    webhook_url: Union[str, None]

    oversight_webhook_url: Union[str, None]

    # Who gets a visible copy of everything it writes
    auto_cc: List[str]

    # Who gets a hidden copy of everything it writes
    auto_bcc: List[str]

    deleted_at: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


_ReceiptTlsRequired = TypedDict(
    "_ReceiptTlsRequired",
    {
        "version": "str",
        "cipher": "str",
        "authorized": "bool",
    },
)


class ReceiptTls(_ReceiptTlsRequired, total=False):
    """Fields of ReceiptTls."""

    # What the destination demands of TLS, in direct delivery
    policy: Literal["none", "mta-sts", "dane"]

    # The certificate fits that policy
    verified: bool


_ReceiptRequired = TypedDict(
    "_ReceiptRequired",
    {
        "at": "str",
        "host": "Union[str, None]",
        "address": "Union[str, None]",
        "code": "Union[int, None]",
        "enhanced_status_code": "Union[str, None]",
        "reply": "str",
        "tls": "Union[ReceiptTls, None]",
        "outcome": "Literal[\"accepted\", \"temporary\", \"permanent\", \"unknown\"]",
    },
)


class Receipt(_ReceiptRequired, total=False):
    """Fields of Receipt."""

    # Hosts tried in vain before, a handshake that failed
    note: str


class Recipient(TypedDict):
    """Fields of Recipient."""

    address: str

    name: Union[str, None]

    # `copy` is the oversight address of a monitored mailbox
    kind: Literal["to", "cc", "bcc", "copy"]

    status: Literal["pending", "deferred", "sent", "delivered", "bounced", "failed", "suppressed"]

    attempts: int

    receipt: Union[Receipt, None]


class ApprovalRequired(TypedDict):
    """Fields of ApprovalRequired."""

    status: Literal["approval_required"]

    # The change that waits for a person
    change_id: str

    # How it goes on
    hint: str

    # ISO 8601 time after which the change must be asked for anew
    expires_at: str


_ErrorBodyRequired = TypedDict(
    "_ErrorBodyRequired",
    {
        "error": "str",
        "code": "Literal[\"validation_failed\", \"invalid_json\", \"invalid_idempotency_key\", \"invalid_cursor\", \"payload_too_large\", \"unsupported_media_type\", \"method_not_allowed\", \"unauthenticated\", \"scope_required\", \"role_required\", \"fresh_sign_in_required\", \"invalid_passkey\", \"passkeys_unavailable\", \"csrf_failed\", \"invalid_link\", \"invalid_code\", \"invalid_proof\", \"sign_up_closed\", \"self_approval\", \"key_not_narrower\", \"test_key\", \"scopes_exclude_each_other\", \"not_found\", \"address_taken\", \"unknown_domain\", \"domain_taken\", \"domain_not_verified\", \"domain_in_use\", \"already_exists\", \"last_owner\", \"thread_locked\", \"duplicate_reply\", \"not_inbound\", \"idempotency_conflict\", \"mode_forbids_send\", \"mode_raise_needs_person\", \"not_pending\", \"stale_digest\", \"already_decided\", \"passkey_required\", \"needs_sign_in\", \"not_cancellable\", \"not_scheduled\", \"not_editable\", \"not_queued\", \"not_sending\", \"not_in_scan\", \"recipient_suppressed\", \"content_blocked\", \"not_resendable\", \"operator_stopped\", \"quota_exceeded\", \"digest_mismatch\", \"legal_hold\", \"content_erased\", \"rate_limited\", \"unavailable\", \"internal\"]",
        "request_id": "str",
    },
)


class ErrorBody(_ErrorBodyRequired, total=False):
    """Why the call was refused."""

    # How to mend it.
    hint: str

    # The input field at fault, as the caller spelled it.
    field: str


class GetJwksOutputKeysItem(TypedDict):
    """Fields of GetJwksOutputKeysItem."""

    kid: str

    kty: str


class GetJwksOutput(TypedDict):
    """Answer of get_jwks."""

    keys: List[GetJwksOutputKeysItem]


class GetSigningKeyOutput(TypedDict):
    """Answer of get_signing_key."""

    kid: str


class GetAuthorizationServerOutput(TypedDict):
    """Answer of get_authorization_server."""

    issuer: str

    authorization_endpoint: str

    token_endpoint: str

    registration_endpoint: str

    revocation_endpoint: str

    scopes_supported: List[Literal["read", "send", "admin", "oversight", "audit", "draft"]]


class GetProtectedResourceOutput(TypedDict):
    """Answer of get_protected_resource."""

    resource: str

    resource_name: str

    authorization_servers: List[str]

    bearer_methods_supported: List[str]

    scopes_supported: List[Literal["read", "send", "admin", "oversight", "audit", "draft"]]


class GetMcpResourceOutput(TypedDict):
    """Answer of get_mcp_resource."""

    resource: str

    resource_name: str

    authorization_servers: List[str]

    bearer_methods_supported: List[str]

    scopes_supported: List[Literal["read", "send", "admin", "oversight", "audit", "draft"]]


class GetReputationOutputOperator(TypedDict):
    """Fields of GetReputationOutputOperator."""

    # 26-character id, sorts by time
    id: str

    name: str

    # True where the mailbox's domain is proven to be theirs
    verified: bool


class GetReputationOutput(TypedDict):
    """Answer of get_reputation."""

    hash: str

    operator: GetReputationOutputOperator

    # new: too little was sent to say; poor: too much bounces or is complained about; paused: it
    # was stopped
    standing: Literal["new", "good", "fair", "poor", "paused"]

    # Oversight mode, in ascending order of autonomy
    oversight: Literal["read_only", "gated_all", "gated_send", "monitored", "autonomous"]

    # The month in which the mailbox was made
    since: str


class RegisterAgentOutput(TypedDict):
    """Answer of register_agent."""

    status: Literal["code_mailed"]

    # Goes with the code to /agent/auth/confirm
    registration_id: str

    # ISO 8601 time
    expires_at: str

    hint: str


class ConfirmAgentOutput(TypedDict):
    """Answer of confirm_agent."""

    # 26-character id, sorts by time
    account_id: str

    # The secret: shown once
    api_key: str

    # 26-character id, sorts by time
    key_id: str

    scopes: List[Literal["read", "send"]]

    # 26-character id, sorts by time
    mailbox_id: str

    mailbox_address: str

    oversight_mode: Literal["gated_send"]


class HealthOutput(TypedDict):
    """Answer of health."""

    status: Literal["ok"]

    version: str


class ReadyOutput(TypedDict):
    """Answer of ready."""

    status: Literal["ready"]


class GetAccountOutputCredential(TypedDict):
    """Fields of GetAccountOutputCredential."""

    kind: str

    id: str

    scopes: List[Literal["read", "send", "admin", "oversight", "audit", "draft"]]

    mailbox_ids: Union[List[str], None]

    test: bool


class GetAccountOutput(TypedDict):
    """Answer of get_account."""

    # 26-character id, sorts by time
    id: str

    name: str

    slug: str

    postal_address: str

    oversight_address: Union[str, None]

    domains: List[str]

    # When the operator's kill switch was pulled
    stopped_at: Union[str, None]

    stopped_reason: Union[str, None]

    # ISO 8601 time
    created_at: str

    credential: GetAccountOutputCredential


class UpdateAccountOutput(TypedDict):
    """Fields of UpdateAccountOutput."""

    # 26-character id, sorts by time
    id: str

    name: str

    postal_address: str

    oversight_address: Union[str, None]


class DeleteAccountOutput(TypedDict):
    """Fields of DeleteAccountOutput."""

    # 26-character id, sorts by time
    id: str

    name: str

    status: Literal["deleted"]

    deleted: Literal[True]

    # ISO 8601 time
    closed_at: str


_GetNotificationsOutputQuietRequired = TypedDict(
    "_GetNotificationsOutputQuietRequired",
    {
        "from": "str",
        "to": "str",
        "time_zone": "str",
    },
)


class GetNotificationsOutputQuiet(_GetNotificationsOutputQuietRequired):
    """Fields of GetNotificationsOutputQuiet."""


class GetNotificationsOutput(TypedDict):
    """Answer of get_notifications."""

    # each: a mail for each message; digest: one for all that came together; none: only
    # escalations are mailed
    mail: Literal["each", "digest", "none"]

    # How long the notices of a digest are gathered
    digest_minutes: int

    quiet: Union[GetNotificationsOutputQuiet, None]

    # Host of the chat's webhook; its address is not shown
    chat_webhook_host: Union[str, None]


_UpdateNotificationsInputQuietRequired = TypedDict(
    "_UpdateNotificationsInputQuietRequired",
    {
        "from": "str",
        "to": "str",
        "time_zone": "str",
    },
)


class UpdateNotificationsInputQuiet(_UpdateNotificationsInputQuietRequired):
    """Fields of UpdateNotificationsInputQuiet."""


_UpdateNotificationsOutputQuietRequired = TypedDict(
    "_UpdateNotificationsOutputQuietRequired",
    {
        "from": "str",
        "to": "str",
        "time_zone": "str",
    },
)


class UpdateNotificationsOutputQuiet(_UpdateNotificationsOutputQuietRequired):
    """Fields of UpdateNotificationsOutputQuiet."""


class UpdateNotificationsOutput(TypedDict):
    """Answer of update_notifications."""

    # each: a mail for each message; digest: one for all that came together; none: only
    # escalations are mailed
    mail: Literal["each", "digest", "none"]

    # How long the notices of a digest are gathered
    digest_minutes: int

    quiet: Union[UpdateNotificationsOutputQuiet, None]

    # Host of the chat's webhook; its address is not shown
    chat_webhook_host: Union[str, None]


class ListApiKeysOutput(TypedDict):
    """Answer of list_api_keys."""

    api_keys: List[ApiKey]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class CreateApiKeyOutput(TypedDict):
    """Fields of CreateApiKeyOutput."""

    # 26-character id, sorts by time
    id: str

    name: str

    # First characters of the key, to recognise it
    prefix: str

    scopes: List[Literal["read", "send", "admin", "oversight", "audit"]]

    mailbox_ids: Union[List[str], None]

    test: bool

    person_id: Union[str, None]

    # ISO 8601 time
    created_at: str

    expires_at: Union[str, None]

    revoked_at: Union[str, None]

    last_used_at: Union[str, None]

    # The secret: shown once
    key: str

    # The same secret, by the name existing clients read
    api_key: str


class ShowApprovalOutputPerson(TypedDict):
    """Fields of ShowApprovalOutputPerson."""

    # 26-character id, sorts by time
    id: str

    name: str


class ShowApprovalOutput(TypedDict):
    """Answer of show_approval."""

    email: Email

    person: ShowApprovalOutputPerson

    # False where this person has nothing to decide here any more, or it was edited
    open: bool

    # Why one has to sign in to approve it; null where the link will do
    sign_in: Union[str, None]

    page_token: str


class DecideByLinkOutput(TypedDict):
    """Answer of decide_by_link."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]

    decision: Literal["approve", "reject", "revise"]

    approvals: int

    approvals_required: int

    leaves_at: Union[str, None]


class GetAuditLogOutput(TypedDict):
    """Answer of get_audit_log."""

    entries: List[AuditEntry]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class ListChangesOutputChangesItem(TypedDict):
    """Fields of ListChangesOutputChangesItem."""

    # 26-character id, sorts by time
    id: str

    operation: str

    # What would be done
    summary: str

    # Id of the key
    requested_by: str

    key_name: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    expires_at: str


class ListChangesOutput(TypedDict):
    """Answer of list_changes."""

    changes: List[ListChangesOutputChangesItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class DecideChangeOutput(TypedDict):
    """Answer of decide_change."""

    # 26-character id, sorts by time
    id: str

    status: Literal["granted", "refused"]


class SearchContactsOutputContactsItem(TypedDict):
    """Fields of SearchContactsOutputContactsItem."""

    # 26-character id, sorts by time
    id: str

    email: str

    name: Union[str, None]

    metadata: Dict[str, str]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class SearchContactsOutput(TypedDict):
    """Answer of search_contacts."""

    contacts: List[SearchContactsOutputContactsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class AddContactOutput(TypedDict):
    """Answer of add_contact."""

    # 26-character id, sorts by time
    id: str

    email: str

    name: Union[str, None]

    metadata: Dict[str, str]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class GetContactOutput(TypedDict):
    """Answer of get_contact."""

    # 26-character id, sorts by time
    id: str

    email: str

    name: Union[str, None]

    metadata: Dict[str, str]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class UpdateContactOutput(TypedDict):
    """Answer of update_contact."""

    # 26-character id, sorts by time
    id: str

    email: str

    name: Union[str, None]

    metadata: Dict[str, str]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class DeleteContactOutput(TypedDict):
    """Answer of delete_contact."""

    # 26-character id, sorts by time
    id: str

    email: str

    name: Union[str, None]

    metadata: Dict[str, str]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class ListDestinationsOutputDestinationsItemAvoidedItem(TypedDict):
    """Fields of ListDestinationsOutputDestinationsItemAvoidedItem."""

    address: str

    # ISO 8601 time
    until: str


class ListDestinationsOutputDestinationsItem(TypedDict):
    """Fields of ListDestinationsOutputDestinationsItem."""

    domain: str

    # Copies that wait, one a recipient
    waiting: int

    # Since when the oldest of them is tried or could be
    oldest_at: Union[str, None]

    # When the next of them is due
    next_attempt_at: Union[str, None]

    # What was heard last for one of them
    last_reply: Union[str, None]

    last_host: Union[str, None]

    last_at: Union[str, None]

    paused: bool

    paused_at: Union[str, None]

    # `person:` or `api_key:` and the id
    paused_by: Union[str, None]

    paused_reason: Union[str, None]

    # Addresses that the answering node does not dial until then: they did not answer
    avoided: List[ListDestinationsOutputDestinationsItemAvoidedItem]


class ListDestinationsOutput(TypedDict):
    """Answer of list_destinations."""

    destinations: List[ListDestinationsOutputDestinationsItem]


class CheckRouteOutputProblem(TypedDict):
    """Fields of CheckRouteOutputProblem."""

    enhanced_status_code: str

    text: str


class CheckRouteOutputMtaSts(TypedDict):
    """Fields of CheckRouteOutputMtaSts."""

    mode: Union[Literal["enforce", "testing", "none"], None]

    failure: Union[str, None]


class CheckRouteOutputHostsItemAddressesItem(TypedDict):
    """Fields of CheckRouteOutputHostsItemAddressesItem."""

    address: str

    avoided_until: Union[str, None]


class CheckRouteOutputHostsItem(TypedDict):
    """Fields of CheckRouteOutputHostsItem."""

    host: str

    addresses: List[CheckRouteOutputHostsItemAddressesItem]

    policy: Literal["none", "mta-sts", "dane"]

    tls: Literal["required", "opportunistic"]

    # Whether the certificate must fit
    verified: bool

    # Why it would be passed over
    problem: Union[str, None]


class CheckRouteOutput(TypedDict):
    """Answer of check_route."""

    address: str

    domain: str

    suppressed: bool

    paused_at: Union[str, None]

    delivery: Literal["direct", "relay", "capture"]

    # try: a server would be asked; wait: nothing can be tried now; refuse: nothing ever can
    outcome: Literal["try", "wait", "refuse"]

    problem: Union[CheckRouteOutputProblem, None]

    # DNSSEC vouches for the MX records
    authenticated: bool

    mta_sts: CheckRouteOutputMtaSts

    hosts: List[CheckRouteOutputHostsItem]

    # The relay that takes all mail, or what cannot be reached
    relay: Union[str, None]


class FlushDestinationOutputAvoidedItem(TypedDict):
    """Fields of FlushDestinationOutputAvoidedItem."""

    address: str

    # ISO 8601 time
    until: str


class FlushDestinationOutput(TypedDict):
    """Answer of flush_destination."""

    domain: str

    # Copies that wait, one a recipient
    waiting: int

    # Since when the oldest of them is tried or could be
    oldest_at: Union[str, None]

    # When the next of them is due
    next_attempt_at: Union[str, None]

    # What was heard last for one of them
    last_reply: Union[str, None]

    last_host: Union[str, None]

    last_at: Union[str, None]

    paused: bool

    paused_at: Union[str, None]

    # `person:` or `api_key:` and the id
    paused_by: Union[str, None]

    paused_reason: Union[str, None]

    # Addresses that the answering node does not dial until then: they did not answer
    avoided: List[FlushDestinationOutputAvoidedItem]

    # Messages that were made due
    flushed: int


class PauseDestinationOutputAvoidedItem(TypedDict):
    """Fields of PauseDestinationOutputAvoidedItem."""

    address: str

    # ISO 8601 time
    until: str


class PauseDestinationOutput(TypedDict):
    """Answer of pause_destination."""

    domain: str

    # Copies that wait, one a recipient
    waiting: int

    # Since when the oldest of them is tried or could be
    oldest_at: Union[str, None]

    # When the next of them is due
    next_attempt_at: Union[str, None]

    # What was heard last for one of them
    last_reply: Union[str, None]

    last_host: Union[str, None]

    last_at: Union[str, None]

    paused: bool

    paused_at: Union[str, None]

    # `person:` or `api_key:` and the id
    paused_by: Union[str, None]

    paused_reason: Union[str, None]

    # Addresses that the answering node does not dial until then: they did not answer
    avoided: List[PauseDestinationOutputAvoidedItem]


class ResumeDestinationOutputAvoidedItem(TypedDict):
    """Fields of ResumeDestinationOutputAvoidedItem."""

    address: str

    # ISO 8601 time
    until: str


class ResumeDestinationOutput(TypedDict):
    """Answer of resume_destination."""

    domain: str

    # Copies that wait, one a recipient
    waiting: int

    # Since when the oldest of them is tried or could be
    oldest_at: Union[str, None]

    # When the next of them is due
    next_attempt_at: Union[str, None]

    # What was heard last for one of them
    last_reply: Union[str, None]

    last_host: Union[str, None]

    last_at: Union[str, None]

    paused: bool

    paused_at: Union[str, None]

    # `person:` or `api_key:` and the id
    paused_by: Union[str, None]

    paused_reason: Union[str, None]

    # Addresses that the answering node does not dial until then: they did not answer
    avoided: List[ResumeDestinationOutputAvoidedItem]


class GetDirectoryHeadOutput(TypedDict):
    """Answer of get_directory_head."""

    # The public key: ssh-ed25519 AAAA…
    key: Union[str, None]

    # The text to sign, byte by byte
    statement: str

    # How to sign it
    sign_with: str

    # Over this very statement; null while it is not signed
    signature: Union[str, None]

    # Living passkeys in the directory
    passkeys: int


class PostDirectorySignatureOutput(TypedDict):
    """Answer of post_directory_signature."""

    # The public key: ssh-ed25519 AAAA…
    key: Union[str, None]

    # The text to sign, byte by byte
    statement: str

    # How to sign it
    sign_with: str

    # Over this very statement; null while it is not signed
    signature: Union[str, None]

    # Living passkeys in the directory
    passkeys: int


class PutDirectoryKeyOutput(TypedDict):
    """Answer of put_directory_key."""

    # The public key: ssh-ed25519 AAAA…
    key: Union[str, None]

    # The text to sign, byte by byte
    statement: str

    # How to sign it
    sign_with: str

    # Over this very statement; null while it is not signed
    signature: Union[str, None]

    # Living passkeys in the directory
    passkeys: int


class ListDomainsOutputDomainsItem(TypedDict):
    """Fields of ListDomainsOutputDomainsItem."""

    # 26-character id, sorts by time
    id: str

    # In A-labels, as DNS has it
    domain: str

    # As people read it
    unicode: str

    # pending: DNS has not shown that it is yours. failing: it is, but required records are gone
    # or wrong now; mail still leaves
    status: Literal["pending", "verified", "failing"]

    # The instance's own: no verification, no deletion
    instance: bool

    mta_sts: Literal["none", "testing", "enforce"]

    verified_at: Union[str, None]

    checked_at: Union[str, None]

    # ISO 8601 time
    created_at: str


class ListDomainsOutput(TypedDict):
    """Answer of list_domains."""

    domains: List[ListDomainsOutputDomainsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


_CreateDomainOutputRecordsItemRequired = TypedDict(
    "_CreateDomainOutputRecordsItemRequired",
    {
        "type": "Literal[\"TXT\", \"MX\", \"CNAME\", \"A\", \"AAAA\"]",
        "name": "str",
        "value": "str",
        "ttl": "int",
        "purpose": "str",
        "required": "bool",
        "note": "str",
        "zone_line": "str",
        "status": "Union[Literal[\"ok\", \"missing\", \"wrong\", \"not_required\", \"unknown\"], None]",
        "message": "Union[str, None]",
    },
)


class CreateDomainOutputRecordsItem(_CreateDomainOutputRecordsItemRequired, total=False):
    """Fields of CreateDomainOutputRecordsItem."""

    # Of MX records
    priority: int


class CreateDomainOutputDkimItem(TypedDict):
    """Fields of CreateDomainOutputDkimItem."""

    selector: str

    algorithm: Literal["rsa2048", "ed25519"]

    status: Literal["pending", "active", "retired"]

    # ISO 8601 time
    created_at: str

    # Until when the record of a retired key must stay
    keep_until: Union[str, None]


class CreateDomainOutput(TypedDict):
    """Answer of create_domain."""

    # 26-character id, sorts by time
    id: str

    # In A-labels, as DNS has it
    domain: str

    # As people read it
    unicode: str

    # pending: DNS has not shown that it is yours. failing: it is, but required records are gone
    # or wrong now; mail still leaves
    status: Literal["pending", "verified", "failing"]

    # The instance's own: no verification, no deletion
    instance: bool

    mta_sts: Literal["none", "testing", "enforce"]

    verified_at: Union[str, None]

    checked_at: Union[str, None]

    # ISO 8601 time
    created_at: str

    records: List[CreateDomainOutputRecordsItem]

    # Keys that will sign, sign, and signed mail that is still under way
    dkim: List[CreateDomainOutputDkimItem]


_GetDomainOutputRecordsItemRequired = TypedDict(
    "_GetDomainOutputRecordsItemRequired",
    {
        "type": "Literal[\"TXT\", \"MX\", \"CNAME\", \"A\", \"AAAA\"]",
        "name": "str",
        "value": "str",
        "ttl": "int",
        "purpose": "str",
        "required": "bool",
        "note": "str",
        "zone_line": "str",
        "status": "Union[Literal[\"ok\", \"missing\", \"wrong\", \"not_required\", \"unknown\"], None]",
        "message": "Union[str, None]",
    },
)


class GetDomainOutputRecordsItem(_GetDomainOutputRecordsItemRequired, total=False):
    """Fields of GetDomainOutputRecordsItem."""

    # Of MX records
    priority: int


class GetDomainOutputDkimItem(TypedDict):
    """Fields of GetDomainOutputDkimItem."""

    selector: str

    algorithm: Literal["rsa2048", "ed25519"]

    status: Literal["pending", "active", "retired"]

    # ISO 8601 time
    created_at: str

    # Until when the record of a retired key must stay
    keep_until: Union[str, None]


class GetDomainOutput(TypedDict):
    """Answer of get_domain."""

    # 26-character id, sorts by time
    id: str

    # In A-labels, as DNS has it
    domain: str

    # As people read it
    unicode: str

    # pending: DNS has not shown that it is yours. failing: it is, but required records are gone
    # or wrong now; mail still leaves
    status: Literal["pending", "verified", "failing"]

    # The instance's own: no verification, no deletion
    instance: bool

    mta_sts: Literal["none", "testing", "enforce"]

    verified_at: Union[str, None]

    checked_at: Union[str, None]

    # ISO 8601 time
    created_at: str

    records: List[GetDomainOutputRecordsItem]

    # Keys that will sign, sign, and signed mail that is still under way
    dkim: List[GetDomainOutputDkimItem]


_UpdateDomainOutputRecordsItemRequired = TypedDict(
    "_UpdateDomainOutputRecordsItemRequired",
    {
        "type": "Literal[\"TXT\", \"MX\", \"CNAME\", \"A\", \"AAAA\"]",
        "name": "str",
        "value": "str",
        "ttl": "int",
        "purpose": "str",
        "required": "bool",
        "note": "str",
        "zone_line": "str",
        "status": "Union[Literal[\"ok\", \"missing\", \"wrong\", \"not_required\", \"unknown\"], None]",
        "message": "Union[str, None]",
    },
)


class UpdateDomainOutputRecordsItem(_UpdateDomainOutputRecordsItemRequired, total=False):
    """Fields of UpdateDomainOutputRecordsItem."""

    # Of MX records
    priority: int


class UpdateDomainOutputDkimItem(TypedDict):
    """Fields of UpdateDomainOutputDkimItem."""

    selector: str

    algorithm: Literal["rsa2048", "ed25519"]

    status: Literal["pending", "active", "retired"]

    # ISO 8601 time
    created_at: str

    # Until when the record of a retired key must stay
    keep_until: Union[str, None]


class UpdateDomainOutput(TypedDict):
    """Answer of update_domain."""

    # 26-character id, sorts by time
    id: str

    # In A-labels, as DNS has it
    domain: str

    # As people read it
    unicode: str

    # pending: DNS has not shown that it is yours. failing: it is, but required records are gone
    # or wrong now; mail still leaves
    status: Literal["pending", "verified", "failing"]

    # The instance's own: no verification, no deletion
    instance: bool

    mta_sts: Literal["none", "testing", "enforce"]

    verified_at: Union[str, None]

    checked_at: Union[str, None]

    # ISO 8601 time
    created_at: str

    records: List[UpdateDomainOutputRecordsItem]

    # Keys that will sign, sign, and signed mail that is still under way
    dkim: List[UpdateDomainOutputDkimItem]


_DeleteDomainOutputRecordsItemRequired = TypedDict(
    "_DeleteDomainOutputRecordsItemRequired",
    {
        "type": "Literal[\"TXT\", \"MX\", \"CNAME\", \"A\", \"AAAA\"]",
        "name": "str",
        "value": "str",
        "ttl": "int",
        "purpose": "str",
        "required": "bool",
        "note": "str",
        "zone_line": "str",
        "status": "Union[Literal[\"ok\", \"missing\", \"wrong\", \"not_required\", \"unknown\"], None]",
        "message": "Union[str, None]",
    },
)


class DeleteDomainOutputRecordsItem(_DeleteDomainOutputRecordsItemRequired, total=False):
    """Fields of DeleteDomainOutputRecordsItem."""

    # Of MX records
    priority: int


class DeleteDomainOutputDkimItem(TypedDict):
    """Fields of DeleteDomainOutputDkimItem."""

    selector: str

    algorithm: Literal["rsa2048", "ed25519"]

    status: Literal["pending", "active", "retired"]

    # ISO 8601 time
    created_at: str

    # Until when the record of a retired key must stay
    keep_until: Union[str, None]


class DeleteDomainOutput(TypedDict):
    """Answer of delete_domain."""

    # 26-character id, sorts by time
    id: str

    # In A-labels, as DNS has it
    domain: str

    # As people read it
    unicode: str

    # pending: DNS has not shown that it is yours. failing: it is, but required records are gone
    # or wrong now; mail still leaves
    status: Literal["pending", "verified", "failing"]

    # The instance's own: no verification, no deletion
    instance: bool

    mta_sts: Literal["none", "testing", "enforce"]

    verified_at: Union[str, None]

    checked_at: Union[str, None]

    # ISO 8601 time
    created_at: str

    records: List[DeleteDomainOutputRecordsItem]

    # Keys that will sign, sign, and signed mail that is still under way
    dkim: List[DeleteDomainOutputDkimItem]


class GetDomainReportsOutputDmarcSourcesItem(TypedDict):
    """Fields of GetDomainReportsOutputDmarcSourcesItem."""

    source_ip: str

    header_from: str

    messages: int

    passed: int

    failed: int

    dkim_aligned: int

    spf_aligned: int


class GetDomainReportsOutputDmarc(TypedDict):
    """Fields of GetDomainReportsOutputDmarc."""

    reports: int

    # Whose sender nobody vouched for: they may be made up
    unauthenticated_reports: int

    organisations: List[str]

    messages: int

    passed: int

    failed: int

    dkim_aligned: int

    spf_aligned: int

    sources: List[GetDomainReportsOutputDmarcSourcesItem]


class GetDomainReportsOutputTlsFailuresItem(TypedDict):
    """Fields of GetDomainReportsOutputTlsFailuresItem."""

    # RFC 8460 section 4.3
    result_type: str

    sessions: int


class GetDomainReportsOutputTls(TypedDict):
    """Fields of GetDomainReportsOutputTls."""

    reports: int

    # Whose sender nobody vouched for: they may be made up
    unauthenticated_reports: int

    organisations: List[str]

    successful_sessions: int

    failed_sessions: int

    failures: List[GetDomainReportsOutputTlsFailuresItem]


class GetDomainReportsOutput(TypedDict):
    """Answer of get_domain_reports."""

    domain: str

    # ISO 8601 time
    since: str

    dmarc: GetDomainReportsOutputDmarc

    tls: GetDomainReportsOutputTls


_RotateDkimOutputRecordsItemRequired = TypedDict(
    "_RotateDkimOutputRecordsItemRequired",
    {
        "type": "Literal[\"TXT\", \"MX\", \"CNAME\", \"A\", \"AAAA\"]",
        "name": "str",
        "value": "str",
        "ttl": "int",
        "purpose": "str",
        "required": "bool",
        "note": "str",
        "zone_line": "str",
        "status": "Union[Literal[\"ok\", \"missing\", \"wrong\", \"not_required\", \"unknown\"], None]",
        "message": "Union[str, None]",
    },
)


class RotateDkimOutputRecordsItem(_RotateDkimOutputRecordsItemRequired, total=False):
    """Fields of RotateDkimOutputRecordsItem."""

    # Of MX records
    priority: int


class RotateDkimOutputDkimItem(TypedDict):
    """Fields of RotateDkimOutputDkimItem."""

    selector: str

    algorithm: Literal["rsa2048", "ed25519"]

    status: Literal["pending", "active", "retired"]

    # ISO 8601 time
    created_at: str

    # Until when the record of a retired key must stay
    keep_until: Union[str, None]


class RotateDkimOutput(TypedDict):
    """Answer of rotate_dkim."""

    # 26-character id, sorts by time
    id: str

    # In A-labels, as DNS has it
    domain: str

    # As people read it
    unicode: str

    # pending: DNS has not shown that it is yours. failing: it is, but required records are gone
    # or wrong now; mail still leaves
    status: Literal["pending", "verified", "failing"]

    # The instance's own: no verification, no deletion
    instance: bool

    mta_sts: Literal["none", "testing", "enforce"]

    verified_at: Union[str, None]

    checked_at: Union[str, None]

    # ISO 8601 time
    created_at: str

    records: List[RotateDkimOutputRecordsItem]

    # Keys that will sign, sign, and signed mail that is still under way
    dkim: List[RotateDkimOutputDkimItem]


_VerifyDomainOutputRecordsItemRequired = TypedDict(
    "_VerifyDomainOutputRecordsItemRequired",
    {
        "type": "Literal[\"TXT\", \"MX\", \"CNAME\", \"A\", \"AAAA\"]",
        "name": "str",
        "value": "str",
        "ttl": "int",
        "purpose": "str",
        "required": "bool",
        "note": "str",
        "zone_line": "str",
        "status": "Union[Literal[\"ok\", \"missing\", \"wrong\", \"not_required\", \"unknown\"], None]",
        "message": "Union[str, None]",
    },
)


class VerifyDomainOutputRecordsItem(_VerifyDomainOutputRecordsItemRequired, total=False):
    """Fields of VerifyDomainOutputRecordsItem."""

    # Of MX records
    priority: int


class VerifyDomainOutputDkimItem(TypedDict):
    """Fields of VerifyDomainOutputDkimItem."""

    selector: str

    algorithm: Literal["rsa2048", "ed25519"]

    status: Literal["pending", "active", "retired"]

    # ISO 8601 time
    created_at: str

    # Until when the record of a retired key must stay
    keep_until: Union[str, None]


class VerifyDomainOutput(TypedDict):
    """Answer of verify_domain."""

    # 26-character id, sorts by time
    id: str

    # In A-labels, as DNS has it
    domain: str

    # As people read it
    unicode: str

    # pending: DNS has not shown that it is yours. failing: it is, but required records are gone
    # or wrong now; mail still leaves
    status: Literal["pending", "verified", "failing"]

    # The instance's own: no verification, no deletion
    instance: bool

    mta_sts: Literal["none", "testing", "enforce"]

    verified_at: Union[str, None]

    checked_at: Union[str, None]

    # ISO 8601 time
    created_at: str

    records: List[VerifyDomainOutputRecordsItem]

    # Keys that will sign, sign, and signed mail that is still under way
    dkim: List[VerifyDomainOutputDkimItem]


class ListSpamOutput(TypedDict):
    """Answer of list_spam."""

    emails: List[EmailSummary]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class NotSpamOutput(TypedDict):
    """Answer of not_spam."""

    # 26-character id, sorts by time
    id: str

    status: Literal["pending_inbound_approval", "unread", "read", "archived", "deleted", "rejected", "spam_flagged", "spam_quarantined"]

    user_label: Union[str, None]


class QuarantineEmailOutput(TypedDict):
    """Answer of quarantine_email."""

    # 26-character id, sorts by time
    id: str

    status: Literal["pending_inbound_approval", "unread", "read", "archived", "deleted", "rejected", "spam_flagged", "spam_quarantined"]

    user_label: Union[str, None]


class RefuseEmailOutput(TypedDict):
    """Answer of refuse_email."""

    # 26-character id, sorts by time
    id: str

    status: Literal["pending_inbound_approval", "unread", "read", "archived", "deleted", "rejected", "spam_flagged", "spam_quarantined"]

    user_label: Union[str, None]


class ReleaseEmailOutput(TypedDict):
    """Answer of release_email."""

    # 26-character id, sorts by time
    id: str

    status: Literal["pending_inbound_approval", "unread", "read", "archived", "deleted", "rejected", "spam_flagged", "spam_quarantined"]

    user_label: Union[str, None]


class ReportSpamOutput(TypedDict):
    """Answer of report_spam."""

    # 26-character id, sorts by time
    id: str

    status: Literal["pending_inbound_approval", "unread", "read", "archived", "deleted", "rejected", "spam_flagged", "spam_quarantined"]

    user_label: Union[str, None]


class ListEventsOutputEventsItem(TypedDict):
    """Fields of ListEventsOutputEventsItem."""

    # 26-character id, sorts by time
    id: str

    type: str

    # The same as type
    event: str

    # Reading goes on behind this event from here
    cursor: str

    # ISO 8601 time
    timestamp: str

    mailbox_id: Union[str, None]

    email_id: Union[str, None]

    thread_id: Union[str, None]

    data: Dict[str, Any]


class ListEventsOutput(TypedDict):
    """Answer of list_events."""

    events: List[ListEventsOutputEventsItem]

    # Where to go on, also when there is no more yet
    cursor: str

    next_cursor: Union[str, None]


class ListGrantsOutputGrantsItem(TypedDict):
    """Fields of ListGrantsOutputGrantsItem."""

    # 26-character id, sorts by time
    id: str

    # What the program is known by: an id, or the URL of its metadata
    client_id: str

    # What the program calls itself
    client_name: str

    # Where the browser was sent: host, or scheme of a program
    redirect_to: str

    scopes: List[Literal["read", "send", "admin", "oversight", "audit", "draft"]]

    # Null: every mailbox
    mailbox_ids: Union[List[str], None]

    # What its tokens are for (RFC 8707)
    resource: str

    # Who granted it
    person_id: str

    person_name: str

    # ISO 8601 time
    created_at: str

    expires_at: Union[str, None]

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class ListGrantsOutput(TypedDict):
    """Answer of list_grants."""

    grants: List[ListGrantsOutputGrantsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class RevokeGrantOutput(TypedDict):
    """Answer of revoke_grant."""

    # 26-character id, sorts by time
    id: str

    # What the program is known by: an id, or the URL of its metadata
    client_id: str

    # What the program calls itself
    client_name: str

    # Where the browser was sent: host, or scheme of a program
    redirect_to: str

    scopes: List[Literal["read", "send", "admin", "oversight", "audit", "draft"]]

    # Null: every mailbox
    mailbox_ids: Union[List[str], None]

    # What its tokens are for (RFC 8707)
    resource: str

    # Who granted it
    person_id: str

    person_name: str

    # ISO 8601 time
    created_at: str

    expires_at: Union[str, None]

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class ListLegalHoldsOutputLegalHoldsItem(TypedDict):
    """Fields of ListLegalHoldsOutputLegalHoldsItem."""

    # 26-character id, sorts by time
    id: str

    # What it covers; operator is everything
    scope: Literal["operator", "mailbox", "thread", "email", "address"]

    mailbox_id: Union[str, None]

    thread_id: Union[str, None]

    email_id: Union[str, None]

    address: Union[str, None]

    reason: str

    created_by: str

    # ISO 8601 time
    created_at: str

    released_by: Union[str, None]

    released_at: Union[str, None]


class ListLegalHoldsOutput(TypedDict):
    """Answer of list_legal_holds."""

    legal_holds: List[ListLegalHoldsOutputLegalHoldsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class CreateLegalHoldOutput(TypedDict):
    """Answer of create_legal_hold."""

    # 26-character id, sorts by time
    id: str

    # What it covers; operator is everything
    scope: Literal["operator", "mailbox", "thread", "email", "address"]

    mailbox_id: Union[str, None]

    thread_id: Union[str, None]

    email_id: Union[str, None]

    address: Union[str, None]

    reason: str

    created_by: str

    # ISO 8601 time
    created_at: str

    released_by: Union[str, None]

    released_at: Union[str, None]


class ReleaseLegalHoldOutput(TypedDict):
    """Fields of ReleaseLegalHoldOutput."""

    # 26-character id, sorts by time
    id: str

    # What it covers; operator is everything
    scope: Literal["operator", "mailbox", "thread", "email", "address"]

    mailbox_id: Union[str, None]

    thread_id: Union[str, None]

    email_id: Union[str, None]

    address: Union[str, None]

    reason: str

    created_by: str

    # ISO 8601 time
    created_at: str

    released_by: Union[str, None]

    released_at: Union[str, None]


class ListMailboxesOutput(TypedDict):
    """Answer of list_mailboxes."""

    mailboxes: List[Mailbox]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class DeleteMailboxOutput(TypedDict):
    """Answer of delete_mailbox."""

    # 26-character id, sorts by time
    id: str

    address: str

    status: Literal["deleted"]

    deleted: Literal[True]

    # ISO 8601 time
    deleted_at: str

    # Messages that were waiting and are cancelled now
    cancelled: int


class ListAllowlistOutputEntriesItem(TypedDict):
    """Fields of ListAllowlistOutputEntriesItem."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    mailbox_id: str

    # An address, or *@domain
    pattern: str

    # The person who added it, or `code` for a mailed one
    confirmed_by: str

    # ISO 8601 time
    created_at: str


class ListAllowlistOutput(TypedDict):
    """Answer of list_allowlist."""

    entries: List[ListAllowlistOutputEntriesItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class AddAllowlistEntryOutput(TypedDict):
    """Fields of AddAllowlistEntryOutput."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    mailbox_id: str

    # An address, or *@domain
    pattern: str

    # The person who added it, or `code` for a mailed one
    confirmed_by: str

    # ISO 8601 time
    created_at: str


class RemoveAllowlistEntryOutput(TypedDict):
    """Answer of remove_allowlist_entry."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    mailbox_id: str

    # An address, or *@domain
    pattern: str

    # The person who added it, or `code` for a mailed one
    confirmed_by: str

    # ISO 8601 time
    created_at: str


class ListDraftsOutput(TypedDict):
    """Answer of list_drafts."""

    drafts: List[EmailSummary]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class CreateDraftInputAttachmentsItem(TypedDict, total=False):
    """Fields of CreateDraftInputAttachmentsItem."""

    filename: str

    # The same as filename
    name: str

    content_type: str

    # The bytes in base64
    content: str

    # The same as content
    content_base64: str

    # Of a picture: ![what it shows](cid:that-id) in the markdown shows it there
    content_id: str


class UpdateDraftInputAttachmentsItem(TypedDict, total=False):
    """Fields of UpdateDraftInputAttachmentsItem."""

    filename: str

    # The same as filename
    name: str

    content_type: str

    # The bytes in base64
    content: str

    # The same as content
    content_base64: str

    # Of a picture: ![what it shows](cid:that-id) in the markdown shows it there
    content_id: str


class DeleteDraftOutput(TypedDict):
    """Answer of delete_draft."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]


_SendDraftOutputRequired = TypedDict(
    "_SendDraftOutputRequired",
    {
        "id": "str",
        "status": "str",
        "thread_id": "str",
        "message_id": "str",
        "digest": "str",
        "reason": "Union[str, None]",
        "send_at": "Union[str, None]",
    },
)


class SendDraftOutput(_SendDraftOutputRequired, total=False):
    """Answer of send_draft."""

    idempotent: bool


_CheckInboxOutputEmailsItemRequired = TypedDict(
    "_CheckInboxOutputEmailsItemRequired",
    {
        "id": "str",
        "mailbox_id": "str",
        "direction": "Literal[\"outbound\", \"inbound\"]",
        "status": "Literal[\"draft\", \"pending_scan\", \"scheduled\", \"queued\", \"sending\", \"sent\", \"delivered\", \"blocked\", \"rejected\", \"cancelled\", \"expired\", \"suppressed\", \"send_failed\", \"bounced\", \"sandboxed\", \"pending_send_approval\", \"pending_inbound_approval\", \"unread\", \"read\", \"archived\", \"deleted\", \"spam_flagged\", \"spam_quarantined\"]",
        "thread_id": "str",
        "message_id": "str",
        "from": "str",
        "from_address": "str",
        "to": "List[str]",
        "to_addresses": "List[str]",
        "cc": "List[str]",
        "bcc": "List[str]",
        "subject": "str",
        "kind": "Literal[\"mail\", \"auto_reply\", \"bounce\", \"complaint\", \"report\"]",
        "from_name": "Union[str, None]",
        "in_reply_to": "Union[str, None]",
        "reply_of": "Union[str, None]",
        "user_label": "Union[str, None]",
        "has_attachments": "bool",
        "size_bytes": "int",
        "tags": "Dict[str, str]",
        "test": "bool",
        "oversight_mode": "Literal[\"read_only\", \"gated_all\", \"gated_send\", \"monitored\", \"autonomous\"]",
        "approvals_required": "int",
        "passkey_required": "bool",
        "approvals": "int",
        "digest": "str",
        "reason": "Union[str, None]",
        "send_at": "Union[str, None]",
        "expires_at": "Union[str, None]",
        "complained_at": "Union[str, None]",
        "unsubscribed_at": "Union[str, None]",
        "created_at": "str",
        "received_at": "str",
        "updated_at": "str",
    },
)


class CheckInboxOutputEmailsItem(_CheckInboxOutputEmailsItemRequired, total=False):
    """Fields of CheckInboxOutputEmailsItem."""

    # With q: parts of the body, plain text, what was found between ⟦ and ⟧
    highlights: List[str]


class CheckInboxOutput(TypedDict):
    """Answer of check_inbox."""

    emails: List[CheckInboxOutputEmailsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class MarkEmailOutput(TypedDict):
    """Answer of mark_email."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]


class GetAttachmentUrlOutput(TypedDict):
    """Answer of get_attachment_url."""

    url: str

    filename: str

    content_type: str

    size_bytes: int

    # Seconds
    expires_in: int


class CancelMessageOutput(TypedDict):
    """Answer of cancel_message."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]


class GetProofOutput(TypedDict):
    """Answer of get_proof."""

    format: Literal["multimail-bundle/v1"]


_ResendEmailOutputRequired = TypedDict(
    "_ResendEmailOutputRequired",
    {
        "id": "str",
        "status": "str",
        "thread_id": "str",
        "message_id": "str",
    },
)


class ResendEmailOutput(_ResendEmailOutputRequired, total=False):
    """Answer of resend_email."""

    # Why it is held or blocked, where there is a reason to tell
    reason: str

    # ISO 8601 time
    send_at: str

    idempotent: bool


class EditScheduledEmailInputAttachmentsItem(TypedDict, total=False):
    """Fields of EditScheduledEmailInputAttachmentsItem."""

    filename: str

    # The same as filename
    name: str

    content_type: str

    # The bytes in base64
    content: str

    # The same as content
    content_base64: str

    # Of a picture: ![what it shows](cid:that-id) in the markdown shows it there
    content_id: str


class EditScheduledEmailOutput(TypedDict):
    """Answer of edit_scheduled_email."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]

    thread_id: str

    message_id: str

    # SHA-256 of the content and the envelope as they are now
    digest: str

    reason: Union[str, None]

    send_at: Union[str, None]


class GetTagsOutput(TypedDict):
    """Answer of get_tags."""

    # 26-character id, sorts by time
    id: str

    tags: Dict[str, str]


class TagEmailOutput(TypedDict):
    """Answer of tag_email."""

    # 26-character id, sorts by time
    id: str

    tags: Dict[str, str]


class SetTagsOutput(TypedDict):
    """Answer of set_tags."""

    # 26-character id, sorts by time
    id: str

    tags: Dict[str, str]


class DeleteTagOutput(TypedDict):
    """Answer of delete_tag."""

    # 26-character id, sorts by time
    id: str

    tags: Dict[str, str]


class GetTranscriptsOutputTranscriptsItem(TypedDict):
    """Fields of GetTranscriptsOutputTranscriptsItem."""

    attempt: int

    recipient: str

    # ISO 8601 time
    at: str

    transcript: str


class GetTranscriptsOutput(TypedDict):
    """Answer of get_transcripts."""

    transcripts: List[GetTranscriptsOutputTranscriptsItem]


class VerifyEmailOutputIdentityOperator(TypedDict):
    """Fields of VerifyEmailOutputIdentityOperator."""

    name: str

    id: str

    verified: bool


_VerifyEmailOutputIdentityApprovalRequired = TypedDict(
    "_VerifyEmailOutputIdentityApprovalRequired",
    {
        "class": "str",
        "log": "str",
    },
)


class VerifyEmailOutputIdentityApproval(_VerifyEmailOutputIdentityApprovalRequired):
    """Fields of VerifyEmailOutputIdentityApproval."""


class VerifyEmailOutputIdentity(TypedDict):
    """Fields of VerifyEmailOutputIdentity."""

    verdict: Literal["none", "valid", "valid_modified", "valid_not_for_you", "expired", "revoked", "invalid", "unknown_key"]

    reason: str

    # Who answers for the sender; null unless the signature is good
    operator: Union[VerifyEmailOutputIdentityOperator, None]

    agent: Union[str, None]

    ai_generated: Union[bool, None]

    # The mode under which it was sent
    oversight: Union[str, None]

    # The decision of a person that it was sent by; null where there was none
    approval: Union[VerifyEmailOutputIdentityApproval, None]


class VerifyEmailOutput(TypedDict):
    """Answer of verify_email."""

    # 26-character id, sorts by time
    email_id: str

    # As the message says; DMARC tells whether its domain stands behind it
    from_address: str

    identity: VerifyEmailOutputIdentity

    # What SPF, DKIM, DMARC and ARC said
    authentication: Union[Dict[str, Any], None]


_GetEmailVersionsOutputVersionsItemDiffSubjectRequired = TypedDict(
    "_GetEmailVersionsOutputVersionsItemDiffSubjectRequired",
    {
        "from": "str",
        "to": "str",
    },
)


class GetEmailVersionsOutputVersionsItemDiffSubject(_GetEmailVersionsOutputVersionsItemDiffSubjectRequired):
    """Fields of GetEmailVersionsOutputVersionsItemDiffSubject."""


class GetEmailVersionsOutputVersionsItemDiffRecipients(TypedDict):
    """Fields of GetEmailVersionsOutputVersionsItemDiffRecipients."""

    added: List[str]

    removed: List[str]


class GetEmailVersionsOutputVersionsItemDiffAttachments(TypedDict):
    """Fields of GetEmailVersionsOutputVersionsItemDiffAttachments."""

    added: List[str]

    removed: List[str]


class GetEmailVersionsOutputVersionsItemDiffBodyItem(TypedDict):
    """Fields of GetEmailVersionsOutputVersionsItemDiffBodyItem."""

    op: Literal["equal", "delete", "insert"]

    text: str


class GetEmailVersionsOutputVersionsItemDiff(TypedDict):
    """Fields of GetEmailVersionsOutputVersionsItemDiff."""

    subject: Union[GetEmailVersionsOutputVersionsItemDiffSubject, None]

    # Each as `to: name@example.com`
    recipients: GetEmailVersionsOutputVersionsItemDiffRecipients

    attachments: GetEmailVersionsOutputVersionsItemDiffAttachments

    # Runs of lines in order; null where the text stayed as it was
    body: Union[List[GetEmailVersionsOutputVersionsItemDiffBodyItem], None]


class GetEmailVersionsOutputVersionsItem(TypedDict):
    """Fields of GetEmailVersionsOutputVersionsItem."""

    version: int

    digest: str

    subject: str

    markdown: str

    to: List[str]

    cc: List[str]

    bcc: List[str]

    # `person:<id>` or `key:<id>`
    written_by: str

    replaced_by: Union[str, None]

    replaced_at: Union[str, None]

    # Why it was replaced, by whoever did it
    reason: Union[str, None]

    diff: Union[GetEmailVersionsOutputVersionsItemDiff, None]


_GetEmailVersionsOutputDiffSubjectRequired = TypedDict(
    "_GetEmailVersionsOutputDiffSubjectRequired",
    {
        "from": "str",
        "to": "str",
    },
)


class GetEmailVersionsOutputDiffSubject(_GetEmailVersionsOutputDiffSubjectRequired):
    """Fields of GetEmailVersionsOutputDiffSubject."""


class GetEmailVersionsOutputDiffRecipients(TypedDict):
    """Fields of GetEmailVersionsOutputDiffRecipients."""

    added: List[str]

    removed: List[str]


class GetEmailVersionsOutputDiffAttachments(TypedDict):
    """Fields of GetEmailVersionsOutputDiffAttachments."""

    added: List[str]

    removed: List[str]


class GetEmailVersionsOutputDiffBodyItem(TypedDict):
    """Fields of GetEmailVersionsOutputDiffBodyItem."""

    op: Literal["equal", "delete", "insert"]

    text: str


class GetEmailVersionsOutputDiff(TypedDict):
    """Fields of GetEmailVersionsOutputDiff."""

    subject: Union[GetEmailVersionsOutputDiffSubject, None]

    # Each as `to: name@example.com`
    recipients: GetEmailVersionsOutputDiffRecipients

    attachments: GetEmailVersionsOutputDiffAttachments

    # Runs of lines in order; null where the text stayed as it was
    body: Union[List[GetEmailVersionsOutputDiffBodyItem], None]


class GetEmailVersionsOutput(TypedDict):
    """Answer of get_email_versions."""

    versions: List[GetEmailVersionsOutputVersionsItem]

    # From what was proposed to what stands now
    diff: Union[GetEmailVersionsOutputDiff, None]


_WaitForDecisionOutputDiffSubjectRequired = TypedDict(
    "_WaitForDecisionOutputDiffSubjectRequired",
    {
        "from": "str",
        "to": "str",
    },
)


class WaitForDecisionOutputDiffSubject(_WaitForDecisionOutputDiffSubjectRequired):
    """Fields of WaitForDecisionOutputDiffSubject."""


class WaitForDecisionOutputDiffRecipients(TypedDict):
    """Fields of WaitForDecisionOutputDiffRecipients."""

    added: List[str]

    removed: List[str]


class WaitForDecisionOutputDiffAttachments(TypedDict):
    """Fields of WaitForDecisionOutputDiffAttachments."""

    added: List[str]

    removed: List[str]


class WaitForDecisionOutputDiffBodyItem(TypedDict):
    """Fields of WaitForDecisionOutputDiffBodyItem."""

    op: Literal["equal", "delete", "insert"]

    text: str


class WaitForDecisionOutputDiff(TypedDict):
    """Fields of WaitForDecisionOutputDiff."""

    subject: Union[WaitForDecisionOutputDiffSubject, None]

    # Each as `to: name@example.com`
    recipients: WaitForDecisionOutputDiffRecipients

    attachments: WaitForDecisionOutputDiffAttachments

    # Runs of lines in order; null where the text stayed as it was
    body: Union[List[WaitForDecisionOutputDiffBodyItem], None]


class WaitForDecisionOutput(TypedDict):
    """Answer of wait_for_decision."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]

    # False while it still waits for a decision
    decided: bool

    # The last decision on it
    decision: Union[Decision, None]

    approvals: int

    approvals_required: int

    digest: str

    # Why it is in this status
    reason: Union[str, None]

    # True where it was changed after it was submitted
    edited: bool

    # From what was submitted to what stands now
    diff: Union[WaitForDecisionOutputDiff, None]


class ReplyEmailInputAttachmentsItem(TypedDict, total=False):
    """Fields of ReplyEmailInputAttachmentsItem."""

    filename: str

    # The same as filename
    name: str

    content_type: str

    # The bytes in base64
    content: str

    # The same as content
    content_base64: str

    # Of a picture: ![what it shows](cid:that-id) in the markdown shows it there
    content_id: str


_ReplyEmailOutputRequired = TypedDict(
    "_ReplyEmailOutputRequired",
    {
        "id": "str",
        "status": "str",
        "thread_id": "str",
        "message_id": "str",
    },
)


class ReplyEmailOutput(_ReplyEmailOutputRequired, total=False):
    """Answer of reply_email."""

    # Why it is held or blocked, where there is a reason to tell
    reason: str

    # ISO 8601 time
    send_at: str

    idempotent: bool


class RequestUpgradeOutput(TypedDict):
    """Answer of request_upgrade."""

    status: Literal["upgrade_requested"]

    # 26-character id, sorts by time
    mailbox_id: str

    # The mode now, which stays until the code is used
    mode: Literal["read_only", "gated_all", "gated_send", "monitored", "autonomous"]

    # Oversight mode, in ascending order of autonomy
    target_mode: Literal["read_only", "gated_all", "gated_send", "monitored", "autonomous"]

    # When the code ends
    expires_at: str

    hint: str


class ScheduleEmailInputAttachmentsItem(TypedDict, total=False):
    """Fields of ScheduleEmailInputAttachmentsItem."""

    filename: str

    # The same as filename
    name: str

    content_type: str

    # The bytes in base64
    content: str

    # The same as content
    content_base64: str

    # Of a picture: ![what it shows](cid:that-id) in the markdown shows it there
    content_id: str


_ScheduleEmailOutputRequired = TypedDict(
    "_ScheduleEmailOutputRequired",
    {
        "id": "str",
        "status": "str",
        "thread_id": "str",
        "message_id": "str",
    },
)


class ScheduleEmailOutput(_ScheduleEmailOutputRequired, total=False):
    """Answer of schedule_email."""

    # Why it is held or blocked, where there is a reason to tell
    reason: str

    # ISO 8601 time
    send_at: str

    idempotent: bool


class SendEmailInputAttachmentsItem(TypedDict, total=False):
    """Fields of SendEmailInputAttachmentsItem."""

    filename: str

    # The same as filename
    name: str

    content_type: str

    # The bytes in base64
    content: str

    # The same as content
    content_base64: str

    # Of a picture: ![what it shows](cid:that-id) in the markdown shows it there
    content_id: str


_SendEmailOutputRequired = TypedDict(
    "_SendEmailOutputRequired",
    {
        "id": "str",
        "status": "str",
        "thread_id": "str",
        "message_id": "str",
    },
)


class SendEmailOutput(_SendEmailOutputRequired, total=False):
    """Answer of send_email."""

    # Why it is held or blocked, where there is a reason to tell
    reason: str

    # ISO 8601 time
    send_at: str

    idempotent: bool


class ListThreadsOutputThreadsItem(TypedDict):
    """Fields of ListThreadsOutputThreadsItem."""

    id: str

    # The same as id
    thread_id: str

    # 26-character id, sorts by time
    mailbox_id: str

    # Of the first email
    subject: str

    # True where the last mail received is newer than anything sent, or about to be
    unanswered: bool

    # Who has it to themselves: human keeps all agents out, agent all but one
    owner: Union[Literal["agent", "human"], None]

    owner_by: Union[str, None]

    owner_at: Union[str, None]

    message_count: int

    # 26-character id, sorts by time
    last_email_id: str

    last_from: str

    last_direction: Literal["outbound", "inbound"]

    last_inbound_id: Union[str, None]

    # ISO 8601 time
    created_at: str

    # When the last email came or was written
    updated_at: str


class ListThreadsOutput(TypedDict):
    """Answer of list_threads."""

    threads: List[ListThreadsOutputThreadsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class GetThreadOutput(TypedDict):
    """Answer of get_thread."""

    id: str

    # The same as id
    thread_id: str

    # 26-character id, sorts by time
    mailbox_id: str

    # Of the first email
    subject: str

    # True where the last mail received is newer than anything sent, or about to be
    unanswered: bool

    # Who has it to themselves: human keeps all agents out, agent all but one
    owner: Union[Literal["agent", "human"], None]

    owner_by: Union[str, None]

    owner_at: Union[str, None]

    message_count: int

    # 26-character id, sorts by time
    last_email_id: str

    last_from: str

    last_direction: Literal["outbound", "inbound"]

    last_inbound_id: Union[str, None]

    # ISO 8601 time
    created_at: str

    # When the last email came or was written
    updated_at: str

    emails: List[Email]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class SetThreadOwnerOutput(TypedDict):
    """Answer of set_thread_owner."""

    id: str

    # The same as id
    thread_id: str

    # 26-character id, sorts by time
    mailbox_id: str

    # Of the first email
    subject: str

    # True where the last mail received is newer than anything sent, or about to be
    unanswered: bool

    # Who has it to themselves: human keeps all agents out, agent all but one
    owner: Union[Literal["agent", "human"], None]

    owner_by: Union[str, None]

    owner_at: Union[str, None]

    message_count: int

    # 26-character id, sorts by time
    last_email_id: str

    last_from: str

    last_direction: Literal["outbound", "inbound"]

    last_inbound_id: Union[str, None]

    # ISO 8601 time
    created_at: str

    # When the last email came or was written
    updated_at: str


class ApplyUpgradeOutput(TypedDict):
    """Answer of apply_upgrade."""

    status: Literal["upgraded"]

    # 26-character id, sorts by time
    mailbox_id: str

    # Oversight mode, in ascending order of autonomy
    mode: Literal["read_only", "gated_all", "gated_send", "monitored", "autonomous"]


class WaitForEmailOutput(TypedDict):
    """Answer of wait_for_email."""

    received: bool

    # The first of emails
    email: Union[EmailSummary, None]

    # At most 10
    emails: List[EmailSummary]

    # For the next call
    cursor: str


class ListMembersOutputMembersItem(TypedDict):
    """Fields of ListMembersOutputMembersItem."""

    # 26-character id, sorts by time
    id: str

    name: str

    email: str

    # owner: everything; admin: everything but owners; approver: decides; auditor: reads and
    # exports
    role: Literal["owner", "admin", "approver", "auditor"]

    # ISO 8601 time
    created_at: str

    # Passkeys that they sign in with
    sign_in_passkeys: int

    # Passkeys that they decide with
    decision_passkeys: int


class ListMembersOutput(TypedDict):
    """Answer of list_members."""

    members: List[ListMembersOutputMembersItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class ListInvitationsOutputInvitationsItem(TypedDict):
    """Fields of ListInvitationsOutputInvitationsItem."""

    # 26-character id, sorts by time
    id: str

    email: str

    name: str

    # owner: everything; admin: everything but owners; approver: decides; auditor: reads and
    # exports
    role: Literal["owner", "admin", "approver", "auditor"]

    # The member who sent it
    invited_by: str

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    expires_at: str

    revoked_at: Union[str, None]


class ListInvitationsOutput(TypedDict):
    """Answer of list_invitations."""

    invitations: List[ListInvitationsOutputInvitationsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class InviteMemberOutput(TypedDict):
    """Answer of invite_member."""

    # 26-character id, sorts by time
    id: str

    email: str

    name: str

    # owner: everything; admin: everything but owners; approver: decides; auditor: reads and
    # exports
    role: Literal["owner", "admin", "approver", "auditor"]

    # The member who sent it
    invited_by: str

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    expires_at: str

    revoked_at: Union[str, None]


class RevokeInvitationOutput(TypedDict):
    """Answer of revoke_invitation."""

    # 26-character id, sorts by time
    id: str

    email: str

    name: str

    # owner: everything; admin: everything but owners; approver: decides; auditor: reads and
    # exports
    role: Literal["owner", "admin", "approver", "auditor"]

    # The member who sent it
    invited_by: str

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    expires_at: str

    revoked_at: Union[str, None]


class UpdateMemberOutput(TypedDict):
    """Answer of update_member."""

    # 26-character id, sorts by time
    id: str

    name: str

    email: str

    # owner: everything; admin: everything but owners; approver: decides; auditor: reads and
    # exports
    role: Literal["owner", "admin", "approver", "auditor"]

    # ISO 8601 time
    created_at: str


class RemoveMemberOutput(TypedDict):
    """Answer of remove_member."""

    # 26-character id, sorts by time
    id: str

    name: str

    email: str

    # owner: everything; admin: everything but owners; approver: decides; auditor: reads and
    # exports
    role: Literal["owner", "admin", "approver", "auditor"]

    # ISO 8601 time
    created_at: str


class RecoverMemberOutput(TypedDict):
    """Answer of recover_member."""

    # 26-character id, sorts by time
    id: str

    name: str

    email: str

    # owner: everything; admin: everything but owners; approver: decides; auditor: reads and
    # exports
    role: Literal["owner", "admin", "approver", "auditor"]

    # ISO 8601 time
    created_at: str


class OpenapiOutput(TypedDict):
    """Answer of openapi."""

    openapi: str


class CreateDecisionChallengeInputDecisionsItem(TypedDict):
    """Fields of CreateDecisionChallengeInputDecisionsItem."""

    # 26-character id, sorts by time
    email_id: str

    decision: Literal["approve", "reject", "revise"]

    digest: str


class CreateDecisionChallengeOutputPromptsItemOpeningsItem(TypedDict):
    """Fields of CreateDecisionChallengeOutputPromptsItemOpeningsItem."""

    field: str

    c: str

    r: str

    data: str


class CreateDecisionChallengeOutputPromptsItemOptionsAllowcredentialsItem(TypedDict):
    """Fields of CreateDecisionChallengeOutputPromptsItemOptionsAllowcredentialsItem."""

    type: Literal["public-key"]

    id: str

    transports: List[str]


class CreateDecisionChallengeOutputPromptsItemOptions(TypedDict):
    """Fields of CreateDecisionChallengeOutputPromptsItemOptions."""

    timeout: int

    rpId: str

    allowCredentials: List[CreateDecisionChallengeOutputPromptsItemOptionsAllowcredentialsItem]

    userVerification: Literal["required"]


class CreateDecisionChallengeOutputPromptsItem(TypedDict):
    """Fields of CreateDecisionChallengeOutputPromptsItem."""

    # 26-character id, sorts by time
    email_id: str

    decision: Literal["approve", "reject", "revise"]

    digest: str

    # The in-toto statement's RFC 8785 bytes, base64url
    statement: str

    # What opens the statement's commitments, to be compared with what is shown
    openings: List[CreateDecisionChallengeOutputPromptsItemOpeningsItem]

    # For navigator.credentials.get(). The challenge is to be computed from the statement: SHA-256
    # over its DSSE pre-authentication encoding
    options: CreateDecisionChallengeOutputPromptsItemOptions

    # ISO 8601 time
    expires_at: str


class CreateDecisionChallengeOutput(TypedDict):
    """Answer of create_decision_challenge."""

    prompts: List[CreateDecisionChallengeOutputPromptsItem]


class DecideEmailInputAssertion(TypedDict):
    """Fields of DecideEmailInputAssertion."""

    id: str

    client_data_json: str

    authenticator_data: str

    signature: str


class DecideEmailInputDecisionsItemAssertion(TypedDict):
    """Fields of DecideEmailInputDecisionsItemAssertion."""

    id: str

    client_data_json: str

    authenticator_data: str

    signature: str


_DecideEmailInputDecisionsItemRequired = TypedDict(
    "_DecideEmailInputDecisionsItemRequired",
    {
        "email_id": "str",
    },
)


class DecideEmailInputDecisionsItem(_DecideEmailInputDecisionsItemRequired, total=False):
    """Fields of DecideEmailInputDecisionsItem."""

    decision: Literal["approve", "reject", "revise"]

    # The same as decision, by the name existing clients send
    action: Literal["approve", "reject", "revise"]

    # The digest that was seen; needed once a message has been edited
    digest: str

    reason: str

    # What the person's passkey answered to the prompt of create_decision_challenge: the decision
    # is of class A then
    assertion: DecideEmailInputDecisionsItemAssertion


class DecideEmailOutputDecisionsItem(TypedDict):
    """Fields of DecideEmailOutputDecisionsItem."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]

    decision: Literal["approve", "reject", "revise"]

    approvals: int

    approvals_required: int

    # When a message approved by a signed-in person leaves; until then it can be cancelled
    leaves_at: Union[str, None]


_DecideEmailOutputRequired = TypedDict(
    "_DecideEmailOutputRequired",
    {
        "decisions": "List[DecideEmailOutputDecisionsItem]",
    },
)


class DecideEmailOutput(_DecideEmailOutputRequired, total=False):
    """Answer of decide_email."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]

    decision: Literal["approve", "reject", "revise"]

    approvals: int

    approvals_required: int

    # When a message approved by a signed-in person leaves; until then it can be cancelled
    leaves_at: Union[str, None]


class ListPendingOutput(TypedDict):
    """Answer of list_pending."""

    emails: List[EmailSummary]

    # The same list, by the name existing clients read
    pending: List[EmailSummary]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class EditPendingEmailInputAttachmentsItem(TypedDict, total=False):
    """Fields of EditPendingEmailInputAttachmentsItem."""

    filename: str

    # The same as filename
    name: str

    content_type: str

    # The bytes in base64
    content: str

    # The same as content
    content_base64: str

    # Of a picture: ![what it shows](cid:that-id) in the markdown shows it there
    content_id: str


class EditPendingEmailOutput(TypedDict):
    """Answer of edit_pending_email."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]

    thread_id: str

    message_id: str

    # SHA-256 of the content and the envelope as they are now
    digest: str

    reason: Union[str, None]

    send_at: Union[str, None]


class ResumeSendingOutput(TypedDict):
    """Fields of ResumeSendingOutput."""

    status: Literal["stopped", "running"]

    stopped_at: Union[str, None]

    # `person:` or `api_key:` and the id
    stopped_by: Union[str, None]

    reason: Union[str, None]


class StopSendingOutput(TypedDict):
    """Answer of stop_sending."""

    status: Literal["stopped", "running"]

    stopped_at: Union[str, None]

    # `person:` or `api_key:` and the id
    stopped_by: Union[str, None]

    reason: Union[str, None]


class UndoDecisionOutput(TypedDict):
    """Answer of undo_decision."""

    # 26-character id, sorts by time
    id: str

    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]

    expires_at: Union[str, None]


class ListDecisionPasskeysOutputPasskeysItem(TypedDict):
    """Fields of ListDecisionPasskeysOutputPasskeysItem."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    person_id: str

    person_name: str

    name: str

    # COSE: -7 ES256, -8 EdDSA, -257 RS256
    algorithm: int

    # True where it is kept by the maker of the device, too
    backed_up: bool

    # Where its enrolment stands in the log; null until it is placed
    log_index: Union[int, None]

    # ISO 8601 time
    created_at: str

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class ListDecisionPasskeysOutput(TypedDict):
    """Answer of list_decision_passkeys."""

    passkeys: List[ListDecisionPasskeysOutputPasskeysItem]


_EnrolDecisionPasskeyInputResponseRequired = TypedDict(
    "_EnrolDecisionPasskeyInputResponseRequired",
    {
        "id": "str",
        "client_data_json": "str",
        "attestation_object": "str",
    },
)


class EnrolDecisionPasskeyInputResponse(_EnrolDecisionPasskeyInputResponseRequired, total=False):
    """Fields of EnrolDecisionPasskeyInputResponse."""

    transports: List[str]


class EnrolDecisionPasskeyOutput(TypedDict):
    """Answer of enrol_decision_passkey."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    person_id: str

    person_name: str

    name: str

    # COSE: -7 ES256, -8 EdDSA, -257 RS256
    algorithm: int

    # True where it is kept by the maker of the device, too
    backed_up: bool

    # Where its enrolment stands in the log; null until it is placed
    log_index: Union[int, None]

    # ISO 8601 time
    created_at: str

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class CreateDecisionPasskeyOptionsOutputRp(TypedDict):
    """Fields of CreateDecisionPasskeyOptionsOutputRp."""

    id: str

    name: str


class CreateDecisionPasskeyOptionsOutputUser(TypedDict):
    """Fields of CreateDecisionPasskeyOptionsOutputUser."""

    id: str

    name: str

    displayName: str


class CreateDecisionPasskeyOptionsOutputPubkeycredparamsItem(TypedDict):
    """Fields of CreateDecisionPasskeyOptionsOutputPubkeycredparamsItem."""

    type: Literal["public-key"]

    alg: int


class CreateDecisionPasskeyOptionsOutputExcludecredentialsItem(TypedDict):
    """Fields of CreateDecisionPasskeyOptionsOutputExcludecredentialsItem."""

    type: Literal["public-key"]

    id: str

    transports: List[str]


class CreateDecisionPasskeyOptionsOutputAuthenticatorselection(TypedDict):
    """Fields of CreateDecisionPasskeyOptionsOutputAuthenticatorselection."""

    residentKey: Literal["required", "preferred", "discouraged"]

    requireResidentKey: bool

    userVerification: Literal["required"]


class CreateDecisionPasskeyOptionsOutput(TypedDict):
    """Answer of create_decision_passkey_options."""

    rp: CreateDecisionPasskeyOptionsOutputRp

    user: CreateDecisionPasskeyOptionsOutputUser

    challenge: str

    pubKeyCredParams: List[CreateDecisionPasskeyOptionsOutputPubkeycredparamsItem]

    timeout: int

    excludeCredentials: List[CreateDecisionPasskeyOptionsOutputExcludecredentialsItem]

    authenticatorSelection: CreateDecisionPasskeyOptionsOutputAuthenticatorselection

    attestation: Literal["none"]


class RevokeDecisionPasskeyOutput(TypedDict):
    """Answer of revoke_decision_passkey."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    person_id: str

    person_name: str

    name: str

    # COSE: -7 ES256, -8 EdDSA, -257 RS256
    algorithm: int

    # True where it is kept by the maker of the device, too
    backed_up: bool

    # Where its enrolment stands in the log; null until it is placed
    log_index: Union[int, None]

    # ISO 8601 time
    created_at: str

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class ListSignInPasskeysOutputPasskeysItem(TypedDict):
    """Fields of ListSignInPasskeysOutputPasskeysItem."""

    # 26-character id, sorts by time
    id: str

    name: str

    # True where it is kept by the maker of the device, too
    backed_up: bool

    # ISO 8601 time
    created_at: str

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class ListSignInPasskeysOutput(TypedDict):
    """Answer of list_sign_in_passkeys."""

    passkeys: List[ListSignInPasskeysOutputPasskeysItem]


_EnrolSignInPasskeyInputResponseRequired = TypedDict(
    "_EnrolSignInPasskeyInputResponseRequired",
    {
        "id": "str",
        "client_data_json": "str",
        "attestation_object": "str",
    },
)


class EnrolSignInPasskeyInputResponse(_EnrolSignInPasskeyInputResponseRequired, total=False):
    """Fields of EnrolSignInPasskeyInputResponse."""

    transports: List[str]


class EnrolSignInPasskeyOutput(TypedDict):
    """Answer of enrol_sign_in_passkey."""

    # 26-character id, sorts by time
    id: str

    name: str

    # True where it is kept by the maker of the device, too
    backed_up: bool

    # ISO 8601 time
    created_at: str

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class CreateSignInPasskeyOptionsOutputRp(TypedDict):
    """Fields of CreateSignInPasskeyOptionsOutputRp."""

    id: str

    name: str


class CreateSignInPasskeyOptionsOutputUser(TypedDict):
    """Fields of CreateSignInPasskeyOptionsOutputUser."""

    id: str

    name: str

    displayName: str


class CreateSignInPasskeyOptionsOutputPubkeycredparamsItem(TypedDict):
    """Fields of CreateSignInPasskeyOptionsOutputPubkeycredparamsItem."""

    type: Literal["public-key"]

    alg: int


class CreateSignInPasskeyOptionsOutputExcludecredentialsItem(TypedDict):
    """Fields of CreateSignInPasskeyOptionsOutputExcludecredentialsItem."""

    type: Literal["public-key"]

    id: str

    transports: List[str]


class CreateSignInPasskeyOptionsOutputAuthenticatorselection(TypedDict):
    """Fields of CreateSignInPasskeyOptionsOutputAuthenticatorselection."""

    residentKey: Literal["required", "preferred", "discouraged"]

    requireResidentKey: bool

    userVerification: Literal["required"]


class CreateSignInPasskeyOptionsOutput(TypedDict):
    """Answer of create_sign_in_passkey_options."""

    rp: CreateSignInPasskeyOptionsOutputRp

    user: CreateSignInPasskeyOptionsOutputUser

    challenge: str

    pubKeyCredParams: List[CreateSignInPasskeyOptionsOutputPubkeycredparamsItem]

    timeout: int

    excludeCredentials: List[CreateSignInPasskeyOptionsOutputExcludecredentialsItem]

    authenticatorSelection: CreateSignInPasskeyOptionsOutputAuthenticatorselection

    attestation: Literal["none"]


class RenameSignInPasskeyOutput(TypedDict):
    """Answer of rename_sign_in_passkey."""

    # 26-character id, sorts by time
    id: str

    name: str

    # True where it is kept by the maker of the device, too
    backed_up: bool

    # ISO 8601 time
    created_at: str

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class RevokeSignInPasskeyOutput(TypedDict):
    """Answer of revoke_sign_in_passkey."""

    # 26-character id, sorts by time
    id: str

    name: str

    # True where it is kept by the maker of the device, too
    backed_up: bool

    # ISO 8601 time
    created_at: str

    last_used_at: Union[str, None]

    revoked_at: Union[str, None]


class ListPoliciesOutputPoliciesItem(TypedDict):
    """Fields of ListPoliciesOutputPoliciesItem."""

    # 26-character id, sorts by time
    id: str

    # Null for all mailboxes
    mailbox_id: Union[str, None]

    position: int

    name: str

    match: Dict[str, Any]

    outcome: Literal["hold", "allow", "block", "quorum", "passkey"]

    required: Union[int, None]

    # False once it was revoked or has expired
    active: bool

    # A person, a key, or a change that a person let through
    created_by: str

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str

    expires_at: Union[str, None]

    revoked_at: Union[str, None]

    revoked_by: Union[str, None]


class ListPoliciesOutput(TypedDict):
    """Answer of list_policies."""

    policies: List[ListPoliciesOutputPoliciesItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


_CreatePolicyInputMatchTimeRequired = TypedDict(
    "_CreatePolicyInputMatchTimeRequired",
    {
        "time_zone": "str",
    },
)


_CreatePolicyInputMatchTimeOptional = TypedDict(
    "_CreatePolicyInputMatchTimeOptional",
    {
        "days": "List[Literal[\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]]",
        "from": "str",
        "to": "str",
    },
    total=False,
)


class CreatePolicyInputMatchTime(_CreatePolicyInputMatchTimeRequired, _CreatePolicyInputMatchTimeOptional, total=False):
    """Fields of CreatePolicyInputMatchTime."""


class CreatePolicyInputMatch(TypedDict, total=False):
    """Fields of CreatePolicyInputMatch."""

    # Addresses, or *@domain. A rule that allows needs every recipient to be among them, any other
    # rule one
    recipients: List[str]

    # Whether the mailbox has sent them mail before that their server took
    recipient_known: bool

    # outbound unless given. Rules about received mail hold it; recipients and recipient_known are
    # then about its sender
    direction: Literal["outbound", "inbound"]

    has_attachment: bool

    has_link: bool

    # Of the text and the attachments together
    size_over_bytes: int

    # Each a key, or key=value. A rule that allows needs all of them, any other one
    tags: List[str]

    # The outbound scan's verdict, or families of its findings
    screening: List[Literal["pass", "review", "own_keys", "private_keys", "secrets", "url_passwords", "high_entropy", "cards", "bank_accounts", "national_ids", "hidden_text", "link_mismatch", "link_look_alike", "link_userinfo", "link_ip", "link_scheme", "link_punycode", "attachment_disguised", "attachment_executable", "attachment_macro", "attachment_active_markup", "attachment_archive_encrypted", "attachment_archive_unreadable", "attachment_archive_other", "key_file", "unscanned"]]

    time: CreatePolicyInputMatchTime


class CreatePolicyOutput(TypedDict):
    """Fields of CreatePolicyOutput."""

    # 26-character id, sorts by time
    id: str

    # Null for all mailboxes
    mailbox_id: Union[str, None]

    position: int

    name: str

    match: Dict[str, Any]

    outcome: Literal["hold", "allow", "block", "quorum", "passkey"]

    required: Union[int, None]

    # False once it was revoked or has expired
    active: bool

    # A person, a key, or a change that a person let through
    created_by: str

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str

    expires_at: Union[str, None]

    revoked_at: Union[str, None]

    revoked_by: Union[str, None]


_ReplayPolicyInputMatchTimeRequired = TypedDict(
    "_ReplayPolicyInputMatchTimeRequired",
    {
        "time_zone": "str",
    },
)


_ReplayPolicyInputMatchTimeOptional = TypedDict(
    "_ReplayPolicyInputMatchTimeOptional",
    {
        "days": "List[Literal[\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]]",
        "from": "str",
        "to": "str",
    },
    total=False,
)


class ReplayPolicyInputMatchTime(_ReplayPolicyInputMatchTimeRequired, _ReplayPolicyInputMatchTimeOptional, total=False):
    """Fields of ReplayPolicyInputMatchTime."""


class ReplayPolicyInputMatch(TypedDict, total=False):
    """Fields of ReplayPolicyInputMatch."""

    # Addresses, or *@domain. A rule that allows needs every recipient to be among them, any other
    # rule one
    recipients: List[str]

    # Whether the mailbox has sent them mail before that their server took
    recipient_known: bool

    # outbound unless given. Rules about received mail hold it; recipients and recipient_known are
    # then about its sender
    direction: Literal["outbound", "inbound"]

    has_attachment: bool

    has_link: bool

    # Of the text and the attachments together
    size_over_bytes: int

    # Each a key, or key=value. A rule that allows needs all of them, any other one
    tags: List[str]

    # The outbound scan's verdict, or families of its findings
    screening: List[Literal["pass", "review", "own_keys", "private_keys", "secrets", "url_passwords", "high_entropy", "cards", "bank_accounts", "national_ids", "hidden_text", "link_mismatch", "link_look_alike", "link_userinfo", "link_ip", "link_scheme", "link_punycode", "attachment_disguised", "attachment_executable", "attachment_macro", "attachment_active_markup", "attachment_archive_encrypted", "attachment_archive_unreadable", "attachment_archive_other", "key_file", "unscanned"]]

    time: ReplayPolicyInputMatchTime


class ReplayPolicyOutputMessagesItem(TypedDict):
    """Fields of ReplayPolicyOutputMessagesItem."""

    # 26-character id, sorts by time
    email_id: str

    # 26-character id, sorts by time
    mailbox_id: str

    subject: str

    # ISO 8601 time
    created_at: str

    # Where it is now
    status: Literal["draft", "pending_scan", "scheduled", "queued", "sending", "sent", "delivered", "blocked", "rejected", "cancelled", "expired", "suppressed", "send_failed", "bounced", "sandboxed", "pending_send_approval", "pending_inbound_approval", "unread", "read", "archived", "deleted", "spam_flagged", "spam_quarantined"]

    # What happened to it when it was submitted
    happened: Literal["through", "held", "blocked"]

    # What would happen today without the rule
    without_rule: Literal["through", "held", "blocked"]

    with_rule: Literal["through", "held", "blocked"]

    # What the rules ask for
    approvals_required: int

    passkey_required: bool


class ReplayPolicyOutput(TypedDict):
    """Answer of replay_policy."""

    # Messages it was tried on: the last 200 that were submitted, or received
    checked: int

    # True where there was no time for all of them
    cut_short: bool

    # Messages that it decides on
    matched: int

    # Those that would wait without it and leave with it
    let_through: int

    # Those that would leave without it and wait with it
    held: int

    # Those that would leave or wait without it and are blocked with it
    blocked: int

    # Those that it decides on, newest first
    messages: List[ReplayPolicyOutputMessagesItem]


class UpdatePolicyOutput(TypedDict):
    """Fields of UpdatePolicyOutput."""

    # 26-character id, sorts by time
    id: str

    # Null for all mailboxes
    mailbox_id: Union[str, None]

    position: int

    name: str

    match: Dict[str, Any]

    outcome: Literal["hold", "allow", "block", "quorum", "passkey"]

    required: Union[int, None]

    # False once it was revoked or has expired
    active: bool

    # A person, a key, or a change that a person let through
    created_by: str

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str

    expires_at: Union[str, None]

    revoked_at: Union[str, None]

    revoked_by: Union[str, None]


class RevokePolicyOutput(TypedDict):
    """Fields of RevokePolicyOutput."""

    # 26-character id, sorts by time
    id: str

    # Null for all mailboxes
    mailbox_id: Union[str, None]

    position: int

    name: str

    match: Dict[str, Any]

    outcome: Literal["hold", "allow", "block", "quorum", "passkey"]

    required: Union[int, None]

    # False once it was revoked or has expired
    active: bool

    # A person, a key, or a change that a person let through
    created_by: str

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str

    expires_at: Union[str, None]

    revoked_at: Union[str, None]

    revoked_by: Union[str, None]


class GetPublicKeysOutput(TypedDict, total=False):
    """Answer of get_public_keys."""


class ListReceivedOutput(TypedDict):
    """Answer of list_received."""

    emails: List[EmailSummary]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class GetRetentionOutputOutbound(TypedDict):
    """Fields of GetRetentionOutputOutbound."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class GetRetentionOutputInbound(TypedDict):
    """Fields of GetRetentionOutputInbound."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class GetRetentionOutputSpam(TypedDict):
    """Fields of GetRetentionOutputSpam."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class GetRetentionOutput(TypedDict):
    """Answer of get_retention."""

    outbound: GetRetentionOutputOutbound

    inbound: GetRetentionOutputInbound

    spam: GetRetentionOutputSpam

    # 0 before anybody changed them
    version: int

    updated_by: Union[str, None]

    updated_at: Union[str, None]


class PutRetentionInputOutbound(TypedDict, total=False):
    """Fields of PutRetentionInputOutbound."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class PutRetentionInputInbound(TypedDict, total=False):
    """Fields of PutRetentionInputInbound."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class PutRetentionInputSpam(TypedDict, total=False):
    """Fields of PutRetentionInputSpam."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class PutRetentionOutputOutbound(TypedDict):
    """Fields of PutRetentionOutputOutbound."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class PutRetentionOutputInbound(TypedDict):
    """Fields of PutRetentionOutputInbound."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class PutRetentionOutputSpam(TypedDict):
    """Fields of PutRetentionOutputSpam."""

    # Days that mail must be kept: nobody erases it before
    keep_days: int

    # Days after which mail is erased; null: never by age
    delete_after_days: Union[int, None]


class PutRetentionOutput(TypedDict):
    """Fields of PutRetentionOutput."""

    outbound: PutRetentionOutputOutbound

    inbound: PutRetentionOutputInbound

    spam: PutRetentionOutputSpam

    # 0 before anybody changed them
    version: int

    updated_by: Union[str, None]

    updated_at: Union[str, None]


class ListSessionsOutputSessionsItem(TypedDict):
    """Fields of ListSessionsOutputSessionsItem."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    person_id: str

    # True for the one that asks
    current: bool

    # How it began
    method: Literal["link", "code", "passkey", "invitation"]

    # How the person last proved who they are
    verified_by: Literal["link", "code", "passkey", "invitation"]

    # ISO 8601 time
    verified_at: str

    user_agent: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    last_seen_at: str

    # ISO 8601 time
    expires_at: str


class ListSessionsOutput(TypedDict):
    """Answer of list_sessions."""

    sessions: List[ListSessionsOutputSessionsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class RevokeSessionsOutput(TypedDict):
    """Answer of revoke_sessions."""

    # How many sessions ended
    ended: int


class RevokeSessionOutput(TypedDict):
    """Answer of revoke_session."""

    # 26-character id, sorts by time
    id: str

    ended: Literal[True]


class SetupMultimailOutputStepsItem(TypedDict):
    """Fields of SetupMultimailOutputStepsItem."""

    step: str

    done: bool

    what: str

    # What to do, where it is not done
    how: Union[str, None]


class SetupMultimailOutputMailboxesItem(TypedDict):
    """Fields of SetupMultimailOutputMailboxesItem."""

    # 26-character id, sorts by time
    id: str

    address: str

    # Oversight mode, in ascending order of autonomy
    oversight_mode: Literal["read_only", "gated_all", "gated_send", "monitored", "autonomous"]

    sending: str


class SetupMultimailOutput(TypedDict):
    """Answer of setup_multimail."""

    # True where every step is done
    ready: bool

    steps: List[SetupMultimailOutputStepsItem]

    scopes: List[Literal["read", "send", "admin", "oversight", "audit", "draft"]]

    # True for a test key: nothing it sends leaves
    test: bool

    # The first hundred
    mailboxes: List[SetupMultimailOutputMailboxesItem]

    mcp_url: str

    docs_url: str


class SignUpOutput(TypedDict):
    """Answer of sign_up."""

    status: Literal["code_mailed"]

    # Goes with the code to /v1/signup/confirm
    sign_up_id: str

    # ISO 8601 time
    expires_at: str

    hint: str


class GetSignUpChallengeOutput(TypedDict):
    """Answer of get_sign_up_challenge."""

    algorithm: Literal["SHA-256"]

    challenge: str

    maxnumber: int

    salt: str

    signature: str


class ConfirmSignUpOutput(TypedDict):
    """Answer of confirm_sign_up."""

    # 26-character id, sorts by time
    account_id: str

    slug: str

    # The secret: shown once. Holds read, send, admin and audit
    api_key: str

    # 26-character id, sorts by time
    mailbox_id: str

    mailbox_address: str

    oversight_mode: Literal["gated_send"]

    # Where the owner signs in and decides
    dashboard_url: str


class EraseSubjectOutput(TypedDict):
    """Fields of EraseSubjectOutput."""

    # 26-character id, sorts by time
    id: str

    # held waits for a legal hold to be released, retained for the time in which mail must be kept
    # to end, settling only for every node to forget the person's key
    status: Literal["running", "held", "retained", "settling", "done"]

    reference: Union[str, None]

    # Messages erased so far
    messages: int

    # Hidden values of the log erased so far
    openings: int

    # Messages that cannot go yet
    remaining: int

    requested_by: str

    # ISO 8601 time
    requested_at: str

    # When it goes on
    next_at: Union[str, None]

    done_at: Union[str, None]


class ListErasuresOutputErasuresItem(TypedDict):
    """Fields of ListErasuresOutputErasuresItem."""

    # 26-character id, sorts by time
    id: str

    # held waits for a legal hold to be released, retained for the time in which mail must be kept
    # to end, settling only for every node to forget the person's key
    status: Literal["running", "held", "retained", "settling", "done"]

    reference: Union[str, None]

    # Messages erased so far
    messages: int

    # Hidden values of the log erased so far
    openings: int

    # Messages that cannot go yet
    remaining: int

    requested_by: str

    # ISO 8601 time
    requested_at: str

    # When it goes on
    next_at: Union[str, None]

    done_at: Union[str, None]


class ListErasuresOutput(TypedDict):
    """Answer of list_erasures."""

    erasures: List[ListErasuresOutputErasuresItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class GetErasureOutput(TypedDict):
    """Answer of get_erasure."""

    # 26-character id, sorts by time
    id: str

    # held waits for a legal hold to be released, retained for the time in which mail must be kept
    # to end, settling only for every node to forget the person's key
    status: Literal["running", "held", "retained", "settling", "done"]

    reference: Union[str, None]

    # Messages erased so far
    messages: int

    # Hidden values of the log erased so far
    openings: int

    # Messages that cannot go yet
    remaining: int

    requested_by: str

    # ISO 8601 time
    requested_at: str

    # When it goes on
    next_at: Union[str, None]

    done_at: Union[str, None]


class ListSuppressionOutputSuppressionsItem(TypedDict):
    """Fields of ListSuppressionOutputSuppressionsItem."""

    address: str

    # The mailbox it holds for; null for all of them
    mailbox_id: Union[str, None]

    reason: Literal["manual", "bounced", "unsubscribed", "complained"]

    # Id of the email that it came from
    message_id: Union[str, None]

    note: Union[str, None]

    created_by: str

    # ISO 8601 time
    created_at: str

    # When it ends by itself
    expires_at: Union[str, None]


class ListSuppressionOutput(TypedDict):
    """Answer of list_suppression."""

    suppressions: List[ListSuppressionOutputSuppressionsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class AddSuppressionOutput(TypedDict):
    """Answer of add_suppression."""

    address: str

    # The mailbox it holds for; null for all of them
    mailbox_id: Union[str, None]

    reason: Literal["manual", "bounced", "unsubscribed", "complained"]

    # Id of the email that it came from
    message_id: Union[str, None]

    note: Union[str, None]

    created_by: str

    # ISO 8601 time
    created_at: str

    # When it ends by itself
    expires_at: Union[str, None]


class ImportSuppressionInputSuppressionsItem(TypedDict, total=False):
    """Fields of ImportSuppressionInputSuppressionsItem."""

    address: Union[str, None]

    email: Union[str, None]

    mailbox_id: Union[str, None]

    reason: Union[str, None]

    note: Union[str, None]

    expires_at: Union[str, None]


class ImportSuppressionOutputErrorsItem(TypedDict):
    """Fields of ImportSuppressionOutputErrorsItem."""

    line: int

    error: str


class ImportSuppressionOutput(TypedDict):
    """Answer of import_suppression."""

    rows: int

    # Suppressed anew, or more firmly than before
    added: int

    # Suppressed already, or named twice
    unchanged: int

    failed: int

    # At most 1,000
    errors: List[ImportSuppressionOutputErrorsItem]


class CheckSuppressionOutputSuppressionsItem(TypedDict):
    """Fields of CheckSuppressionOutputSuppressionsItem."""

    address: str

    # The mailbox it holds for; null for all of them
    mailbox_id: Union[str, None]

    reason: Literal["manual", "bounced", "unsubscribed", "complained"]

    # Id of the email that it came from
    message_id: Union[str, None]

    note: Union[str, None]

    created_by: str

    # ISO 8601 time
    created_at: str

    # When it ends by itself
    expires_at: Union[str, None]


class CheckSuppressionOutput(TypedDict):
    """Answer of check_suppression."""

    address: str

    suppressed: bool

    suppressions: List[CheckSuppressionOutputSuppressionsItem]


class RemoveSuppressionOutputRemovedItem(TypedDict):
    """Fields of RemoveSuppressionOutputRemovedItem."""

    address: str

    # The mailbox it holds for; null for all of them
    mailbox_id: Union[str, None]

    reason: Literal["manual", "bounced", "unsubscribed", "complained"]

    # Id of the email that it came from
    message_id: Union[str, None]

    note: Union[str, None]

    created_by: str

    # ISO 8601 time
    created_at: str

    # When it ends by itself
    expires_at: Union[str, None]


class RemoveSuppressionOutput(TypedDict):
    """Answer of remove_suppression."""

    address: str

    removed: List[RemoveSuppressionOutputRemovedItem]


class GetUsageOutputByMailboxItem(TypedDict):
    """Fields of GetUsageOutputByMailboxItem."""

    # 26-character id, sorts by time
    mailbox_id: str

    address: str

    pending: int

    # Messages handed to the wire
    sent: int

    # Without held and refused mail for callers without oversight
    received: int

    # Decisions to approve; likewise the next two
    approved: int

    rejected: int

    revised: int

    bounced: int

    complained: int


class GetUsageOutputDailyItem(TypedDict):
    """Fields of GetUsageOutputDailyItem."""

    date: str

    # Messages handed to the wire
    sent: int

    # Without held and refused mail for callers without oversight
    received: int

    # Decisions to approve; likewise the next two
    approved: int

    rejected: int

    revised: int

    bounced: int

    complained: int


class GetUsageOutputQuotasMessages(TypedDict):
    """Fields of GetUsageOutputQuotasMessages."""

    # Null: any number
    limit: Union[float, None]

    used: float

    resets_at: Union[str, None]


class GetUsageOutputQuotasMailboxes(TypedDict):
    """Fields of GetUsageOutputQuotasMailboxes."""

    # Null: any number
    limit: Union[float, None]

    used: float

    resets_at: Union[str, None]


class GetUsageOutputQuotasStorageBytes(TypedDict):
    """Fields of GetUsageOutputQuotasStorageBytes."""

    # Null: any number
    limit: Union[float, None]

    used: float

    resets_at: Union[str, None]


class GetUsageOutputQuotas(TypedDict):
    """Fields of GetUsageOutputQuotas."""

    messages: GetUsageOutputQuotasMessages

    mailboxes: GetUsageOutputQuotasMailboxes

    storage_bytes: GetUsageOutputQuotasStorageBytes


_GetUsageOutputRequired = TypedDict(
    "_GetUsageOutputRequired",
    {
        "period": "Literal[\"summary\", \"daily\"]",
        "from": "str",
        "to": "str",
        "sent": "int",
        "received": "int",
        "approved": "int",
        "rejected": "int",
        "revised": "int",
        "bounced": "int",
        "complained": "int",
        "pending": "int",
        "mailboxes": "int",
        "storage_bytes": "float",
        "by_mailbox": "List[GetUsageOutputByMailboxItem]",
        "daily": "List[GetUsageOutputDailyItem]",
        "quotas": "Union[GetUsageOutputQuotas, None]",
    },
)


class GetUsageOutput(_GetUsageOutputRequired):
    """Answer of get_usage."""


class ListWebhookDeliveriesOutputDeliveriesItemLastAttemptRequest(TypedDict):
    """Fields of ListWebhookDeliveriesOutputDeliveriesItemLastAttemptRequest."""

    method: Literal["POST"]

    url: str

    headers: Dict[str, str]


class ListWebhookDeliveriesOutputDeliveriesItemLastAttemptResponse(TypedDict):
    """Fields of ListWebhookDeliveriesOutputDeliveriesItemLastAttemptResponse."""

    status: int

    headers: Dict[str, str]

    # Its first 4096 bytes
    body: str


class ListWebhookDeliveriesOutputDeliveriesItemLastAttempt(TypedDict):
    """Fields of ListWebhookDeliveriesOutputDeliveriesItemLastAttempt."""

    attempt: int

    # ISO 8601 time
    at: str

    duration_ms: int

    request: ListWebhookDeliveriesOutputDeliveriesItemLastAttemptRequest

    response: Union[ListWebhookDeliveriesOutputDeliveriesItemLastAttemptResponse, None]

    # Why there is no response
    error: Union[str, None]


class ListWebhookDeliveriesOutputDeliveriesItem(TypedDict):
    """Fields of ListWebhookDeliveriesOutputDeliveriesItem."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    webhook_id: str

    # The header webhook-id: the same in every try
    event_id: str

    event: str

    type: str

    mailbox_id: Union[str, None]

    thread_id: Union[str, None]

    status: Literal["pending", "delivered", "dead"]

    attempts: int

    next_attempt_at: Union[str, None]

    last_attempt: Union[ListWebhookDeliveriesOutputDeliveriesItemLastAttempt, None]

    # ISO 8601 time
    created_at: str

    ended_at: Union[str, None]


class ListWebhookDeliveriesOutput(TypedDict):
    """Answer of list_webhook_deliveries."""

    deliveries: List[ListWebhookDeliveriesOutputDeliveriesItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class GetWebhookDeliveryOutputLastAttemptRequest(TypedDict):
    """Fields of GetWebhookDeliveryOutputLastAttemptRequest."""

    method: Literal["POST"]

    url: str

    headers: Dict[str, str]


class GetWebhookDeliveryOutputLastAttemptResponse(TypedDict):
    """Fields of GetWebhookDeliveryOutputLastAttemptResponse."""

    status: int

    headers: Dict[str, str]

    # Its first 4096 bytes
    body: str


class GetWebhookDeliveryOutputLastAttempt(TypedDict):
    """Fields of GetWebhookDeliveryOutputLastAttempt."""

    attempt: int

    # ISO 8601 time
    at: str

    duration_ms: int

    request: GetWebhookDeliveryOutputLastAttemptRequest

    response: Union[GetWebhookDeliveryOutputLastAttemptResponse, None]

    # Why there is no response
    error: Union[str, None]


class GetWebhookDeliveryOutputTriesItemRequest(TypedDict):
    """Fields of GetWebhookDeliveryOutputTriesItemRequest."""

    method: Literal["POST"]

    url: str

    headers: Dict[str, str]


class GetWebhookDeliveryOutputTriesItemResponse(TypedDict):
    """Fields of GetWebhookDeliveryOutputTriesItemResponse."""

    status: int

    headers: Dict[str, str]

    # Its first 4096 bytes
    body: str


class GetWebhookDeliveryOutputTriesItem(TypedDict):
    """Fields of GetWebhookDeliveryOutputTriesItem."""

    attempt: int

    # ISO 8601 time
    at: str

    duration_ms: int

    request: GetWebhookDeliveryOutputTriesItemRequest

    response: Union[GetWebhookDeliveryOutputTriesItemResponse, None]

    # Why there is no response
    error: Union[str, None]


class GetWebhookDeliveryOutput(TypedDict):
    """Answer of get_webhook_delivery."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    webhook_id: str

    # The header webhook-id: the same in every try
    event_id: str

    event: str

    type: str

    mailbox_id: Union[str, None]

    thread_id: Union[str, None]

    status: Literal["pending", "delivered", "dead"]

    attempts: int

    next_attempt_at: Union[str, None]

    last_attempt: Union[GetWebhookDeliveryOutputLastAttempt, None]

    # ISO 8601 time
    created_at: str

    ended_at: Union[str, None]

    # Its first 65536 characters
    request_body: str

    request_body_truncated: bool

    # Oldest first, at most the last 50
    tries: List[GetWebhookDeliveryOutputTriesItem]


class RedeliverWebhookDeliveryOutputLastAttemptRequest(TypedDict):
    """Fields of RedeliverWebhookDeliveryOutputLastAttemptRequest."""

    method: Literal["POST"]

    url: str

    headers: Dict[str, str]


class RedeliverWebhookDeliveryOutputLastAttemptResponse(TypedDict):
    """Fields of RedeliverWebhookDeliveryOutputLastAttemptResponse."""

    status: int

    headers: Dict[str, str]

    # Its first 4096 bytes
    body: str


class RedeliverWebhookDeliveryOutputLastAttempt(TypedDict):
    """Fields of RedeliverWebhookDeliveryOutputLastAttempt."""

    attempt: int

    # ISO 8601 time
    at: str

    duration_ms: int

    request: RedeliverWebhookDeliveryOutputLastAttemptRequest

    response: Union[RedeliverWebhookDeliveryOutputLastAttemptResponse, None]

    # Why there is no response
    error: Union[str, None]


class RedeliverWebhookDeliveryOutput(TypedDict):
    """Answer of redeliver_webhook_delivery."""

    # 26-character id, sorts by time
    id: str

    # 26-character id, sorts by time
    webhook_id: str

    # The header webhook-id: the same in every try
    event_id: str

    event: str

    type: str

    mailbox_id: Union[str, None]

    thread_id: Union[str, None]

    status: Literal["pending", "delivered", "dead"]

    attempts: int

    next_attempt_at: Union[str, None]

    last_attempt: Union[RedeliverWebhookDeliveryOutputLastAttempt, None]

    # ISO 8601 time
    created_at: str

    ended_at: Union[str, None]


class ListWebhooksOutputWebhooksItem(TypedDict):
    """Fields of ListWebhooksOutputWebhooksItem."""

    # 26-character id, sorts by time
    id: str

    url: str

    events: List[str]

    # Only events of this mailbox; null: of all
    mailbox_id: Union[str, None]

    # Made by a call, or the webhook_url or oversight_webhook_url of its mailbox
    origin: Literal["api", "mailbox", "oversight"]

    description: Union[str, None]

    # True: events of a thread come one after the other
    ordered: bool

    active: bool

    # True: what happens waits until it is resumed, for 30 days
    paused: bool

    paused_at: Union[str, None]

    paused_reason: Union[str, None]

    # Since when nothing got through
    failing_since: Union[str, None]

    last_success_at: Union[str, None]

    last_failure_at: Union[str, None]

    # Until then the secret before signs too
    old_secret_until: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class ListWebhooksOutputSubscriptionsItem(TypedDict):
    """Fields of ListWebhooksOutputSubscriptionsItem."""

    # 26-character id, sorts by time
    id: str

    url: str

    events: List[str]

    # Only events of this mailbox; null: of all
    mailbox_id: Union[str, None]

    # Made by a call, or the webhook_url or oversight_webhook_url of its mailbox
    origin: Literal["api", "mailbox", "oversight"]

    description: Union[str, None]

    # True: events of a thread come one after the other
    ordered: bool

    active: bool

    # True: what happens waits until it is resumed, for 30 days
    paused: bool

    paused_at: Union[str, None]

    paused_reason: Union[str, None]

    # Since when nothing got through
    failing_since: Union[str, None]

    last_success_at: Union[str, None]

    last_failure_at: Union[str, None]

    # Until then the secret before signs too
    old_secret_until: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class ListWebhooksOutput(TypedDict):
    """Answer of list_webhooks."""

    webhooks: List[ListWebhooksOutputWebhooksItem]

    # The same as webhooks
    subscriptions: List[ListWebhooksOutputSubscriptionsItem]

    # Give it as `cursor` for the next page; null at the end
    next_cursor: Union[str, None]


class CreateWebhookOutput(TypedDict):
    """Fields of CreateWebhookOutput."""

    # 26-character id, sorts by time
    id: str

    url: str

    events: List[str]

    # Only events of this mailbox; null: of all
    mailbox_id: Union[str, None]

    # Made by a call, or the webhook_url or oversight_webhook_url of its mailbox
    origin: Literal["api", "mailbox", "oversight"]

    description: Union[str, None]

    # True: events of a thread come one after the other
    ordered: bool

    active: bool

    # True: what happens waits until it is resumed, for 30 days
    paused: bool

    paused_at: Union[str, None]

    paused_reason: Union[str, None]

    # Since when nothing got through
    failing_since: Union[str, None]

    last_success_at: Union[str, None]

    last_failure_at: Union[str, None]

    # Until then the secret before signs too
    old_secret_until: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str

    # whsec_… as libraries of Standard Webhooks take it: shown once
    signing_secret: str


class GetWebhookOutput(TypedDict):
    """Answer of get_webhook."""

    # 26-character id, sorts by time
    id: str

    url: str

    events: List[str]

    # Only events of this mailbox; null: of all
    mailbox_id: Union[str, None]

    # Made by a call, or the webhook_url or oversight_webhook_url of its mailbox
    origin: Literal["api", "mailbox", "oversight"]

    description: Union[str, None]

    # True: events of a thread come one after the other
    ordered: bool

    active: bool

    # True: what happens waits until it is resumed, for 30 days
    paused: bool

    paused_at: Union[str, None]

    paused_reason: Union[str, None]

    # Since when nothing got through
    failing_since: Union[str, None]

    last_success_at: Union[str, None]

    last_failure_at: Union[str, None]

    # Until then the secret before signs too
    old_secret_until: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class UpdateWebhookOutput(TypedDict):
    """Fields of UpdateWebhookOutput."""

    # 26-character id, sorts by time
    id: str

    url: str

    events: List[str]

    # Only events of this mailbox; null: of all
    mailbox_id: Union[str, None]

    # Made by a call, or the webhook_url or oversight_webhook_url of its mailbox
    origin: Literal["api", "mailbox", "oversight"]

    description: Union[str, None]

    # True: events of a thread come one after the other
    ordered: bool

    active: bool

    # True: what happens waits until it is resumed, for 30 days
    paused: bool

    paused_at: Union[str, None]

    paused_reason: Union[str, None]

    # Since when nothing got through
    failing_since: Union[str, None]

    last_success_at: Union[str, None]

    last_failure_at: Union[str, None]

    # Until then the secret before signs too
    old_secret_until: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class DeleteWebhookOutput(TypedDict):
    """Fields of DeleteWebhookOutput."""

    # 26-character id, sorts by time
    id: str

    url: str

    events: List[str]

    # Only events of this mailbox; null: of all
    mailbox_id: Union[str, None]

    # Made by a call, or the webhook_url or oversight_webhook_url of its mailbox
    origin: Literal["api", "mailbox", "oversight"]

    description: Union[str, None]

    # True: events of a thread come one after the other
    ordered: bool

    active: bool

    # True: what happens waits until it is resumed, for 30 days
    paused: bool

    paused_at: Union[str, None]

    paused_reason: Union[str, None]

    # Since when nothing got through
    failing_since: Union[str, None]

    last_success_at: Union[str, None]

    last_failure_at: Union[str, None]

    # Until then the secret before signs too
    old_secret_until: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str


class RedeliverWebhookOutput(TypedDict):
    """Answer of redeliver_webhook."""

    # Deliveries that were queued again
    count: int


class RotateWebhookOutput(TypedDict):
    """Answer of rotate_webhook."""

    # 26-character id, sorts by time
    id: str

    url: str

    events: List[str]

    # Only events of this mailbox; null: of all
    mailbox_id: Union[str, None]

    # Made by a call, or the webhook_url or oversight_webhook_url of its mailbox
    origin: Literal["api", "mailbox", "oversight"]

    description: Union[str, None]

    # True: events of a thread come one after the other
    ordered: bool

    active: bool

    # True: what happens waits until it is resumed, for 30 days
    paused: bool

    paused_at: Union[str, None]

    paused_reason: Union[str, None]

    # Since when nothing got through
    failing_since: Union[str, None]

    last_success_at: Union[str, None]

    last_failure_at: Union[str, None]

    # Until then the secret before signs too
    old_secret_until: Union[str, None]

    # ISO 8601 time
    created_at: str

    # ISO 8601 time
    updated_at: str

    # whsec_… as libraries of Standard Webhooks take it: shown once
    signing_secret: str


class TestWebhookOutput(TypedDict):
    """Answer of test_webhook."""

    # 26-character id, sorts by time
    delivery_id: str

    # 26-character id, sorts by time
    event_id: str

    status: Literal["pending"]


UpdateAccountOutput = Union[UpdateAccountOutput, ApprovalRequired]


DeleteAccountOutput = Union[DeleteAccountOutput, ApprovalRequired]


CreateApiKeyOutput = Union[CreateApiKeyOutput, ApprovalRequired]


UpdateApiKeyOutput = Union[ApiKey, ApprovalRequired]


RevokeApiKeyOutput = ApiKey


ReleaseLegalHoldOutput = Union[ReleaseLegalHoldOutput, ApprovalRequired]


CreateMailboxOutput = Union[Mailbox, ApprovalRequired]


GetMailboxOutput = Mailbox


UpdateMailboxOutput = Union[Mailbox, ApprovalRequired]


AddAllowlistEntryOutput = Union[AddAllowlistEntryOutput, ApprovalRequired]


ConfigureMailboxOutput = Mailbox


CreateDraftOutput = Email


GetDraftOutput = Email


UpdateDraftOutput = Email


ReadEmailOutput = Email


ResumeSendingOutput = Union[ResumeSendingOutput, ApprovalRequired]


CreatePolicyOutput = Union[CreatePolicyOutput, ApprovalRequired]


UpdatePolicyOutput = Union[UpdatePolicyOutput, ApprovalRequired]


RevokePolicyOutput = Union[RevokePolicyOutput, ApprovalRequired]


PutRetentionOutput = Union[PutRetentionOutput, ApprovalRequired]


EraseSubjectOutput = Union[EraseSubjectOutput, ApprovalRequired]


CreateWebhookOutput = Union[CreateWebhookOutput, ApprovalRequired]


UpdateWebhookOutput = Union[UpdateWebhookOutput, ApprovalRequired]


DeleteWebhookOutput = Union[DeleteWebhookOutput, ApprovalRequired]

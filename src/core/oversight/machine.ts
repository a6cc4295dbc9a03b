/** The oversight machine: one pure, total function from a message and an event to the next state or a refusal. */
import type { RefusalCode } from "../refusal.ts";
import { gates, maySubmit, stricter } from "./mode.ts";
import type { Approval, Event, Message, Mode, Status, Step } from "./types.ts";

const no = (refusal: RefusalCode): Step => ({ ok: false, refusal });
const to = (message: Message, status: Status, change: Partial<Message> = {}): Step => ({
  ok: true,
  message: { ...message, ...change, status },
});

/** What a new message needs to be submitted. */
export type Submission = Pick<
  Message,
  "mode" | "test" | "authors" | "digest" | "required" | "passkey" | "timing"
>;

/** The first state of a submitted message, or `mode_forbids_send`. */
export function submit(submission: Submission): Step {
  if (!maySubmit(submission.mode)) return no("mode_forbids_send");
  return {
    ok: true,
    message: {
      ...submission,
      status: "pending_scan",
      approvals: [],
      gated: false,
      handed: false,
    },
  };
}

/** True for an approval that is as strong as the message asks for. */
export function isStrong(
  { passkey }: Pick<Message, "passkey">,
  approval: Pick<Approval, "class">,
): boolean {
  return !passkey || approval.class === "A";
}

/** True for who has approved as strongly as is asked for by now. Who approved weakly before passkeys were asked for may approve again. */
export function hasApproved(
  message: Pick<Message, "approvals" | "passkey">,
  principal: string,
): boolean {
  return message.approvals.some(
    (approval) => approval.by === principal && isStrong(message, approval),
  );
}

/** Distinct approvals of exactly this digest, strong enough, by people who neither wrote nor edited it. */
export function countApprovals(
  message: Pick<Message, "approvals" | "passkey" | "authors">,
  digest: string,
): number {
  const approvers = new Set<string>();
  for (const approval of message.approvals)
    if (
      approval.digest === digest &&
      isStrong(message, approval) &&
      !message.authors.includes(approval.by)
    )
      approvers.add(approval.by);
  return approvers.size;
}

/** True when the approvals of the message's own digest reach its quorum. */
export function isApproved(message: Message): boolean {
  return countApprovals(message, message.digest) >= message.required;
}

/**
 * Applies one event. Total over every state and event; never throws, reads no clock.
 * `not_pending` and its kin say that the event does not exist in this state.
 */
export function step(message: Message, event: Event): Step {
  switch (event.type) {
    case "scan":
      return scan(message, event);
    case "approve":
    case "reject":
    case "revise":
      return decide(message, event);
    case "edit":
      return edit(message, event);
    case "resubmit":
      return resubmit(message, event.by, event.mode);
    case "undo":
      return message.status === "scheduled" && message.gated && isApproved(message)
        ? to(message, "pending_approval", { approvals: [] })
        : no("not_scheduled");
    case "cancel":
      return cancel(message);
    case "expire":
      return message.status === "pending_approval" ? to(message, "expired") : no("not_pending");
    case "release":
      return release(message);
    case "hand_off":
      return handOff(message, event);
    case "accepted":
    case "delivered":
    case "deferred":
    case "lost":
    case "failed":
    case "bounced":
      return result(message, event.type);
  }
}

function scan(message: Message, event: Extract<Event, { type: "scan" }>): Step {
  if (message.status !== "pending_scan") return no("not_in_scan");
  if (event.verdict === "block" || !maySubmit(message.mode)) return to(message, "blocked");
  const gated = gates(message.mode, event.allowlisted) || event.verdict === "review";
  if (gated && !(message.timing === "schedule_first" && event.wait))
    return to(message, "pending_approval", { gated });
  return to(message, event.wait ? "scheduled" : "queued", { gated });
}

function decide(
  message: Message,
  event: Extract<Event, { type: "approve" | "reject" | "revise" }>,
): Step {
  if (message.status !== "pending_approval") return no("not_pending");
  if (message.authors.includes(event.by)) return no("self_approval");
  if (event.digest !== message.digest) return no("stale_digest");
  if (event.type === "reject") return to(message, "rejected");
  if (event.type === "revise") return to(message, "draft", { approvals: [] });
  if (!isStrong(message, event)) return no("passkey_required");
  if (hasApproved(message, event.by)) return no("already_decided");
  const approvals = [
    ...message.approvals,
    { by: event.by, digest: event.digest, class: event.class },
  ];
  const next = { ...message, approvals };
  if (!isApproved(next)) return to(next, "pending_approval");
  return to(next, event.wait ? "scheduled" : "queued");
}

function edit(message: Message, event: Extract<Event, { type: "edit" }>): Step {
  // One Message-ID never carries two contents: what may have arrived stays as it was.
  if (message.handed) return no("not_editable");
  const authors = message.authors.includes(event.by)
    ? message.authors
    : [...message.authors, event.by];
  const change = { authors, digest: event.digest, approvals: [] };
  switch (message.status) {
    case "draft":
    case "pending_approval":
      return to(message, message.status, change);
    case "scheduled":
      // New content was never scanned and its gate was never asked.
      return to(message, "pending_scan", { ...change, gated: false });
    default:
      return no("not_editable");
  }
}

function resubmit(message: Message, by: string, mode: Mode): Step {
  if (message.status !== "draft") return no("not_editable");
  const now = stricter(message.mode, mode);
  if (!maySubmit(now)) return no("mode_forbids_send");
  const authors = message.authors.includes(by) ? message.authors : [...message.authors, by];
  return to(message, "pending_scan", { mode: now, authors, approvals: [], gated: false });
}

function cancel(message: Message): Step {
  // Once it has been on the wire, saying "cancelled" could be untrue, also while it is held again.
  if (message.handed) return no("not_cancellable");
  switch (message.status) {
    case "draft":
    case "pending_scan":
    case "pending_approval":
    case "scheduled":
    case "queued":
      return to(message, "cancelled");
    default:
      return no("not_cancellable");
  }
}

function release(message: Message): Step {
  if (message.status !== "scheduled") return no("not_scheduled");
  return to(message, message.gated && !isApproved(message) ? "pending_approval" : "queued");
}

function handOff(message: Message, event: Extract<Event, { type: "hand_off" }>): Step {
  if (message.status !== "queued") return no("not_queued");
  if (event.digest !== message.digest) return no("digest_mismatch");
  if (event.stopped) return no("operator_stopped");
  const mode = stricter(message.mode, event.mode);
  if (!maySubmit(mode)) return to(message, "blocked");
  if (event.verdict === "block") return to(message, "blocked");
  const gated = message.gated || event.verdict === "review" || gates(mode, event.allowlisted);
  const demands = {
    gated,
    required: Math.max(message.required, event.required),
    passkey: message.passkey || event.passkey,
  };
  if (gated && !isApproved({ ...message, ...demands }))
    return to(message, "pending_approval", demands);
  if (event.suppressed) return to(message, "suppressed", demands);
  if (message.test) return to(message, "sandboxed", demands);
  if (event.over_quota) return no("quota_exceeded");
  return to(message, "sending", { ...demands, handed: true });
}

function result(
  message: Message,
  type: "accepted" | "delivered" | "deferred" | "lost" | "failed" | "bounced",
): Step {
  const { status } = message;
  // A deferred message whose last open recipients fell away has still been sent to the others.
  const onTheWire = status === "sending" || (status === "queued" && message.handed);
  switch (type) {
    case "accepted":
      return onTheWire ? to(message, "sent") : no("not_sending");
    case "delivered":
      return onTheWire || status === "sent" ? to(message, "delivered") : no("not_sending");
    case "deferred":
    case "lost":
      // `lost`: the remote's answer never came. It is retried with the same Message-ID.
      return status === "sending" ? to(message, "queued") : no("not_sending");
    case "failed":
      return onTheWire ? to(message, "send_failed") : no("not_sending");
    case "bounced":
      return status === "sending" || status === "sent" || status === "delivered"
        ? to(message, "bounced")
        : no("not_sending");
  }
}

/** The vocabulary of the oversight machine: modes, statuses, the message as oversight sees it, and its events. */
import type { RefusalCode } from "../refusal.ts";

/** Oversight modes in ascending order of autonomy (product contract, section 2). */
export const modes = ["read_only", "gated_all", "gated_send", "monitored", "autonomous"] as const;

/** One of {@link modes}. */
export type Mode = (typeof modes)[number];

/** Every state an outbound message can be in. `draft` is also where `revise` puts it back. */
export const statuses = [
  "draft",
  "pending_scan",
  "pending_approval",
  "scheduled",
  "queued",
  "sending",
  "sent",
  "delivered",
  "blocked",
  "rejected",
  "cancelled",
  "expired",
  "suppressed",
  "send_failed",
  "bounced",
  "sandboxed",
] as const;

/** One of {@link statuses}. */
export type Status = (typeof statuses)[number];

/** States that nothing leaves, whatever happens. */
export const absorbing: readonly Status[] = [
  "blocked",
  "rejected",
  "cancelled",
  "expired",
  "suppressed",
  "send_failed",
  "bounced",
  "sandboxed",
];

/** Whether the gate comes before the wait for `send_at` or after it. */
export const gateTimings = ["gate_first", "schedule_first"] as const;

/** One of {@link gateTimings}. */
export type GateTiming = (typeof gateTimings)[number];

/** How strongly a decision is proved: A a passkey, B the service vouches, C the operator asserts (product contract, section 5). */
export const decisionClasses = ["A", "B", "C"] as const;

/** One of {@link decisionClasses}. */
export type DecisionClass = (typeof decisionClasses)[number];

/** One person's or system's yes to one digest. */
export type Approval = { by: string; digest: string; class: DecisionClass };

/** An outbound message as far as oversight is concerned. Principals and digests are opaque strings. */
export type Message = {
  status: Status;
  /** The mailbox's mode when the message was submitted. */
  mode: Mode;
  test: boolean;
  /** Principals who composed or edited it; none of them can decide on it. */
  authors: readonly string[];
  digest: string;
  /** Approvals of the current content; an edit empties the list. */
  approvals: readonly Approval[];
  /** Distinct approvals that a gate asks for, 1..5. */
  required: number;
  /** True when only approvals by passkey (class A) count. */
  passkey: boolean;
  timing: GateTiming;
  /** True when the scan found that a person has to decide. */
  gated: boolean;
  /** True once any hand-off has happened: from then on it cannot be cancelled. */
  handed: boolean;
};

/** What scan and policies say. `review` gates the message even where the mode would not. */
export type Verdict = "pass" | "review" | "block";

/** Everything that can happen to a message. */
export type Event =
  | { type: "scan"; verdict: Verdict; allowlisted: boolean; wait: boolean }
  | { type: "approve"; by: string; digest: string; class: DecisionClass; wait: boolean }
  | { type: "reject"; by: string; digest: string }
  | { type: "revise"; by: string; digest: string }
  | { type: "edit"; by: string; digest: string }
  | { type: "resubmit"; by: string; mode: Mode }
  | { type: "undo" }
  | { type: "cancel" }
  | { type: "expire" }
  | { type: "release" }
  | {
      type: "hand_off";
      /** The mailbox's mode now. */
      mode: Mode;
      /** Every recipient matches the allowlist now, or a rule that stands now lets the message through. */
      allowlisted: boolean;
      /** What the policies say now. */
      verdict: Verdict;
      /** Approvals that mailbox and policies ask for now; the greater of this and the message's own counts. */
      required: number;
      /** Whether mailbox or policies ask for passkeys now. */
      passkey: boolean;
      /** The operator's kill switch. */
      stopped: boolean;
      /** No recipient is left that may be written to. */
      suppressed: boolean;
      /** A daily quota or warm-up cap is used up. */
      over_quota: boolean;
      /** The digest of the exact bytes about to be sent. */
      digest: string;
    }
  | { type: "accepted" }
  | { type: "delivered" }
  | { type: "deferred" }
  | { type: "lost" }
  | { type: "failed" }
  | { type: "bounced" };

/** Names of the events. */
export type EventType = Event["type"];

/** The machine's answer: the next state, or why not. */
export type Step = { ok: true; message: Message } | { ok: false; refusal: RefusalCode };

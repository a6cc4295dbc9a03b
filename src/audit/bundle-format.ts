/** The evidence bundle of one message as JSON: everything that an outsider needs to check its story offline. */
import type { JWK } from "jose";
import type { BundleReceipt } from "./bundle-receipt.ts";
import type { StatementEnvelope } from "./statement.ts";

/** Marks the format; a reader refuses any other. */
export const bundleFormat = "multimail-bundle/v1";

/** Public keys that a verifier may pin: the instance's identity keys, DKIM records by DNS name, log keys by origin. */
export type PublicKeys = {
  jwks: { keys: JWK[] };
  /** `<selector>._domainkey.<domain>` to its TXT text. */
  dkim: Record<string, string>;
  /** Log origin to vkey (C2SP signed-note). */
  logs: Record<string, string>;
  /** Log origin to the key by which its operator signs heads of the approver directory: `ssh-ed25519 AAAA…`. */
  directory?: Record<string, string>;
};

/** One entry of the log that speaks of the message. `proof` is null until the sequencer has placed it. */
export type BundleEntry = {
  id: string;
  index: number | null;
  /** base64 of the canonical bytes that were hashed. */
  body: string;
  /** C2SP tlog-proof@v1 text against the bundle's checkpoint. */
  proof: string | null;
};

/** One opening of a commitment in an entry; an erased one is simply not here. */
export type BundleOpening = { entry_id: string; field: string; c: string; r: string; data: string };

/** The bundle. Times are ISO 8601, binary fields base64; hashes and the `r` of openings hex. */
export type Bundle = {
  format: typeof bundleFormat;
  created_at: string;
  email: {
    id: string;
    mailbox_id: string;
    thread_id: string;
    message_id: string;
    status: string;
    test: boolean;
    /** Mode at submission and approvals it asked for. */
    oversight_mode: string;
    gated: boolean;
    approvals_required: number;
    author: { kind: string; id: string };
  };
  /** Hex content digest (formats, section 1). */
  digest: string;
  /** The frozen MIME message with the placeholder, base64. */
  mime: string;
  /** Every envelope recipient with the token that stands in their copy. */
  recipients: {
    position: number;
    kind: "to" | "cc" | "bcc" | "copy";
    address: string;
    token: string;
    status: string;
    /** Of the recipient's last attempt; null before the first. */
    receipt: BundleReceipt | null;
  }[];
  decisions: {
    decision: "approve" | "reject" | "revise";
    class: "A" | "B" | "C";
    at: string;
    /** The entry that records it. */
    entry_id: string;
    statement: StatementEnvelope;
  }[];
  /** Of the approver directory what class A decisions need; absent where there is none of them. */
  directory?: {
    /** Each passkey's enrolment, and its revocation where there is one by now. */
    passkeys: { enrolled: BundleEntry; revoked: BundleEntry | null }[];
    /** Heads with these passkeys in them that the operator signed with a key of their own (directory.ts, sshsig.ts). */
    heads: { statement: string; signature: string }[];
  };
  entries: BundleEntry[];
  openings: BundleOpening[];
  /** The signed checkpoint that the proofs lead to; null while the log is empty. */
  checkpoint: string | null;
  /** The operator's JWS that nothing is left out as of `created_at` (bundle-completeness.ts). */
  completeness: string;
  keys: PublicKeys;
};

/** What came of handing a message to an SMTP server, recipient by recipient, and the failures behind it. */
import type { SmtpReply } from "./smtp-reply.ts";

/** How far the conversation was. Everything before `mail` concerns the connection and not the message. */
export type SmtpStage =
  | "connect"
  | "tls"
  | "greeting"
  | "ehlo"
  | "auth"
  | "mail"
  | "rcpt"
  | "data"
  | "message";

/** Why there is no reply of the server to go by. */
export type FailureReason =
  | "connect_failed"
  | "timeout"
  | "tls_failed"
  | "auth_failed"
  | "closed"
  | "protocol_error"
  | "size_exceeded"
  | "needs_8bitmime"
  | "transport_closed"
  | "recalled"
  /** DNS did not tell where to go. */
  | "dns_failed"
  /** DNS told that there is nowhere to go, or nowhere we may go. */
  | "unroutable"
  /** Too much waits for this destination already; nothing was tried. */
  | "congested";

/**
 * `unknown`: the final dot was written and the connection was lost before the reply, so the message may have been taken.
 * It is the only outcome after which a repeat can deliver twice.
 */
export type RecipientOutcome = "accepted" | "temporary" | "permanent" | "unknown";

export interface RecipientResult {
  /** Exactly the string given to `send`. */
  readonly address: string;
  readonly outcome: RecipientOutcome;
  /** The server's reply; where it gave none, `code` is 0 and `enhanced` and `text` are ours. */
  readonly reply: SmtpReply;
  /** The stage that decided. */
  readonly stage: SmtpStage;
  /** Null when the server's reply decided. */
  readonly reason: FailureReason | null;
}

export interface TlsInfo {
  /** Such as `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  /** SHA-256 of the peer's certificate, upper-case hex with colons; empty if it showed none. */
  readonly peer_fingerprint256: string;
  /** The certificate chains to a trusted root and names the host. */
  readonly authorized: boolean;
  /** What the destination demands of TLS, where that was looked up (direct delivery): MTA-STS in enforce mode, or DANE. */
  readonly policy?: "none" | "mta-sts" | "dane";
  /** The certificate was checked and fits that policy; without one nothing is checked. */
  readonly verified?: boolean;
}

/** Who was spoken to. `address` is null when no connection came about. */
export interface PeerInfo {
  readonly host: string;
  readonly address: string | null;
  readonly port: number;
  readonly tls: TlsInfo | null;
}

export interface ConnectionInfo extends PeerInfo {
  /** When the last recipient was decided, ISO 8601 in UTC. */
  readonly at: string;
  /** What a reader of the trace should know: hosts tried in vain before, a TLS handshake that failed. */
  readonly note?: string;
  /** What was said on the wire, without the message and without secrets; absent where nothing was. */
  readonly transcript?: string;
  /** A relay took part in the place of the recipients' own servers: what it accepted is on its way, not delivered. */
  readonly relayed?: true;
}

/** One entry in `recipients` per recipient, in the order given. */
export interface SendResult {
  readonly recipients: readonly RecipientResult[];
  readonly connection: ConnectionInfo;
}

/** Enhanced status codes for what no server told us (RFC 3463). */
const ENHANCED_OF: Readonly<Record<FailureReason, string>> = {
  connect_failed: "4.4.1",
  timeout: "4.4.2",
  closed: "4.4.2",
  tls_failed: "4.7.5",
  auth_failed: "4.7.0",
  protocol_error: "4.5.0",
  transport_closed: "4.3.2",
  recalled: "4.7.0",
  size_exceeded: "5.3.4",
  needs_8bitmime: "5.6.3",
  dns_failed: "4.4.3",
  unroutable: "5.4.4",
  congested: "4.4.5",
};

/** The end of a connection, or of the attempt to have one. `reply` is the server's last word, where that was the cause. */
export class SmtpFailure extends Error {
  override readonly name = "SmtpFailure";
  readonly reason: FailureReason | null;
  readonly reply: SmtpReply;
  stage: SmtpStage = "connect";
  /** What was said until then, where it was the opening of a session that failed. */
  transcript: string | undefined;

  constructor(cause: FailureReason | SmtpReply, text = "") {
    super(typeof cause === "string" ? text : `${cause.code} ${cause.text}`);
    this.reason = typeof cause === "string" ? cause : null;
    this.reply = typeof cause === "string" ? ownReply(cause, text) : cause;
  }
}

/** A reply in the server's stead. */
export function ownReply(reason: FailureReason, text: string): SmtpReply {
  return { code: 0, enhanced: ENHANCED_OF[reason], text };
}

/** The error code of a socket or TLS error, else its message: short and free of addresses and secrets. */
export function causeText(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === "string" ? code : error.message;
}

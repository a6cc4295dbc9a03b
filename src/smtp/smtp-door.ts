/** What both SMTP doors have in common: options, the parts of a session, and the settings of the server beneath. */
import { setTimeout as delay } from "node:timers/promises";

import type { SMTPServerOptions, SMTPServerSession } from "smtp-server";

import type { SelfSigned } from "./self-signed.ts";
import { DEFAULT_SESSION_LIMITS } from "./session-limits.ts";
import type { SessionLimits, SourceBook } from "./session-limits.ts";
import { SmtpAnswer } from "./smtp-answer.ts";
import { noteProtocol, tlsOf } from "./strict-server.ts";
import type { DoorLog } from "./strict-server.ts";
import { wireAddress } from "./wire-address.ts";

export interface DoorOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Our name in greeting and EHLO reply, and in `authserv-id`s. */
  readonly name: string;
  readonly log: DoorLog;
  /** PEM; STARTTLS is offered only with it. */
  readonly tls: SelfSigned | null;
  readonly limits?: Partial<SessionLimits>;
  readonly now: () => Date;
}

export interface Door {
  readonly host: string;
  readonly port: number;
  /** Uses another certificate from the next STARTTLS on; sessions that are open keep theirs. @throws where it is none */
  renew(tls: SelfSigned): void;
  /**
   * Stops taking sessions; messages on their way get `grace_ms` (default 10,000) to arrive. Resolves when all is over.
   */
  close(grace_ms?: number): Promise<void>;
}

/** What is known of the session that a message came by. */
export interface MailSession {
  /** IP address; IPv4 never in its IPv6 form. */
  readonly remote_address: string;
  /** By reverse look-up; the doors make none. */
  readonly remote_name?: string;
  /** As the client gave it, lower case; hostile. */
  readonly helo: string;
  readonly tls: { readonly version: string; readonly cipher: string } | null;
  readonly smtputf8: boolean;
  /** When the data was complete. */
  readonly at: Date;
}

export function limitsOf(options: DoorOptions): SessionLimits {
  return { ...DEFAULT_SESSION_LIMITS, ...options.limits };
}

/** The settings of smtp-server that both doors share. `AUTH` is decided by {@link StrictServer}. */
export function serverOptions(options: DoorOptions, limits: SessionLimits): SMTPServerOptions {
  return {
    name: options.name,
    heloResponse: "%s",
    ...options.tls,
    disabledCommands: [
      "XCLIENT",
      "XFORWARD",
      "WIZ",
      "SHELL",
      "KILL",
      ...(options.tls === null ? ["STARTTLS"] : []),
    ],
    authMethods: ["PLAIN", "LOGIN"],
    // Asked at MAIL, by us: smtp-server asks nobody where AUTH is not offered.
    authOptional: true,
    allowInsecureAuth: true,
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    logger: false,
    size: limits.message_size,
    rejectOversized: true,
    maxRecipients: limits.recipients,
    socketTimeout: limits.idle_ms,
    onSecure: noteProtocol,
  };
}

/** The session as those who take the message see it. */
export function mailSession(session: SMTPServerSession, at: Date): MailSession {
  return {
    remote_address: session.remoteAddress,
    helo: session.hostNameAppearsAs,
    tls: tlsOf(session),
    smtputf8: session.envelope.smtpUtf8 === true,
    at,
  };
}

/** The envelope as it was on the wire; '' is the null sender. */
export function envelopeOf(session: SMTPServerSession): { from: string; to: string[] } {
  const { mailFrom, rcptTo } = session.envelope;
  return {
    from: mailFrom === false ? "" : wireAddress(mailFrom.address),
    to: rcptTo.map((one) => wireAddress(one.address)),
  };
}

/**
 * An envelope address as on the wire.
 * @throws SmtpAnswer 550 5.6.7 where it is not ASCII and the client did not say SMTPUTF8 (RFC 6531 §3.1)
 */
export function envelopeAddress(address: string, session: SMTPServerSession): string {
  const wire = wireAddress(address);
  if (session.envelope.smtpUtf8 !== true && /[^\u0020-\u007e]/.test(wire))
    throw new SmtpAnswer(550, "5.6.7", "address needs SMTPUTF8");
  return wire;
}

/** Says at MAIL whether this source may begin a message now. */
export function mayBegin(sources: SourceBook, remote_address: string): void {
  if (!sources.begin(remote_address))
    throw new SmtpAnswer(450, "4.7.1", "too many messages from your address in a minute");
}

/** Notes a mistake of this source, and makes it wait. @throws SmtpAnswer 421 when there were too many */
export async function punish(sources: SourceBook, remote_address: string): Promise<void> {
  await delay(sources.strike(remote_address), undefined, { ref: false });
  if (sources.struckOut(remote_address))
    throw new SmtpAnswer(421, "4.7.0", "too many mistakes from your address, try again later");
}

/** The inbound SMTP door: takes mail for our recipients from anybody, says 250 when it is on disk, and relays nothing. */
import { SourceBook } from "./session-limits.ts";
import type { SessionLimits } from "./session-limits.ts";
import { MailboxPace } from "./mailbox-pace.ts";
import { MessageIntake, answer } from "./message-intake.ts";
import { SmtpAnswer } from "./smtp-answer.ts";
import {
  envelopeAddress,
  envelopeOf,
  limitsOf,
  mailSession,
  mayBegin,
  punish,
  serverOptions,
} from "./smtp-door.ts";
import type { Door, DoorOptions, MailSession } from "./smtp-door.ts";
import { StrictServer } from "./strict-server.ts";
import type { SMTPServerSession } from "smtp-server";

export type RecipientVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: 450 | 451 | 452 | 550 | 551 | 552;
      /** Such as `5.1.1`; its first digit agrees with `code`. */
      readonly enhanced: string;
      readonly text: string;
    };

export interface InboundMail {
  /** Envelope sender as on the wire; '' is the null sender. */
  readonly from: string;
  /** Envelope recipients as on the wire, each approved by `recipient`; `postmaster` may come without a domain. */
  readonly to: readonly string[];
  /** Exactly the octets sent, stuffing removed; every line ends in CRLF, and there is no NUL. */
  readonly raw: Buffer;
  readonly session: MailSession;
}

/** Who takes the mail; the engine, seen from here. */
export interface Inbox {
  /** Whether this address is ours and takes mail. Thrown errors become 451. */
  recipient(
    address: string,
    session: { readonly remote_address: string; readonly from: string },
  ): Promise<RecipientVerdict>;
  /** Resolves when the message is on disk. Thrown errors become 451, and the client keeps the message. */
  accept(mail: InboundMail): Promise<{ readonly id: string }>;
}

export interface InboundOptions extends DoorOptions {
  readonly inbox: Inbox;
}

/**
 * Starts the inbound door (RFC 5321). Offers PIPELINING, 8BITMIME, SMTPUTF8, SIZE, ENHANCEDSTATUSCODES and, with a key,
 * STARTTLS. Data with a bare CR or LF, a NUL or an over-long line is refused and the session ends with it.
 * @throws the listen error, such as EADDRINUSE
 */
export async function startInbound(options: InboundOptions): Promise<Door> {
  const limits = limitsOf(options);
  const sources = new SourceBook(limits, options.now);
  const { log } = options;
  const reception = new Reception(options, limits, sources);
  const server = new StrictServer(
    {
      ...serverOptions(options, limits),
      onMailFrom: (sender, session, callback) =>
        void answer(reception.sender(sender.address, session), callback, log),
      onRcptTo: (recipient, session, callback) =>
        void answer(reception.recipient(recipient.address, session), callback, log),
      onData: (stream, session, callback) =>
        void answer(
          reception.intake.take(stream, session.remoteAddress, (raw) =>
            reception.message(raw, session),
          ),
          callback,
          log,
        ),
    },
    { limits, sources, log, clear_auth: null },
  );
  const address = await server.open(options.host, options.port);
  return {
    host: address.address,
    port: address.port,
    renew: (tls) => server.updateSecureContext(tls),
    close: async (grace_ms = 10_000) => await server.stop(grace_ms),
  };
}

/** What the inbound door answers, command by command. */
class Reception {
  readonly intake: MessageIntake;
  readonly #options: InboundOptions;
  readonly #sources: SourceBook;
  readonly #mailboxes: MailboxPace;

  constructor(options: InboundOptions, limits: SessionLimits, sources: SourceBook) {
    this.#options = options;
    this.#sources = sources;
    this.#mailboxes = new MailboxPace(limits.messages_per_recipient, options.now);
    this.intake = new MessageIntake(limits, options.now);
  }

  async sender(address: string, session: SMTPServerSession): Promise<void> {
    await Promise.resolve();
    envelopeAddress(address, session);
    mayBegin(this.#sources, session.remoteAddress);
  }

  async recipient(address: string, session: SMTPServerSession): Promise<void> {
    const wire = envelopeAddress(address, session);
    const { from, to } = envelopeOf(session);
    // A bounce goes to whoever sent the one message (RFC 5321 §4.5.5).
    if (from === "" && to.length > 0 && !to.includes(wire))
      throw new SmtpAnswer(452, "4.5.3", "one recipient at a time from the null sender");
    const verdict = await this.#options.inbox.recipient(wire, {
      remote_address: session.remoteAddress,
      from,
    });
    if (verdict.ok) {
      // Senders come again. Only what is sent counts: naming a mailbox costs nothing, and must take nothing from it.
      if (!this.#mailboxes.hasRoom(wire, session.remoteAddress))
        throw new SmtpAnswer(452, "4.2.1", "this mailbox takes no more mail for a minute");
      return;
    }
    if (verdict.code >= 500) await punish(this.#sources, session.remoteAddress);
    throw new SmtpAnswer(verdict.code, verdict.enhanced, verdict.text);
  }

  async message(raw: Buffer, session: SMTPServerSession): Promise<string> {
    const envelope = envelopeOf(session);
    this.#mailboxes.count(envelope.to, session.remoteAddress);
    const { id } = await this.#options.inbox.accept({
      ...envelope,
      raw,
      session: mailSession(session, this.#options.now()),
    });
    this.#options.log.info(
      { id, size: raw.length, recipients: session.envelope.rcptTo.length },
      "inbound: message taken",
    );
    return `taken as ${id}`;
  }
}

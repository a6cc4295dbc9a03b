/** One mail transaction on an open session: MAIL, RCPT, DATA, content, and a result per recipient (RFC 5321 §3.3, RFC 2920). */
import { stuffContent } from "./smtp-content.ts";
import type { ContentFacts } from "./smtp-content.ts";
import { classify } from "./smtp-reply.ts";
import type { SmtpReply } from "./smtp-reply.ts";
import { SmtpFailure, ownReply } from "./smtp-result.ts";
import type { FailureReason, RecipientOutcome, RecipientResult, SmtpStage } from "./smtp-result.ts";
import type { Capabilities, SmtpSession, SmtpTimeouts } from "./smtp-session.ts";

/** A message that passed `assertEnvelope` and `inspectContent`. */
export interface CheckedMessage {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly data: Buffer;
  readonly facts: ContentFacts;
}

export interface TransactionEnd {
  readonly recipients: readonly RecipientResult[];
  /** What the session is good for now: the next message, the next one after RSET, or nothing. */
  readonly session: "reuse" | "reset" | "discard";
  /** The connection ended before the server answered anything of this message (421 is its farewell, not an answer). */
  readonly unheard: boolean;
}

/** Content goes out in pieces of this size, each with its deadline; whatever fits into one goes out with the final dot at once. */
const BLOCK = 65_536;

/** Sends one message. Never rejects for what a server does: that is in the result. */
export async function transact(
  session: SmtpSession,
  message: CheckedMessage,
  timeouts: SmtpTimeouts,
): Promise<TransactionEnd> {
  const transaction = new Transaction(session, message, timeouts);
  const overall = setTimeout(() => {
    session.wire.fail(
      new SmtpFailure("timeout", `message not done within ${timeouts.transaction} ms`),
    );
  }, timeouts.transaction);
  try {
    return await transaction.run();
  } finally {
    clearTimeout(overall);
  }
}

class Transaction {
  readonly #session: SmtpSession;
  readonly #message: CheckedMessage;
  readonly #timeouts: SmtpTimeouts;
  readonly #results: (RecipientResult | undefined)[];
  #stage: SmtpStage = "mail";
  #heard = false;
  /** From here on the server may have the whole message. */
  #dot_written = false;

  constructor(session: SmtpSession, message: CheckedMessage, timeouts: SmtpTimeouts) {
    this.#session = session;
    this.#message = message;
    this.#timeouts = timeouts;
    this.#results = new Array<RecipientResult | undefined>(message.recipients.length);
  }

  async run(): Promise<TransactionEnd> {
    const unfit = unfitFor(this.#session.capabilities, this.#message);
    if (unfit !== null) {
      this.#settle("permanent", unfit.reply, unfit.reason);
      return this.#end("reuse");
    }
    try {
      if (!(await this.#envelope())) return this.#end("reset");
      return this.#end(await this.#content());
    } catch (error) {
      if (!(error instanceof SmtpFailure)) throw error;
      this.#session.wire.fail(error);
      // A reply of the server tells that it did not take the message; silence after the dot tells nothing.
      const lost = this.#dot_written && error.reason !== null;
      this.#settle(lost ? "unknown" : "temporary", error.reply, error.reason);
      return this.#end("discard");
    }
  }

  #end(session: TransactionEnd["session"]): TransactionEnd {
    return {
      recipients: this.#results as RecipientResult[],
      session,
      unheard: session === "discard" && !this.#heard,
    };
  }

  /** Decides every recipient that is undecided yet. */
  #settle(outcome: RecipientOutcome, reply: SmtpReply, reason: FailureReason | null): void {
    const { recipients } = this.#message;
    for (let i = 0; i < recipients.length; i++) {
      this.#results[i] ??= { address: recipients[i]!, outcome, reply, stage: this.#stage, reason };
    }
  }

  /** MAIL, RCPTs and DATA. True when the server waits for content; otherwise all recipients are decided. */
  async #envelope(): Promise<boolean> {
    const { wire, capabilities } = this.#session;
    const { recipients } = this.#message;
    const mail = mailCommand(this.#message, capabilities);
    if (capabilities.pipelining)
      wire.write(
        `${mail}RCPT TO:<${recipients.join(">\r\nRCPT TO:<")}>\r\nDATA\r\n`,
        recipients.length + 2,
      );

    const sender = await this.#ask("mail", mail, this.#timeouts.mail);
    if (sender.code >= 400) {
      this.#settle(classify(sender).outcome, sender, null);
      return await this.#drain(recipients.length);
    }
    let accepted = 0;
    for (let i = 0; i < recipients.length; i++) {
      const address = recipients[i]!;
      const reply = await this.#ask("rcpt", `RCPT TO:<${address}>\r\n`, this.#timeouts.rcpt);
      if (reply.code < 400) accepted++;
      else
        this.#results[i] = {
          address,
          outcome: classify(reply).outcome,
          reply,
          stage: "rcpt",
          reason: null,
        };
    }
    if (accepted === 0) return await this.#withoutRecipients();
    const go = await this.#ask("data", "DATA\r\n", this.#timeouts.data);
    if (go.code === 354) return true;
    this.#settle(classify(go).outcome, go, null);
    return false;
  }

  /**
   * Says `command`, unless it went out with the others already, and reads its reply.
   * @throws SmtpFailure on 421 and on a reply that cannot belong to this command
   */
  async #ask(stage: SmtpStage, command: string, timeout_ms: number): Promise<SmtpReply> {
    const { wire, capabilities } = this.#session;
    this.#stage = stage;
    if (!capabilities.pipelining) wire.write(command, 1);
    const reply = await wire.reply(timeout_ms);
    if (reply.code === 421) throw new SmtpFailure(reply);
    this.#heard = true;
    const expected = stage === "data" ? reply.code === 354 : reply.code < 300;
    if (!expected && reply.code < 400)
      throw new SmtpFailure("protocol_error", `${reply.code} in answer to ${stage.toUpperCase()}`);
    return reply;
  }

  /** MAIL was refused: reads what pipelined RCPTs and DATA are answered. */
  async #drain(recipients: number): Promise<false> {
    const { wire, capabilities } = this.#session;
    if (!capabilities.pipelining) return false;
    for (let i = 0; i < recipients; i++) await wire.reply(this.#timeouts.rcpt);
    const go = await wire.reply(this.#timeouts.data);
    // It wants content for a transaction it refused to open. Only an end is sure to deliver nothing.
    if (go.code < 400)
      throw new SmtpFailure("protocol_error", `${go.code} in answer to DATA after a refused MAIL`);
    return false;
  }

  /** No recipient was accepted. Where DATA is open all the same, a lone dot closes it (RFC 2920 §3.1). */
  async #withoutRecipients(): Promise<false> {
    const { wire, capabilities } = this.#session;
    if (!capabilities.pipelining) return false;
    const go = await wire.reply(this.#timeouts.data);
    if (go.code === 354) {
      wire.write(".\r\n", 1);
      await wire.reply(this.#timeouts.data_end);
    }
    return false;
  }

  /** The content and its reply, which goes for every recipient accepted so far. */
  async #content(): Promise<"reuse" | "discard"> {
    const { wire } = this.#session;
    const content = stuffContent(this.#message.data, this.#message.facts.dots);
    this.#stage = "message";
    wire.transcript.note(`the message, ${this.#message.data.length} octets`);
    wire.expectReply();
    let at = 0;
    while (content.length - at > BLOCK && !wire.interrupted) {
      await wire.flushContent(content.subarray(at, at + BLOCK), this.#timeouts.data_block);
      at += BLOCK;
    }
    const early = wire.interrupted;
    if (!early) {
      this.#dot_written = true;
      wire.writeContent(at === 0 ? content : content.subarray(at));
    }
    const reply = await wire.reply(this.#timeouts.data_end);
    if (reply.code === 421) throw new SmtpFailure(reply);
    if (reply.code < 400 && (early || reply.code >= 300)) {
      throw new SmtpFailure("protocol_error", `${reply.code} in answer to the message`);
    }
    this.#settle(classify(reply).outcome, reply, null);
    if (!early) return "reuse";
    // Refused before its end: the rest must not be read as commands.
    wire.fail(new SmtpFailure("closed", "message refused before its end"));
    return "discard";
  }
}

function mailCommand(message: CheckedMessage, capabilities: Capabilities): string {
  const size = capabilities.size ? ` SIZE=${message.data.length}` : "";
  const body = message.facts.eight_bit ? " BODY=8BITMIME" : "";
  return `MAIL FROM:<${message.from}>${size}${body}\r\n`;
}

/** What cannot be sent to this server at all; converting would break signatures and approvals (RFC 1870, RFC 6152). */
function unfitFor(
  capabilities: Capabilities,
  message: CheckedMessage,
): { reason: FailureReason; reply: SmtpReply } | null {
  const limit = capabilities.size_limit;
  if (limit !== null && message.data.length > limit) {
    const text = `message of ${message.data.length} octets exceeds the server's limit of ${limit}`;
    return { reason: "size_exceeded", reply: ownReply("size_exceeded", text) };
  }
  if (message.facts.eight_bit && !capabilities.eight_bit) {
    return {
      reason: "needs_8bitmime",
      reply: ownReply("needs_8bitmime", "message has 8-bit content and the server lacks 8BITMIME"),
    };
  }
  return null;
}

/** Handing mail in as other mail systems do, and finding what became of it. */
import { type Socket, connect } from "node:net";
import { createTransport } from "nodemailer";
import type { Answer, Running } from "./running.ts";

/** A way in, and a way to see what came. */
export type MailIn = ReturnType<typeof mailIn>;

/** Opens the way into an instance. */
export function mailIn(running: Running) {
  const { known } = running;
  const { host, port } = running.instance.smtp?.inbound ?? { host: "", port: 0 };

  /** Every received message of a mailbox that a key sees, in whatever status. */
  async function inbox(
    key = known.agent_key,
    mailboxId = known.mailbox_id,
  ): Promise<Answer["body"][]> {
    const all: Answer["body"][] = [];
    for (const status of [
      "unread",
      "spam_flagged",
      "spam_quarantined",
      "pending_inbound_approval",
      "rejected",
      "read",
    ]) {
      const path = `/v1/mailboxes/${mailboxId}/emails?direction=inbound&limit=100&status=${status}`;
      for (let cursor: string | null = ""; cursor !== null;) {
        const { body }: Answer = await running.call(
          key,
          cursor === "" ? path : `${path}&cursor=${cursor}`,
        );
        all.push(...(body.emails ?? []));
        cursor = body.next_cursor ?? null;
      }
    }
    return all;
  }

  return {
    inbox,

    /** Hands a message in by SMTP; answers the reply to its data. What the envelope refuses throws. */
    async deliver(message: Record<string, unknown> = {}): Promise<string> {
      const transport = createTransport({
        host,
        port,
        secure: false,
        tls: { rejectUnauthorized: false },
      });
      const sent = await transport.sendMail({
        from: "Ada Lovelace <ada@example.com>",
        to: known.mailbox_address,
        subject: "A question",
        text: "When does the parcel arrive?\n",
        ...message,
      });
      return sent.response;
    },

    /** Speaks SMTP in the clear: an envelope and exact bytes. Answers the last reply. */
    raw: (from: string, to: string | readonly string[], data: string | Buffer) =>
      speak(host, port, from, typeof to === "string" ? [to] : to, data),

    /** The received message with a subject, read whole, once it is there; at most 20 seconds. */
    async received(
      subject: string,
      key = known.agent_key,
      mailboxId = known.mailbox_id,
    ): Promise<Answer["body"]> {
      const end = Date.now() + 20_000;
      for (;;) {
        const found = (await inbox(key, mailboxId)).find((one) => one.subject === subject);
        if (found)
          return (await running.call(key, `/v1/mailboxes/${mailboxId}/emails/${found.id}`)).body;
        if (Date.now() > end) throw new Error(`no mail about ${subject}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
  };
}

/** One message over one connection. A refusal is answered, not thrown. */
async function speak(
  host: string,
  port: number,
  from: string,
  to: readonly string[],
  data: string | Buffer,
): Promise<string> {
  const socket = connect(port, host);
  try {
    const reply = replies(socket);
    await reply();
    const ask = async (line: string): Promise<string> => {
      socket.write(`${line}\r\n`);
      return reply();
    };
    await ask("EHLO mx.example.com");
    const answers = [await ask(`MAIL FROM:<${from}>`)];
    for (const address of to) answers.push(await ask(`RCPT TO:<${address}>`));
    const refused = answers.find((answer) => !answer.startsWith("250"));
    if (refused !== undefined) return refused;
    await ask("DATA");
    socket.write(stuffed(Buffer.from(data)));
    return await ask(".");
  } finally {
    socket.destroy();
  }
}

/** Lines that begin with a dot get another (RFC 5321 section 4.5.2), and the last line its end. */
function stuffed(data: Buffer): Buffer {
  const text = data.toString("latin1").replaceAll(/^\./gm, "..");
  return Buffer.from(text.endsWith("\r\n") ? text : `${text}\r\n`, "latin1");
}

/** Reads one reply at a time; a connection that ends is an error. */
function replies(socket: Socket): () => Promise<string> {
  let text = "";
  let waiting: { resolve(reply: string): void; reject(error: Error): void } | null = null;
  const look = (): void => {
    const whole = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(text);
    if (!whole || !waiting) return;
    text = text.slice(whole[0].length);
    waiting.resolve(whole[0].trim());
    waiting = null;
  };
  const fail = (): void => {
    waiting?.reject(new Error("the connection ended"));
    waiting = null;
  };
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    look();
  });
  socket.on("error", fail);
  socket.on("close", fail);
  return () =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      if (socket.destroyed) fail();
      look();
    });
}

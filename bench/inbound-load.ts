/** The sender of received mail, in its own process: signs messages, answers DNS about their domain, and delivers them over SMTP. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { type Socket, connect } from "node:net";
import { dkimTxtRecord, signDkim } from "../src/mail/dkim.ts";
import { type ZoneEntry, startDns } from "../test/dns/server.ts";

/** What to do: deliver `count` new messages to an address over so many connections. */
export type InboundJob = {
  port: number;
  to: string;
  count: number;
  connections: number;
  /** Bytes of the attachment before base64. */
  attachment: number;
};

/** What the process says: where its DNS answers, that messages are ready, and that they were taken. */
export type InboundWord =
  | { word: "dns"; address: string }
  | { word: "ready"; bytes: number }
  | { word: "taken"; seconds: number };

const domain = "sender.example.net";
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = {
  domain,
  selector: "bench",
  algorithm: "rsa-sha256",
  private_key: privateKey,
} as const;

/** Connection n comes from an address of its own, as mail of many senders does: what one source may do is bounded. */
const sourceOf = (n: number): string => `127.0.1.${n + 1}`;

async function openDns(): Promise<string> {
  const zone: Record<string, ZoneEntry> = {
    [domain]: {
      TXT: ["v=spf1 ip4:127.0.0.0/8 -all"],
      MX: [{ preference: 10, exchange: `mx.${domain}` }],
    },
    [`bench._domainkey.${domain}`]: { TXT: [cut(dkimTxtRecord(key))] },
    [`_dmarc.${domain}`]: { TXT: ["v=DMARC1; p=reject; adkim=s; aspf=s"] },
    [`mx.${domain}`]: { A: Array.from({ length: 64 }, (_, n) => sourceOf(n)) },
  };
  for (let n = 0; n < 64; n++) zone[`${n + 1}.1.0.127.in-addr.arpa`] = { PTR: [`mx.${domain}`] };
  return (await startDns(zone)).address;
}

/** A TXT record in strings of at most 255 octets. */
function cut(text: string): string[] {
  return text.match(/.{1,255}/gs) ?? [];
}

const sentence =
  "The parcel left our warehouse this morning and will reach you within two working days. ";

/** Multipart with text, HTML and an attachment; each message has another name, another text and its own signature. */
async function makeMessage(job: InboundJob, name: string, attachment: string): Promise<Buffer> {
  const paragraphs = Array.from({ length: 8 }, (_, i) => `${i + 1}. ${sentence}`);
  const lines = [
    `From: "Order desk" <orders@${domain}>`,
    `To: <${job.to}>`,
    `Subject: Your order ${name}`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${name}@${domain}>`,
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="outer"',
    "",
    "--outer",
    'Content-Type: multipart/alternative; boundary="inner"',
    "",
    "--inner",
    "Content-Type: text/plain; charset=utf-8",
    "",
    `Order ${name}`,
    "",
    ...paragraphs,
    "--inner",
    "Content-Type: text/html; charset=utf-8",
    "",
    `<html><body><h1>Order ${name}</h1>`,
    ...paragraphs.map((text) => `<p style="margin:0 0 1em"><b>Note</b> ${text}</p>`),
    `<p><a href="https://${domain}/orders/${name}">Your order</a></p></body></html>`,
    "--inner--",
    "--outer",
    'Content-Type: application/pdf; name="invoice.pdf"',
    'Content-Disposition: attachment; filename="invoice.pdf"',
    "Content-Transfer-Encoding: base64",
    "",
    attachment,
    "--outer--",
    "",
  ];
  const message = Buffer.from(lines.join("\r\n"));
  return Buffer.concat([await signDkim(message, [key], new Date()), message]);
}

async function makeMessages(job: InboundJob): Promise<Buffer[]> {
  const run = randomBytes(6).toString("hex");
  const attachment = (
    randomBytes(job.attachment)
      .toString("base64")
      .match(/.{1,76}/g) ?? []
  ).join("\r\n");
  const messages: Buffer[] = [];
  for (let n = 0; n < job.count; n++)
    messages.push(await makeMessage(job, `${run}-${n}`, attachment));
  return messages;
}

/** One SMTP session: each call waits for a reply and fails on an unexpected one. */
async function openSession(port: number, source: string) {
  const socket: Socket = connect({ host: "127.0.0.1", port, localAddress: source, noDelay: true });
  let received = "";
  let waiting: { resolve(code: string): void; reject(error: Error): void } | null = null;
  const next = (): void => {
    const last = /^(\d{3}) .*\r\n/m.exec(received);
    if (!last || !waiting) return;
    received = received.slice(last.index + last[0].length);
    const { resolve } = waiting;
    waiting = null;
    resolve(last[0].trim());
  };
  const fail = (error: Error): void => waiting?.reject(error);
  socket.on("error", fail).on("close", () => fail(new Error("the session was closed")));
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    next();
  });
  const expect = async (code: string): Promise<void> => {
    const reply = await new Promise<string>((resolve, reject) => {
      waiting = { resolve, reject };
      next();
    });
    if (!reply.startsWith(code)) throw new Error(`expected ${code}: ${reply}`);
  };
  await expect("220");
  socket.write(`EHLO mx.${domain}\r\n`);
  await expect("250");
  return {
    async deliver(to: string, message: Buffer): Promise<void> {
      socket.write(`MAIL FROM:<orders@${domain}>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
      await expect("250");
      await expect("250");
      await expect("354");
      socket.write(message);
      // The messages end in a line end and no line begins with a dot.
      socket.write(".\r\n");
      await expect("250");
    },
    close: () => socket.destroy(),
  };
}

async function deliverAll(job: InboundJob, messages: readonly Buffer[]): Promise<number> {
  const sessions = await Promise.all(
    Array.from({ length: job.connections }, (_, n) => openSession(job.port, sourceOf(n))),
  );
  const begun = performance.now();
  let next = 0;
  await Promise.all(
    sessions.map(async (session, i) => {
      // So is what one address may be sent.
      const to = job.to.replace("@", `+bench${i}@`);
      for (let n = next++; n < messages.length; n = next++)
        await session.deliver(to, messages[n] ?? Buffer.alloc(0));
      session.close();
    }),
  );
  return (performance.now() - begun) / 1000;
}

function say(word: InboundWord): void {
  process.send?.(word);
}

let prepared: { job: InboundJob; messages: Buffer[] } | null = null;

/** A job prepares; the word "go" delivers what was prepared. */
async function obey(order: InboundJob | "go"): Promise<void> {
  if (order !== "go") {
    prepared = { job: order, messages: await makeMessages(order) };
    say({ word: "ready", bytes: prepared.messages[0]?.length ?? 0 });
    return;
  }
  if (!prepared) throw new Error("nothing is prepared");
  const { job, messages } = prepared;
  prepared = null;
  say({ word: "taken", seconds: await deliverAll(job, messages) });
}

const failed = (error: unknown): void => {
  process.stderr.write(`inbound-load: ${String(error)}\n`);
  process.exit(1);
};
process.on("message", (order: InboundJob | "go") => void obey(order).catch(failed));
openDns().then((address) => say({ word: "dns", address }), failed);

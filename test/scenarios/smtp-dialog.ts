/** Replays a written SMTP dialog over a real socket against the real doors, and says where they disagree. */
import { connect } from "node:net";
import type { Socket } from "node:net";
import { type TLSSocket, connect as connectTls } from "node:tls";
import { expect } from "vitest";

import { Refusal } from "../../src/core/refusal.ts";
import { startInbound } from "../../src/smtp/inbound.ts";
import type { InboundMail, Inbox } from "../../src/smtp/inbound.ts";
import { selfSignedCertificate } from "../../src/smtp/self-signed.ts";
import type { SessionLimits } from "../../src/smtp/session-limits.ts";
import type { Door } from "../../src/smtp/smtp-door.ts";
import { startSubmission } from "../../src/smtp/submission.ts";
import type { SubmittedMail } from "../../src/smtp/submission.ts";

export const NAME = "mx.test";
export const KEY = "mm_live_the_right_key";
export const tls = selfSignedCertificate(NAME, new Date());
export const silent = { info() {}, warn() {}, error() {} };
const QUICK: Partial<SessionLimits> = { tarpit_ms: 1, connections_per_source: 100 };

export interface RunningDoor<Mail> {
  readonly door: Door;
  readonly kept: Mail[];
}

/** The inbound door of `ours.test`; `full@`, `later@` and `broken@` answer what their names say. */
export async function inboundDoor(
  limits: Partial<SessionLimits> = {},
  over: Partial<Inbox> = {},
  with_tls = true,
): Promise<RunningDoor<InboundMail>> {
  const kept: InboundMail[] = [];
  const inbox: Inbox = {
    recipient: async (address) => {
      await Promise.resolve();
      if (address === "full@ours.test")
        return { ok: false, code: 452, enhanced: "4.2.2", text: "mailbox full" };
      if (address === "broken@ours.test") throw new Error("a secret of ours");
      if (/@ours\.test$/i.test(address) && !address.startsWith("nobody")) return { ok: true };
      return { ok: false, code: 550, enhanced: "5.1.1", text: "no such mailbox here" };
    },
    accept: async (mail) => {
      await Promise.resolve();
      if (mail.to.includes("later@ours.test")) throw new Error("a secret of ours");
      kept.push(mail);
      return { id: `m${kept.length}` };
    },
    ...over,
  };
  const door = await startInbound({
    host: "127.0.0.1",
    port: 0,
    name: NAME,
    log: silent,
    tls: with_tls ? tls : null,
    limits: { ...QUICK, ...limits },
    now: () => new Date(),
    inbox,
  });
  return { door, kept };
}

/** The submission door for {@link KEY}; a Subject `refuse <code>` is refused with that code. */
export async function submissionDoor(
  limits: Partial<SessionLimits> = {},
  clear_auth?: () => boolean,
): Promise<RunningDoor<SubmittedMail>> {
  const kept: SubmittedMail[] = [];
  const door = await startSubmission({
    ...(clear_auth === undefined ? {} : { clear_auth }),
    host: "127.0.0.1",
    port: 0,
    name: NAME,
    log: silent,
    tls,
    limits: { ...QUICK, ...limits },
    now: () => new Date(),
    authenticate: async (key) => {
      await Promise.resolve();
      return key === KEY ? { actor: "agent" } : null;
    },
    submit: async (actor, mail) => {
      await Promise.resolve();
      const code = /^Subject: refuse (\w+)/m.exec(mail.raw.toString("latin1"))?.[1];
      if (code !== undefined) {
        throw new Refusal(code as "not_found", "it may\r\nnot be", {
          field: "to[0]",
          hint: "Ask a person.",
        });
      }
      expect(actor).toBe("agent");
      kept.push(mail);
      return { id: `m${kept.length}`, status: "pending_send_approval" };
    },
  });
  return { door, kept };
}

/** A client that reads lines and can start TLS in the middle. */
export class Client {
  #socket: Socket;
  #text = "";
  #ended = false;
  #wake: () => void = () => {};

  /** `from`: the loopback address that the door sees. */
  constructor(door: { readonly host: string; readonly port: number }, from?: string) {
    const { host, port } = door;
    const local = from === undefined ? {} : { localAddress: from };
    this.#socket = connect({ host, port, ...local, allowHalfOpen: true });
    this.#listen();
  }

  #listen(): void {
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("utf8");
      this.#wake();
    });
    for (const event of ["end", "close", "error"]) {
      this.#socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  send(octets: string | Buffer): void {
    this.#socket.write(typeof octets === "string" ? Buffer.from(octets, "utf8") : octets);
  }

  /** Whether what was sent so far left this process, or was refused. */
  async sent(octets: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      if (!this.#socket.writable) resolve();
      else this.#socket.write(octets, () => resolve());
    });
  }

  /** The next line, or null when the server has closed. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#text.indexOf("\r\n");
      if (end !== -1) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return line;
      }
      if (this.#ended) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** The next whole reply, lines joined by `\n`. */
  async reply(): Promise<string | null> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) return lines.length > 0 ? lines.join("\n") : null;
      lines.push(line);
      if (line[3] !== "-") return lines.join("\n");
    }
  }

  async say(line: string): Promise<string | null> {
    this.send(`${line}\r\n`);
    return await this.reply();
  }

  /** All that comes until the server closes. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== null; line = await this.line()) lines.push(line);
    return lines;
  }

  /** Answers the certificate that the server shows, in DER. */
  async startTls(): Promise<Buffer> {
    const raw = this.#socket;
    raw.removeAllListeners();
    raw.on("error", () => {});
    const secure = await new Promise<TLSSocket>((resolve, reject) => {
      const made = connectTls({ socket: raw, rejectUnauthorized: false }, () => resolve(made));
      made.once("error", reject);
    });
    this.#socket = secure;
    this.#socket.removeAllListeners("error");
    this.#ended = false;
    this.#listen();
    return secure.getPeerCertificate().raw;
  }

  /** Says that nothing more will come. */
  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** `\r`, `\n`, `\0`, `\\` and `\xNN` in written dialogs. */
export function unescaped(text: string): Buffer {
  const plain = text.replace(/\\(r|n|0|\\|x[0-9a-f]{2})/g, (_, what: string) =>
    what === "r"
      ? "\r"
      : what === "n"
        ? "\n"
        : what === "0"
          ? "\0"
          : what === "\\"
            ? "\\"
            : String.fromCharCode(Number.parseInt(what.slice(1), 16)),
  );
  return Buffer.from(plain, /[^\u0000-\u00ff]/.test(plain) ? "utf8" : "latin1");
}

function matches(line: string | null, pattern: string): boolean {
  if (line === null) return false;
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(line);
}

/**
 * One step a line: `C: line` and `R: raw\r\noctets` (neighbours go out in one write), `S: line` with `*` for anything,
 * `TLS` starts TLS, `END` the server has closed, `KEPT: from to,to octets` or `KEPT: nothing` what was taken so far.
 * Answers how many steps there were.
 */
export async function replay(
  dialog: string,
  running: RunningDoor<{ from: string; to: readonly string[]; raw: Buffer }>,
): Promise<number> {
  const client = new Client(running.door);
  let steps = 0;
  let pending: Buffer[] = [];
  let seen = 0;
  try {
    for (const [index, step] of dialog.split("\n").entries()) {
      const at = `line ${index + 1}: ${step}`;
      const [, verb, rest = ""] = /^([A-Z]+):? ?(.*)$/.exec(step) ?? [];
      if (step.startsWith("#") || step === "" || verb === undefined) continue;
      steps++;
      if (verb === "C") pending.push(Buffer.from(`${rest}\r\n`));
      if (verb === "R") pending.push(unescaped(rest));
      if (verb === "C" || verb === "R") continue;
      if (pending.length > 0) client.send(Buffer.concat(pending));
      pending = [];
      if (verb === "S") {
        const line = await client.line();
        expect(matches(line, rest), `${at}\nbut got ${JSON.stringify(line)}`).toBe(true);
      } else if (verb === "TLS") await client.startTls();
      else if (verb === "END") expect(await client.rest(), at).toEqual([]);
      else if (verb === "KEPT") {
        if (rest === "nothing") {
          expect(running.kept.length, at).toBe(seen);
          continue;
        }
        const [from = "", to = "", raw = ""] = rest.split(" ").map((one) => one.trim());
        const mail = running.kept[seen++];
        expect(
          mail && [`<${mail.from}>`, mail.to.join(","), mail.raw.toString("latin1")],
          at,
        ).toEqual([from, to, unescaped(raw.replaceAll("_", " ")).toString("latin1")]);
      } else throw new Error(`no such step: ${at}`);
    }
    expect(running.kept.length, "messages kept that the dialog does not name").toBe(seen);
    return steps;
  } finally {
    client.close();
  }
}

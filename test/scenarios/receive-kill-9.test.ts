/** Sudden death while mail comes in, again and again: whatever was answered with 250 is in its mailbox, once. */
import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type DnsServerForTests, startDns } from "../dns/server.ts";
import { promise } from "../promises.ts";
import { type ChildServer, freePorts, kill, ready, spawnServer } from "./child-server.ts";
import { signalDatabase } from "./database-processes.ts";

const kills = Number(process.env["MULTIMAIL_TEST_KILLS"] ?? 32);
const folder = await mkdtemp(join(tmpdir(), "multimail-receive-kill-"));
let server: ChildServer | undefined;
let dns: DnsServerForTests | undefined;

afterAll(async () => {
  await dns?.close();
  if (server && server.process.exitCode === null) {
    server.process.kill("SIGTERM");
    await server.ended;
  }
  await rm(folder, { recursive: true, force: true });
});

/** What the sending side knows, whatever the server remembers. */
const answered = new Set<string>();
/** Sent, and never answered: to be sent again, as a mail system does. */
const doubtful = new Set<string>();
/** The last round is over: senders stop by themselves. */
let ending = false;

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Answers one reply after the other; fails when the connection ends. */
function replies(socket: Socket): () => Promise<string> {
  let text = "";
  let ended = false;
  let look: () => void = () => undefined;
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    look();
  });
  for (const event of ["error", "close"])
    socket.on(event, () => {
      ended = true;
      look();
    });
  return () =>
    new Promise((resolve, reject) => {
      look = () => {
        const whole = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(text);
        if (!whole && !ended) return;
        look = () => undefined;
        if (!whole) return reject(new Error("the connection ended"));
        text = text.slice(whole[0].length);
        resolve(whole[0]);
      };
      look();
    });
}

/** One mail system: sends on one connection until the server dies, what is in doubt first. */
async function sender(port: number, to: string, name: string, source: number): Promise<void> {
  // Each from an address of its own: the door counts messages by source.
  const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.0.${10 + source}` });
  try {
    const reply = replies(socket);
    await reply();
    const ask = async (line: string): Promise<string> => {
      socket.write(`${line}\r\n`);
      return reply();
    };
    await ask("EHLO mx.example.com");
    for (let i = 0; !ending; i++) {
      const [again] = doubtful;
      const id = again ?? `<${name}-${i}@example.com>`;
      doubtful.delete(id);
      let sent = false;
      try {
        if (!(await ask("MAIL FROM:<ada@example.com>")).startsWith("250")) return;
        const rcpt = await ask(`RCPT TO:<${to}>`);
        if (rcpt.startsWith("250") && (await ask("DATA")).startsWith("354")) {
          sent = true;
          const last = await ask(
            `From: Ada <ada@example.com>\r\nMessage-ID: ${id}\r\nSubject: x\r\n\r\n${id}\r\n.`,
          );
          if (last.startsWith("250")) {
            answered.add(id);
            sent = false;
          }
        } else {
          await pause(25);
          await ask("RSET");
        }
      } finally {
        if (sent || again !== undefined) if (!answered.has(id)) doubtful.add(id);
      }
    }
  } catch {
    // The server is gone, as planned.
  } finally {
    socket.destroy();
  }
}

it(
  promise("inbound.kill-loses-nothing"),
  async () => {
    const smtp = await freePort();
    // One that knows no name: mail that nobody can look up at all would wait for a person.
    dns = await startDns({});
    const env = {
      ...freePorts,
      MULTIMAIL_DATA: folder,
      MULTIMAIL_SMTP_PORT: String(smtp),
      MULTIMAIL_DNS: dns.address,
      MULTIMAIL_DATABASE_TIMEOUT: "2",
    };
    // A fixed series, so that a failure can be run again.
    let seed = 20_261_121;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    /** Until so many more have been answered, or it has taken long: deaths while nothing is answered count too. */
    const goesOn = async (more: number): Promise<void> => {
      const wanted = answered.size + more;
      for (const end = Date.now() + 1500; answered.size < wanted && Date.now() < end;)
        await pause(5);
    };
    let done = 0;
    for (let life = 0; done < kills; life++) {
      server = spawnServer(env);
      const known = await ready(server, folder);
      let dead = false;
      const senders = Array.from({ length: 6 }, async (_, number) => {
        for (let i = 0; !dead; i++) {
          await sender(smtp, known.mailbox_address, `${life}-${number}-${i}`, number);
          await pause(20);
        }
      });
      await goesOn(3);
      await pause(random() * 200);
      // Three deaths of the database in each life, and then our own.
      for (let i = 0; i < 3; i++) {
        if (signalDatabase(folder, "SIGKILL") > 0) done++;
        await goesOn(1);
        await pause(random() * 200);
      }
      await kill(server);
      done++;
      dead = true;
      await Promise.all(senders);
    }

    server = spawnServer(env);
    const known = await ready(server, folder);
    // What is in doubt is sent once more: whichever of both counts, it comes once.
    const last = sender(smtp, known.mailbox_address, "last", 99);
    for (const end = Date.now() + 30_000; doubtful.size > 0 && Date.now() < end;) await pause(10);
    expect(doubtful.size).toBe(0);
    await pause(100);
    ending = true;
    await last;
    expect(answered.size).toBeGreaterThan(kills);
    const list = async (): Promise<string[]> => {
      const found: string[] = [];
      for (let cursor = ""; ;) {
        const query = `direction=inbound&limit=100${cursor && `&cursor=${cursor}`}`;
        const response = await fetch(
          `${known.url}/v1/mailboxes/${known.mailbox_id}/emails?${query}`,
          { headers: { authorization: `Bearer ${known.agent_key}` } },
        );
        const body = (await response.json()) as {
          emails: { message_id: string }[];
          next_cursor: string | null;
        };
        found.push(...body.emails.map((email) => email.message_id));
        if (body.next_cursor === null) return found;
        cursor = body.next_cursor;
      }
    };
    const missing = (found: readonly string[]): number => {
      const there = new Set(found);
      return [...answered].filter((id) => !there.has(id)).length;
    };
    await expect
      .poll(async () => missing(await list()), {
        timeout: 60_000,
        interval: 250,
      })
      .toBe(0);
    const all = await list();
    expect(all.length, "each once").toBe(new Set(all).size);
    process.stdout.write(
      `${done} kills: ${answered.size} answered with 250, ${all.length} in the mailbox\n`,
    );
  },
  180_000,
);

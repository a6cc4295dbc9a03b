/** Receiving: SMTP in → SPF, DKIM, DMARC → parsed → in the mailbox with its event; against the same libraries put together bare. */
import { type ChildProcess, fork } from "node:child_process";
import pg from "pg";
import { freePort, stop, until } from "../child.ts";
import { type Row, type Run, type Side, of, ratio } from "../figures.ts";
import type { InboundJob, InboundWord } from "../inbound-load.ts";
import { measure, rest } from "../measure.ts";
import { type Server, openServer } from "../multimail.ts";
import type { BareWord } from "./bare-receiver.ts";

/** What the row is given. */
export type InboundOptions = { count: number; rounds: number; connections: number };

/** 35,000 bytes of attachment are 48,000 in base64: with text and HTML a message of 50 KB. */
const attachment = 35_000;
const warmUp = 200;

/** The next word of a child; fails when the child ends before. */
function wordOf<W>(child: ChildProcess): Promise<W> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a child ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (word) => {
      child.off("exit", ended);
      resolve(word as W);
    });
  });
}

function forked(file: string, args: readonly string[] = []): ChildProcess {
  return fork(new URL(file, import.meta.url).pathname, args, { serialization: "advanced" });
}

async function tell<W>(child: ChildProcess, order: InboundJob | string): Promise<W> {
  const word = wordOf<W>(child);
  child.send(order);
  return word;
}

/** A receiver of either side: where it listens, how many messages it has read whole, and what works for it. */
type Receiver = { port: number; roots: number[]; to: string; received(): Promise<number> };

/** Delivers new messages and measures from the first connection until the last message has been read. */
async function run(load: ChildProcess, receiver: Receiver, options: InboundOptions): Promise<Run> {
  const deliver = async (count: number, around: (work: () => Promise<void>) => Promise<Run>) => {
    const { connections } = options;
    const { port, to } = receiver;
    await tell<InboundWord>(load, { port, to, count, connections, attachment });
    const goal = (await receiver.received()) + count;
    await rest(receiver.roots);
    let taken = 0;
    const measured = await around(async () => {
      const word = await tell<InboundWord>(load, "go");
      if (word.word === "taken") taken = word.seconds;
      await until(
        "every message has been read",
        300,
        async () => (await receiver.received()) >= goal,
      );
    });
    return { ...measured, more: { taken_per_s: count / taken } };
  };
  await deliver(warmUp, async (work) => {
    await work();
    return { value: 0 };
  });
  return deliver(options.count, (work) =>
    measure({ system: receiver.roots, tools: [] }, options.count, work),
  );
}

/** Our server as a receiver. Received mail is counted by its events, once nothing waits any more. */
async function ours(
  server: Server,
  port: number,
): Promise<{ receiver: Receiver; close(): Promise<void> }> {
  const owner = new pg.Client({
    host: server.socket_folder,
    port: 5432,
    user: "postgres",
    database: "multimail",
    ssl: false,
  });
  await owner.connect();
  const ask = async (text: string): Promise<number> =>
    Number((await owner.query<{ n: string }>(text)).rows[0]?.n);
  return {
    receiver: {
      port,
      to: server.mailbox_address,
      roots: server.roots,
      async received() {
        while ((await ask("SELECT count(*) AS n FROM due WHERE kind = 'receive'")) > 0)
          await new Promise((resolve) => setTimeout(resolve, 50));
        const events = await ask(
          "SELECT count(*) AS n FROM event WHERE type IN ('message.received', 'message.held')",
        );
        const passed = await ask(
          `SELECT count(*) AS n FROM message WHERE direction = 'inbound' AND authentication->'dmarc'->>'result' = 'pass'
             AND jsonb_array_length(attachments) = 1`,
        );
        if (events !== passed) throw new Error(`${events} events, ${passed} messages that passed`);
        return events;
      },
    },
    close: () => owner.end(),
  };
}

/** In turn, round after round; the same sender, connections and DNS for both. */
export async function receiving(options: InboundOptions): Promise<Row> {
  const load = forked("../inbound-load.ts");
  const first = await wordOf<InboundWord>(load);
  const dns = first.word === "dns" ? first.address : "";
  const bare = forked("bare-receiver.ts", [dns]);
  const hello = await wordOf<BareWord>(bare);
  const port = await freePort();
  const server = await openServer({
    MULTIMAIL_SMTP_PORT: String(port),
    MULTIMAIL_DNS: dns,
    MULTIMAIL_SMTP_RATE: "1000000",
  });
  const own = await ours(server, port);
  const theirs: Receiver = {
    port: "port" in hello ? hello.port : 0,
    to: server.mailbox_address,
    roots: [bare.pid ?? 0],
    async received() {
      const word = await tell<BareWord>(bare, "count");
      if (!("passed" in word) || word.failed > 0) throw new Error("a message did not pass");
      return word.passed;
    },
  };
  const sides: [Side, Side] = [
    { name: "MultiMail", runs: [] },
    { name: "smtp-server + mailauth + postal-mime", runs: [] },
  ];
  try {
    for (let round = 0; round < options.rounds; round++) {
      sides[0].runs.push(await run(load, own.receiver, options));
      sides[1].runs.push(await run(load, theirs, options));
    }
  } finally {
    await own.close();
    await server.close();
    await stop(bare);
    await stop(load);
  }
  const cpu = of(sides[0], (one) => one.cpu_ms) / of(sides[1], (one) => one.cpu_ms);
  return {
    row: "inbound",
    what: `${options.count} DKIM-signed multiparts of 50 KB over ${options.connections} connections, until the last has its event`,
    unit: "msg/s",
    sides,
    checks: ratio({ sides }, sides[1].name, 0.6),
    notes: [
      "the bare receiver stores nothing: it answers 250 when a message has been authenticated and parsed",
      `CPU a message, ours with storage, screening and search index: ${cpu.toFixed(1)} × theirs`,
    ],
  };
}

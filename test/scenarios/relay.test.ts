/** Delivery by a relay: TLS, credentials, every kind of answer and silence, the schedule of retries, and connections used again. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { selfSigned } from "../sink/self-signed.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;

/** Starts an instance that sends without asking; `folder` goes on with the data of an earlier one. */
async function start(url: string, folder?: string): Promise<void> {
  running = await run({ MULTIMAIL_DELIVERY: "relay", MULTIMAIL_RELAY_URL: url }, folder);
  node = await secondNode(running);
  if (!folder)
    await setMode(running, await signIn(running), running.known.mailbox_id, "autonomous");
}

async function stop(keep = false): Promise<void> {
  await node.close();
  await running.stop(keep);
}

async function send(...to: string[]): Promise<string> {
  const { status, body } = await running.send({ to });
  expect(status, JSON.stringify(body)).toBe(202);
  return body.id;
}

/** The message once each of its recipients that were tried has so many attempts. */
async function attempted(id: string, attempts = 1): Promise<Answer["body"]> {
  const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`;
  for (const end = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const { body } = await running.call(running.known.agent_key, path);
    const tried = Math.max(
      ...body.recipients.map((recipient: { attempts: number }) => recipient.attempts),
    );
    if (tried >= attempts && body.status !== "sending") return body;
    if (Date.now() > end) throw new Error(`message ${id} stays ${body.status}`);
  }
}

/** Seconds from the last answer until the next attempt. */
async function wait(message: Answer["body"]): Promise<number> {
  const [due] = await node.as((tx) =>
    tx.named<{ due_at: Date }>(
      "due_of",
      "SELECT due_at FROM due WHERE message_id = $1 AND kind = 'deliver'",
      [message.id],
    ),
  );
  const last = message.recipients.map((recipient: Answer["body"]) =>
    Date.parse(recipient.receipt?.at ?? "0"),
  );
  return due ? (due.due_at.getTime() - Math.max(...last)) / 1000 : Number.NaN;
}

/** Lets the time of every retry come. */
const letTimePass = (): Promise<void> =>
  node.asOwner("UPDATE due SET due_at = now() WHERE kind = 'deliver'");

const statuses = (message: Answer["body"]): Record<string, string> =>
  Object.fromEntries(
    message.recipients.map((recipient: { address: string; status: string }) => [
      recipient.address,
      recipient.status,
    ]),
  );

/** How often the message went over the wire, taken or not. */
function sendings(sink: SmtpSink, message: Answer["body"]): number {
  const wire = sink.connections
    .flatMap(({ reads }) => reads.map((read) => read.toString("latin1")))
    .join("");
  return wire.split(`Message-ID: ${message.message_id}`).length - 1;
}

describe("a relay that answers", () => {
  let sink: SmtpSink;
  let greylisted: Set<string>;
  let healed = false;
  beforeAll(async () => {
    greylisted = new Set();
    sink = await startSink({
      answer_rcpt(address) {
        if (address.startsWith("full@") && !healed) return "452 4.2.2 mailbox full";
        if (address.startsWith("nobody@")) return "550 5.1.1 no such user";
        if (!address.startsWith("grey@") || greylisted.has(address)) return undefined;
        greylisted.add(address);
        return "451 4.7.1 greylisted, come back in a minute";
      },
    });
    await start(`smtp://127.0.0.1:${sink.port}?tls=none`);
  });
  afterAll(async () => {
    await stop();
    await sink.close();
  });

  test(promise("relay.deferred"), async () => {
    const id = await send("full@example.com");
    const first = await attempted(id);
    expect(first.status).toBe("queued");
    expect(first.reason).toBe("452 4.2.2 mailbox full");
    expect(first.recipients[0]).toMatchObject({
      status: "deferred",
      receipt: {
        code: 452,
        enhanced_status_code: "4.2.2",
        outcome: "temporary",
        host: "127.0.0.1",
        tls: null,
      },
    });
    // 1 and 5 minutes, a tenth more or less.
    const one = await wait(first);
    expect(one).toBeGreaterThan(53);
    expect(one).toBeLessThan(67);
    await letTimePass();
    const five = await wait(await attempted(id, 2));
    expect(five).toBeGreaterThan(269);
    expect(five).toBeLessThan(331);
    expect(sendings(sink, first)).toBe(0);
  });

  test(promise("relay.bounced"), async () => {
    const message = await attempted(await send("nobody@example.com"));
    expect(message.status).toBe("bounced");
    expect(message.reason).toBe("550 5.1.1 no such user");
    expect(message.recipients[0]).toMatchObject({
      status: "bounced",
      attempts: 1,
      receipt: { code: 550, enhanced_status_code: "5.1.1", outcome: "permanent" },
    });
    expect(await wait(message)).toBeNaN();
  });

  test(promise("relay.mixed"), async () => {
    const id = await send("ada@example.com", "full@example.com", "nobody@other.example");
    const message = await attempted(id);
    expect(message.status).toBe("queued");
    expect(statuses(message)).toEqual({
      "ada@example.com": "sent",
      "full@example.com": "deferred",
      "nobody@other.example": "bounced",
    });
    healed = true;
    await letTimePass();
    const after = await running.settled(id, "sent");
    healed = false;
    expect(statuses(after)).toEqual({
      "ada@example.com": "sent",
      "full@example.com": "sent",
      "nobody@other.example": "bounced",
    });
    expect(after.recipients.map((recipient: { attempts: number }) => recipient.attempts)).toEqual([
      1, 2, 1,
    ]);
    const taken = sink.messages.filter(({ data }) =>
      data.includes(`Message-ID: ${after.message_id}`),
    );
    expect(taken.map(({ to }) => to)).toEqual([["ada@example.com"], ["full@example.com"]]);
  });

  test("a message that is greylisted goes out at the next attempt", async () => {
    const id = await send("grey@example.com");
    const first = await attempted(id);
    expect([first.status, statuses(first)]).toEqual(["queued", { "grey@example.com": "deferred" }]);
    await letTimePass();
    expect((await running.settled(id, "sent")).recipients[0]).toMatchObject({
      attempts: 2,
      receipt: { code: 250, outcome: "accepted" },
    });
  });

  test(promise("relay.outcome-unknown"), async () => {
    sink.fault("dot", "disconnect", { times: 1 });
    const id = await send("ada@example.com");
    const first = await attempted(id);
    expect(first.status).toBe("queued");
    expect(first.recipients[0]).toMatchObject({
      status: "deferred",
      receipt: { code: null, outcome: "unknown" },
    });
    expect(first.recipients[0].receipt.reply).toMatch(/clos|lost|ended|reset/i);
    expect(await wait(first)).toBeGreaterThan(53);
    await letTimePass();
    const after = await running.settled(id, "sent");
    expect(after.message_id).toBe(first.message_id);
    expect(sendings(sink, after)).toBe(2);
    const { body } = await running.call(
      running.known.oversight_key,
      `/v1/audit-log?resource=${id}&type=message.attempted`,
    );
    const outcomes = body.entries.map((entry: Answer["body"]) => entry.data.results[0].outcome);
    expect(outcomes).toEqual(["accepted", "unknown"]);
  });

  test("while the relay refuses connections mail waits, and goes out when it is back", async () => {
    const { port } = sink;
    await sink.close();
    const id = await send("ada@example.com");
    const first = await attempted(id);
    expect(first.status).toBe("queued");
    expect(first.recipients[0]).toMatchObject({
      status: "deferred",
      receipt: { code: null, enhanced_status_code: "4.4.1", address: null, outcome: "temporary" },
    });
    expect(first.reason).toContain("ECONNREFUSED");
    sink = await startSink({ port });
    await letTimePass();
    await running.settled(id, "sent");
  });

  test(promise("relay.connections"), async () => {
    const before = sink.connections.length;
    const already = sink.message_count;
    const began = performance.now();
    const ids: string[] = [];
    await Promise.all(
      Array.from({ length: 25 }, async (_, client) => {
        for (let i = 0; i < 40; i++) ids.push(await send(`r${client}-${i}@example.com`));
      }),
    );
    await sink.until(({ message_count }) => message_count >= already + 1000);
    const seconds = (performance.now() - began) / 1000;
    for (const id of ids.slice(-25)) await running.settled(id, "sent");
    const opened = sink.connections.length - before;
    // Ten at a time, and each is replaced after a hundred messages.
    expect(opened).toBeLessThanOrEqual(20);
    expect(sink.message_count - already).toBe(1000);
    process.stdout.write(
      `1000 messages over ${opened} connections, ${Math.round(1000 / seconds)} a second from the request to the relay\n`,
    );
  });
});

describe("a relay with TLS and a password", () => {
  let sink: SmtpSink;
  let plain: SmtpSink;
  const auth = { user: "agent@relay", pass: "p@ss/word" };
  const login = `${encodeURIComponent(auth.user)}:${encodeURIComponent(auth.pass)}`;
  beforeAll(async () => {
    sink = await startSink({ tls: selfSigned(["127.0.0.1"]), auth });
    plain = await startSink({ auth });
    await start(`smtp://${login}@127.0.0.1:${sink.port}?tls=required&verify=no`);
  });
  afterAll(async () => {
    await stop();
    await sink.close();
    await plain.close();
  });

  async function restart(url: string): Promise<void> {
    await stop(true);
    await start(url, running.folder);
  }
  /** What went over connections in the clear. */
  const inTheClear = (one: SmtpSink): string[] =>
    one.connections.flatMap(({ commands }) => {
      const until = commands.indexOf("STARTTLS");
      return until === -1 ? commands : commands.slice(0, until);
    });

  test("mail goes out encrypted, behind the password, and its receipt says how", async () => {
    const message = await attempted(await send("ada@example.com"));
    expect(message.status).toBe("sent");
    expect(message.recipients[0].receipt.tls).toMatchObject({
      version: "TLSv1.3",
      authorized: false,
    });
    expect(sink.messages).toHaveLength(1);
    expect(sink.messages[0]?.secure).toBe(true);
    expect(inTheClear(sink).filter((command) => !command.startsWith("EHLO "))).toEqual([]);
  });

  test(promise("relay.certificate"), async () => {
    const { length } = sink.connections;
    await restart(`smtp://${login}@127.0.0.1:${sink.port}?tls=required`);
    const message = await attempted(await send("ada@example.com"));
    expect(message.status).toBe("queued");
    expect(message.reason).toContain("SELF_SIGNED");
    expect(message.recipients[0]).toMatchObject({
      status: "deferred",
      receipt: { code: null, enhanced_status_code: "4.7.5", outcome: "temporary" },
    });
    expect(sink.messages).toHaveLength(1);
    // Neither password nor mail was shown to whoever that is.
    const said = sink.connections.slice(length).flatMap(({ commands }) => commands);
    expect(said.filter((command) => !/^(EHLO .*|STARTTLS|QUIT)$/.test(command))).toEqual([]);
  });

  test("a relay without the TLS that is required gets neither password nor mail", async () => {
    await restart(`smtp://${login}@127.0.0.1:${plain.port}?tls=required`);
    const message = await attempted(await send("ada@example.com"));
    expect([message.status, message.recipients[0].status]).toEqual(["queued", "deferred"]);
    const said = plain.connections.flatMap(({ commands }) => commands);
    expect(said.filter((command) => !/^(EHLO .*|QUIT)$/.test(command))).toEqual([]);
  });

  test("a wrong password is a reason to wait, said with the relay's own words", async () => {
    await restart(`smtp://somebody:else@127.0.0.1:${sink.port}?tls=required&verify=no`);
    const message = await attempted(await send("ada@example.com"));
    expect([message.status, message.recipients[0].status]).toEqual(["queued", "deferred"]);
    expect(message.reason).toBe("535 5.7.8 wrong");
    expect(JSON.stringify(message)).not.toContain("else");
    // The mail of all these attempts goes out when the password is right.
    await restart(`smtp://${login}@127.0.0.1:${sink.port}?tls=required&verify=no`);
    await letTimePass();
    await running.settled(message.id, "sent");
    await sink.until(({ message_count }) => message_count === 4);
  });
});

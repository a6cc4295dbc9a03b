/** Mail that is withheld from agents, looked for by every operation there is: no answer of any changes because of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OperationSpec, opens } from "../../src/contract/operation.ts";
import type { Scope } from "../../src/core/actor.ts";
import { allOperations } from "../../src/operations/all.ts";
import { ownerOf } from "./authorisation-grants.ts";
import { type Place, inputs, placeOf, reachInto } from "./authorisation-inputs.ts";
import { type MailIn, mailIn } from "./mail-in.ts";
import { callOperation } from "./operation-calls.ts";
import { keyOf } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let mail: MailIn;
let place: Place;
/** Credentials without oversight: all that such keys may hold but `audit`, by which the log is read, and that is whole. */
let agents: { key: string; scopes: readonly Scope[] }[];
/** Withheld messages, of each kind. */
const hidden: string[] = [];
let question: Record<string, string>;

const sender = "zoe@zanzibar.example";
const word = "zanzibar";

beforeAll(async () => {
  running = await run({ MULTIMAIL_DNS: "127.0.0.1:1" });
  node = await secondNode(running);
  mail = mailIn(running);
  reachInto(running, node);
  const { admin_key, agent_key, oversight_key, mailbox_id } = running.known;
  const keys = { admin: admin_key, agent: agent_key, overseer: oversight_key };
  place = await placeOf(keys, node.operator_id, mailbox_id);
  const wide = ["read", "send", "admin"] as const;
  agents = [
    { key: agent_key, scopes: ["read", "send"] },
    { key: await keyOf(node, wide), scopes: wide },
  ];
  await node.engine.addContact(ownerOf(node, node.operator_id), { email: sender });
  const path = `/v1/mailboxes/${mailbox_id}`;
  const change = { oversight_mode: "gated_all" };
  await running.call(admin_key, `${path}/configure`, change, { method: "PATCH" });
  await webhooks();
  // When a key was first used is seen where keys are listed.
  await running.call(oversight_key, "/v1/events?limit=1");
  question = (await running.call(agent_key, `${path}/emails/${place.email_id}`)).body;
});

afterAll(async () => {
  await node?.close();
  await running?.stop();
});

/** Subscriptions of every origin, to where nobody is called. */
async function webhooks(): Promise<void> {
  const owner = ownerOf(node, node.operator_id);
  const url = "https://127.0.0.1:9/hook";
  const { mailbox_id } = running.known;
  const rest = { url, mailbox_id, ordered: false, secret: null };
  for (const events of [["*"], ["message.*", "oversight.*"], ["message.held", "oversight.*"]])
    await node.engine.createWebhook(owner, { ...rest, events, description: events.join() });
  await node.engine.changeMailbox(owner, mailbox_id, {
    webhook_url: url,
    oversight_webhook_url: url,
  });
}

/** Reads whose answer says how long the log is, which grows with whatever happens (decision 0055). */
const ofTheLog = new Set(["get_checkpoint", "get_log_checkpoint", "get_log_tile"]);

/** Reads whose answer is drawn anew each time, or proves by the newest checkpoint: their status and what they do not say remain. */
const neverTheSame = new Set(["get_attachment_url", "get_sign_up_challenge", "get_proof"]);

/** Writes that tell what there is. */
const telling = new Set(["export_subject"]);

/** Where the log of events begins. */
const beginning = Buffer.from("event:0").toString("base64url");

/** More of what an operation can be asked, where its row of the matrix asks for little. */
const hunts: Record<string, () => object[]> = {
  check_inbox: () => [
    { q: word },
    { sender: word },
    { thread_id: place.email_id },
    { has_attachments: "true" },
    ...["pending_inbound_approval", "rejected", "spam_flagged", "spam_quarantined"].map(
      (status) => ({ status }),
    ),
  ],
  list_received: () => [{ status: "pending_inbound_approval" }, { status: "rejected" }],
  list_events: () => [
    {},
    { type: "oversight.*" },
    { type: "message.held" },
    { thread_id: place.email_id },
  ],
  stream_events: () => [{ cursor: beginning, timeout_seconds: 0 }],
  wait_for_email: () => [{ cursor: beginning, timeout_seconds: 0 }],
  replay_policy: () =>
    [{ direction: "inbound" }, { direction: "inbound", recipients: [sender] }].map((match) => ({
      match,
      outcome: "hold",
    })),
  get_usage: () => [{}, { period: "daily" }],
  search_contacts: () => [{ q: word }],
  export_subject: () => [{ address: sender }],
  list_webhook_deliveries: () => [{}, { event: "message.held" }, { event: "oversight.reminder" }],
  check_suppression: () => [{ address: sender }],
};

type Asked = { spec: OperationSpec; input: object };

/** Every read of the registry that some of the credentials may make, as its row of the matrix says, and hunting. */
async function everyRead(): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const spec of allOperations) {
    if (spec.effect !== "read" && !telling.has(spec.name)) continue;
    if (ofTheLog.has(spec.name) || !agents.some((one) => isOpen(spec, one))) continue;
    const input = (await inputs[spec.name]?.(place, false)) ?? {};
    asked.push({ spec, input });
    const mailbox = "mailbox_id" in input ? { mailbox_id: place.mailbox_id } : {};
    for (const hunt of hunts[spec.name]?.() ?? [])
      asked.push({ spec, input: { ...mailbox, ...hunt } });
  }
  return asked;
}

function isOpen(spec: OperationSpec, { scopes }: { scopes: readonly Scope[] }): boolean {
  return spec.access === "public" || opens(spec, { scopes });
}

/** What all of it is answered, by operation, input and credential. Times, and how long the log of events is, are left out. */
async function answers(asked: readonly Asked[]): Promise<Map<string, string>> {
  const told = new Map<string, string>();
  for (const { spec, input } of asked)
    for (const agent of agents) {
      if (!isOpen(spec, agent)) continue;
      const { status, body } = await callOperation(running, spec, agent.key, input);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const name = `${spec.name} ${JSON.stringify(input)} with ${agent.scopes.join()}`;
      const shown = neverTheSame.has(spec.name) ? "" : lasting(text);
      const leaked = [...hidden, "In Zanzibar"].filter((one) => text.includes(one));
      told.set(name, [status, shown, ...leaked.map((one) => `\nwith ${one}`)].join(" "));
    }
  return told;
}

/** That something was exported is in the log with whom it was about, and so in the next export. */
function lasting(text: string): string {
  return text
    .split("\n")
    .filter((one) => !/^\{"type":"(?:log_entry".*\.exported|opening".*"field":"address")/.test(one))
    .join("\n")
    .replaceAll(/"(?:log_entry|openings)":\d+/g, "entries")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g, "time")
    .replaceAll(/"(?:request_id|page_token)":"[\w.-]+"/g, "drawn")
    .replaceAll(/ZXZlbnQ6[\w-]*/g, "cursor");
}

/** Lines that the other text does not have. */
function apart(one: string, other: string): string[] {
  const lines = new Set(other.split("\n"));
  return one.split("\n").filter((line) => !lines.has(line));
}

/** Waits until nothing happens by itself any more; what would happen later is put off. */
async function stillness(): Promise<void> {
  const owner = ownerOf(node, node.operator_id);
  const hooks = await node.as((tx) =>
    tx.named<{ webhook_id: string }>("hooks", "SELECT webhook_id FROM webhook", []),
  );
  for (const { webhook_id } of hooks)
    await node.engine.changeWebhook(owner, webhook_id, { paused: true });
  const put = "UPDATE due SET due_at = now() + interval '1 day' WHERE node IS NULL AND";
  await node.asOwner(`${put} kind IN ('verify_domain', 'webhook')`);
  const moving = (): Promise<unknown[]> =>
    node.as((tx) =>
      tx.named(
        "moving",
        `SELECT kind AS what FROM due WHERE operator_id = $1 AND (node IS NOT NULL OR due_at <= now())
         UNION ALL SELECT 'event' FROM event WHERE operator_id = $1 AND position IS NULL
         UNION ALL SELECT 'inbound' FROM inbound WHERE operator_id = $1
         UNION ALL SELECT 'entry' FROM log_pending WHERE operator_id = $1`,
        [tx.operator_id],
      ),
    );
  await expect.poll(moving, { timeout: 20_000 }).toEqual([]);
}

/** Mail of every kind that agents do not see comes: in a thread of theirs and beside it, waiting, reminded of, refused, suspect. */
async function withheldMail(): Promise<void> {
  const { oversight_key, mailbox_id } = running.known;
  const written = {
    from: `Zoe <${sender}>`,
    text: "In Zanzibar the cloves are dry.",
    attachments: [{ filename: "cloves.txt", content: "x" }],
  };
  const { message_id } = question;
  await mail.deliver({ ...written, subject: "In Zanzibar", inReplyTo: message_id });
  await mail.deliver({ ...written, subject: "In Zanzibar, too" });
  const waits = await mail.received("In Zanzibar", oversight_key);
  const refused = await mail.received("In Zanzibar, too", oversight_key);
  expect(waits).toMatchObject({
    status: "pending_inbound_approval",
    thread_id: place.email_id,
  });
  const refuse = `/v1/emails/${refused.id}/refuse`;
  expect((await running.call(oversight_key, refuse, {})).status).toBe(200);
  const suspect = { mode: "gated_all", subject: "In Zanzibar", from: sender } as const;
  hidden.push(waits.id, refused.id);
  for (const status of ["spam_flagged", "spam_quarantined"] as const)
    hidden.push(await keepReceived(node, mailbox_id, { ...suspect, status }));
  await node.asOwner(
    `UPDATE due SET due_at = now() WHERE kind IN ('remind', 'escalate') AND message_id = '${waits.id}'`,
  );
  const reminders = async (): Promise<number> => {
    const path = `/v1/events?type=oversight.reminder&email_id=${waits.id}`;
    return (await running.call(oversight_key, path)).body.events.length;
  };
  await expect.poll(reminders, { timeout: 20_000 }).toBe(2);
}

/** Names of inputs by which a message, or the thread that it alone is in, is met. */
const ids = ["email_id", "draft_id", "reply_of", "thread_id"];

/** A thread of any name can be written to; only reading and taking it tell whether it is there. */
const mayName = (spec: OperationSpec, name: string): boolean =>
  name !== "thread_id" || spec.effect === "read" || spec.name === "set_thread_owner";

/** What names a message instead of what the matrix names. */
const namingOnly: Readonly<Record<string, object>> = { create_legal_hold: { reason: "A case" } };

describe("mail that agents do not see", () => {
  test("changes no answer of any read that they can make", async () => {
    await stillness();
    const asked = await everyRead();
    await stillness();
    const before = await answers(asked);
    expect(before.size).toBeGreaterThan(100);
    await withheldMail();
    await stillness();
    const after = await answers(asked);
    const differences = [...before].flatMap(([name, told]) => {
      const later = after.get(name) ?? "";
      const [gone, come] = [apart(told, later), apart(later, told)];
      return later === told ? [] : [{ name, gone, come }];
    });
    expect(differences).toEqual([]);
  }, 300_000);

  test("is met by its id as what was never there, by every operation that takes one", async () => {
    const wrong: string[] = [];
    const asked: string[] = [];
    const unknown = node.context.new_id();
    for (const spec of allOperations) {
      const input = (await inputs[spec.name]?.(place, false)) ?? {};
      const names = ids.filter((one) => one in spec.input.shape && mayName(spec, one));
      for (const name of names)
        for (const agent of agents.filter((one) => isOpen(spec, one)))
          for (const id of hidden) {
            const of = async (email: string): Promise<string> => {
              const wanted = namingOnly[spec.name] ?? input;
              const asked = { ...wanted, [name]: email };
              const { status, body } = await callOperation(running, spec, agent.key, asked);
              return lasting(`${status} ${JSON.stringify(body)}`.replaceAll(email, ""));
            };
            const [met, never] = [await of(id), await of(unknown)];
            asked.push(spec.name);
            if (met !== never) wrong.push(`${spec.name} ${name}: ${met}, not ${never}`);
          }
    }
    expect(wrong).toEqual([]);
    expect(new Set(asked).size).toBeGreaterThan(25);
  }, 300_000);

  test("is in what overseers take along, and theirs says so in its first line", async () => {
    const key = await keyOf(node, ["read", "admin", "oversight"]);
    const all = await running.call(key, "/v1/export");
    const theirs = await running.call(key, "/v1/subjects/export", { address: sender });
    for (const { body } of [all, theirs])
      expect(JSON.parse(body.split("\n")[0])).toMatchObject({ withheld_mail: true });
    for (const id of hidden) expect(all.body.includes(id) && theirs.body.includes(id)).toBe(true);
    expect(all.body).toContain('"type": "oversight.reminder"');
    const [mine] = (await running.call(agents[1]?.key ?? "", "/v1/export")).body.split("\n");
    expect(JSON.parse(mine)).toMatchObject({ withheld_mail: false });
  });

  test("is told of to webhooks for overseers alone: a mailbox's own, and those that name message.held", async () => {
    const told = await node.as((tx) =>
      tx.named<{ who: string; types: string }>(
        "who_was_told",
        `SELECT coalesce(w.description, w.origin) AS who, string_agg(DISTINCT d.event_type, ',' ORDER BY d.event_type) AS types
         FROM webhook_delivery d JOIN webhook w USING (operator_id, webhook_id) JOIN event e USING (operator_id, event_id)
         WHERE d.operator_id = $1 AND e.message_id = ANY($2) GROUP BY 1 ORDER BY 1`,
        [tx.operator_id, hidden],
      ),
    );
    const types = "message.held,oversight.reminder";
    expect(told).toEqual([
      { who: "message.held,oversight.*", types },
      { who: "oversight", types },
    ]);
  });
});

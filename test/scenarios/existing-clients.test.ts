/** Clients written for the existing service work unchanged: each call of theirs, with base URL and key alone, answers the fields they read. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mailedCode } from "./approvals.ts";
import { ownerKeys } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
/** What the table's calls are about. */
const known = { mailbox: "", email: "", received: "", held: "", key: "", contact: "", domain: "" };

/** A call as such a client makes it: nothing but a base URL and `X-API-Key`. */
async function client(
  key: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${running.known.url}${path}`, {
    method,
    redirect: "error",
    headers: { "x-api-key": key, "content-type": "application/json", ...headers },
    ...(body === undefined || method === "GET"
      ? {}
      : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  };
}

const agent = (method: string, path: string, body?: unknown): Promise<Answer> =>
  client(running.known.agent_key, method, path, body);
const admin = (method: string, path: string, body?: unknown): Promise<Answer> =>
  client(running.known.admin_key, method, path, body);
const overseer = (method: string, path: string, body?: unknown): Promise<Answer> =>
  client(running.known.oversight_key, method, path, body);

const box = (rest = ""): string => `/v1/mailboxes/${known.mailbox}${rest}`;
const message = (more: object = {}): object => ({
  to: ["ada@example.com"],
  subject: "Hello",
  markdown: "Some *text*.",
  ...more,
});
const file = {
  name: "note.txt",
  content_base64: Buffer.from("a note").toString("base64"),
  content_type: "text/plain",
};

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  known.mailbox = running.known.mailbox_id;
  known.email = (await agent("POST", box("/send"), message({ attachments: [file] }))).body.id;
  known.received = await keepReceived(node, known.mailbox, { from: "bob@example.com" });
  known.held = await keepReceived(node, known.mailbox, { status: "spam_flagged" });
  known.key = (await (await ownerKeys(node)).make(["read"])).id;
  known.contact = (await agent("POST", "/v1/contacts", { email: "c@example.com" })).body.id;
  known.domain = (await admin("POST", "/v1/domains", { domain: "clients.example.com" })).body.id;
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const anId = expect.stringMatching(/^[0-9A-Z]{26}$/);
const anEmail = {
  id: anId,
  direction: expect.stringMatching(/^(in|out)bound$/),
  from: expect.any(String),
  from_address: expect.any(String),
  to: expect.any(Array),
  to_addresses: expect.any(Array),
  subject: expect.any(String),
  status: expect.any(String),
  thread_id: expect.any(String),
  received_at: expect.any(String),
  created_at: expect.any(String),
};

/** The calls that need nothing but what there is: who makes them, and what is read of the answer. */
const calls: [
  name: string,
  make: () => Promise<Answer>,
  status: number,
  read: Record<string, unknown>,
][] = [
  [
    "create a mailbox by address_local",
    () => admin("POST", "/v1/mailboxes", { address_local: "first" }),
    201,
    { id: anId, address: expect.stringMatching(/^first@/) },
  ],
  [
    "create a mailbox by address_local_part",
    () => admin("POST", "/v1/mailboxes", { address_local_part: "second" }),
    201,
    { id: anId, address: expect.stringMatching(/^second@/) },
  ],
  [
    "create a mailbox by address",
    () => admin("POST", "/v1/mailboxes", { address: "third@multimail.localhost" }),
    201,
    { id: anId, address: "third@multimail.localhost" },
  ],
  ["list mailboxes", () => agent("GET", "/v1/mailboxes"), 200, { mailboxes: expect.any(Array) }],
  ["get a mailbox", () => agent("GET", box()), 200, { id: anId, oversight_mode: "gated_send" }],
  [
    "change a mailbox",
    () => admin("PATCH", box(), { display_name: "Agent" }),
    200,
    { display_name: "Agent" },
  ],
  [
    "send",
    () => agent("POST", box("/send"), message({ cc: ["bob@example.com"], attachments: [file] })),
    202,
    { id: anId, status: "pending_send_approval", thread_id: expect.any(String) },
  ],
  [
    "reply",
    () => agent("POST", box(`/reply/${known.received}`), { markdown: "Thanks." }),
    202,
    { id: anId, status: expect.any(String), thread_id: expect.any(String) },
  ],
  ["check the inbox", () => agent("GET", box("/emails")), 200, { emails: expect.any(Array) }],
  [
    "filter by the held status of sent mail",
    () => agent("GET", box("/emails?status=pending_send_approval&direction=outbound")),
    200,
    { emails: expect.arrayContaining([expect.objectContaining(anEmail)]) },
  ],
  [
    "filter by the held status of received mail",
    () => overseer("GET", box("/emails?status=pending_inbound_approval")),
    200,
    { emails: [] },
  ],
  [
    "page by offset and since_id",
    () => agent("GET", box(`/emails?offset=1&limit=1&since_id=${"0".repeat(26)}`)),
    200,
    { emails: [expect.objectContaining(anEmail)] },
  ],
  [
    "read an email",
    () => agent("GET", box(`/emails/${known.received}`)),
    200,
    { ...anEmail, markdown: expect.any(String), text_body: expect.any(String) },
  ],
  [
    "link to an attachment",
    () => agent("GET", box(`/emails/${known.email}/attachments/note.txt/url`)),
    200,
    {
      url: expect.stringMatching(/^http/),
      filename: "note.txt",
      size_bytes: 6,
      content_type: "text/plain",
      expires_in: expect.any(Number),
    },
  ],
  [
    "download an attachment",
    async () => {
      const answer = await agent("GET", box(`/emails/${known.email}/attachments/note.txt`));
      return { ...answer, body: { text: answer.body } };
    },
    200,
    { text: "a note" },
  ],
  [
    "set tags",
    () => agent("PUT", box(`/emails/${known.email}/tags`), { tags: { topic: "a" } }),
    200,
    { tags: { topic: "a" } },
  ],
  ["get tags", () => agent("GET", box(`/emails/${known.email}/tags`)), 200, { tags: {} }],
  ["list threads", () => agent("GET", box("/threads")), 200, { threads: expect.any(Array) }],
  [
    "list what is pending",
    () => overseer("GET", "/v1/oversight/pending"),
    200,
    { pending: expect.any(Array), emails: expect.any(Array) },
  ],
  [
    "list spam",
    () => agent("GET", "/v1/emails?status=spam_flagged"),
    200,
    { emails: [expect.objectContaining(anEmail)] },
  ],
  [
    "call spam none",
    () => overseer("POST", `/v1/emails/${known.held}/not-spam`),
    200,
    { id: expect.any(String) },
  ],
  ["list keys", () => admin("GET", "/v1/api-keys"), 200, { api_keys: expect.any(Array) }],
  ["read the log", () => admin("GET", "/v1/audit-log"), 200, { entries: expect.any(Array) }],
  [
    "search contacts",
    () => agent("GET", "/v1/contacts?q=c@"),
    200,
    { contacts: [{ email: "c@example.com" }] },
  ],
  [
    "add a contact",
    () => agent("POST", "/v1/contacts", { email: "d@example.com", name: "D" }),
    201,
    { id: anId, email: "d@example.com", name: "D" },
  ],
  [
    "list suppression",
    () => agent("GET", "/v1/suppression"),
    200,
    { suppressions: expect.any(Array) },
  ],
  ["list domains", () => admin("GET", "/v1/domains"), 200, { domains: expect.any(Array) }],
  ["get a domain", () => admin("GET", `/v1/domains/${known.domain}`), 200, { id: anId }],
  [
    "get the account",
    () => agent("GET", "/v1/account"),
    200,
    { id: anId, name: expect.any(String) },
  ],
  ["usage by period", () => agent("GET", "/v1/usage?period=daily"), 200, { period: "daily" }],
  ["usage by breakdown", () => agent("GET", "/v1/usage?breakdown=summary"), 200, { sent: 0 }],
  ["get a proof", () => agent("GET", box(`/emails/${known.email}/proof`)), 200, {}],
];

describe("the calls of existing clients", () => {
  test.each(calls)("%s", async (_name, make, status, read) => {
    const answer = await make();
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status });
    for (const [field, value] of Object.entries(read))
      expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ [field]: value });
  });
});

test("both spellings of an email say the same, in every list and in full", async () => {
  const lists = [
    (await agent("GET", box("/emails?limit=100"))).body.emails,
    (await overseer("GET", "/v1/oversight/pending")).body.emails,
    [(await agent("GET", box(`/emails/${known.received}`))).body],
  ];
  for (const email of lists.flat()) {
    expect(email).toMatchObject(anEmail);
    expect(email.from_address).toBe(email.from);
    expect(email.to_addresses).toEqual(email.to);
    expect(email.received_at).toBe(email.created_at);
  }
  const { body } = await overseer("GET", "/v1/oversight/pending");
  expect(body.pending).toEqual(body.emails);
  const [, , [full]] = lists;
  expect(full.text_body.trim().length).toBeGreaterThan(0);
  expect(full.markdown.trim().length).toBeGreaterThan(0);
});

test("the same send with the same idempotency key is answered 200 with the first one's id", async () => {
  for (const once of [
    () => agent("POST", box("/send"), message({ idempotency_key: "in-body" })),
    () =>
      client(running.known.agent_key, "POST", box("/send"), message(), {
        "idempotency-key": "in-header",
      }),
  ]) {
    const first = await once();
    const again = await once();
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body).toMatchObject({ id: first.body.id, idempotent: true });
  }
});

test("a decision by action and reason, as existing clients send it", async () => {
  const ids = await Promise.all(
    ["one", "two"].map(async (subject) => {
      const sent = await agent("POST", box("/send"), message({ subject }));
      return sent.body.id as string;
    }),
  );
  const [first, second] = ids;
  const approve = { email_id: first, action: "approve", reason: "Fine" };
  const approved = await overseer("POST", "/v1/oversight/decide", approve);
  expect(approved).toMatchObject({ status: 200, body: { id: first } });
  const reject = { email_id: second, action: "reject", reason: "No" };
  const rejected = await overseer("POST", "/v1/oversight/decide", reject);
  expect(rejected).toMatchObject({ status: 200, body: { id: second, status: "rejected" } });
});

test("an upgrade is asked for by target_mode and applied by the mailed code", async () => {
  const asked = await agent("POST", box("/request-upgrade"), { target_mode: "monitored" });
  expect(asked.body.status).toBe("upgrade_requested");
  const code = await mailedCode(running, "monitored");
  const applied = await agent("POST", box("/upgrade"), { code });
  expect(applied).toMatchObject({ status: 200, body: { status: "upgraded" } });
  const back = await agent("PATCH", box("/configure"), { oversight_mode: "gated_send" });
  expect(back.body.oversight_mode).toBe("gated_send");
});

test("tags merge, and one is taken away by its key", async () => {
  const path = box(`/emails/${known.received}/tags`);
  await agent("PUT", path, { tags: { a: "1", b: "2" } });
  const merged = await agent("PUT", path, { tags: { b: "3" } });
  expect(merged.body.tags).toEqual({ a: "1", b: "3" });
  expect((await agent("DELETE", `${path}/a`)).body.tags).toEqual({ b: "3" });
});

test("a key is created with a person's code; its secret is there under both names", async () => {
  const wish = { name: "Of a client", scopes: ["read"] };
  const asked = await admin("POST", "/v1/api-keys", wish);
  expect(asked.status).toBe(202);
  const approval_code = await mailedCode(running, asked.body.change_id);
  const made = await admin("POST", "/v1/api-keys", { ...wish, approval_code });
  expect(made.status).toBe(201);
  expect(made.body.api_key).toMatch(/^mm_live_/);
  expect(made.body.key).toBe(made.body.api_key);
  expect((await client(made.body.key, "GET", "/v1/account")).status).toBe(200);
});

test("a webhook is created with a person's code; its signing secret is shown once, and lists have both names", async () => {
  const wish = { url: "https://hooks.example.com/mail", events: ["email.received"] };
  const asked = await admin("POST", "/v1/webhooks", wish);
  expect(asked.status).toBe(202);
  const approval_code = await mailedCode(running, asked.body.change_id);
  const made = await admin("POST", "/v1/webhooks", { ...wish, approval_code });
  expect(made).toMatchObject({
    status: 201,
    body: { id: anId, signing_secret: expect.stringMatching(/^whsec_/) },
  });
  const { body } = await admin("GET", "/v1/webhooks");
  expect(body.webhooks).toEqual([expect.objectContaining({ id: made.body.id, url: wish.url })]);
  expect(body.subscriptions).toEqual(body.webhooks);
  expect(JSON.stringify(body)).not.toContain(made.body.signing_secret);
});

test("what existing clients delete is gone", async () => {
  const made = (await admin("POST", "/v1/mailboxes", { address_local: "to-go" })).body.id;
  expect((await admin("DELETE", `/v1/mailboxes/${made}`)).status).toBe(200);
  expect((await agent("GET", `/v1/mailboxes/${made}`)).status).toBe(404);
  expect((await agent("DELETE", `/v1/contacts/${known.contact}`)).status).toBe(200);
  expect((await agent("GET", `/v1/contacts/${known.contact}`)).status).toBe(404);
  expect((await admin("DELETE", `/v1/api-keys/${known.key}`)).status).toBe(200);
  expect((await admin("DELETE", `/v1/domains/${known.domain}`)).status).toBe(200);
});

test("an empty body with a JSON content type is an empty object", async () => {
  const id = (await agent("POST", box("/send"), message())).body.id;
  const cancelled = await agent("POST", box(`/emails/${id}/cancel`), "");
  expect(cancelled.status).toBe(200);
  const missing = await agent("POST", box("/send"), "");
  expect(missing).toMatchObject({ status: 400, body: { code: "validation_failed", field: "to" } });
});

test("an unknown field is refused by its name, never dropped", async () => {
  for (const [path, body] of [
    [box("/send"), message({ importance: "high" })],
    ["/v1/contacts", { email: "x@example.com", importance: "high" }],
    [box("/drafts"), { subject: "S", importance: "high" }],
  ] as const) {
    const refused = await agent("POST", path, body);
    expect(refused.status, path).toBe(400);
    expect(refused.body).toMatchObject({ code: "validation_failed", field: "importance" });
    expect(refused.body.error).toContain("importance");
  }
  const inQuery = await agent("GET", "/v1/mailboxes?importance=high");
  expect(inQuery.body).toMatchObject({ code: "validation_failed", field: "importance" });
});

test("every error names itself: error, code and request_id, and a hint where there is a mend", async () => {
  const answers = [
    await agent("GET", "/v1/nowhere"),
    await agent("DELETE", "/v1/account/"),
    await agent("POST", "/v1/account", {}),
    await agent("GET", `/v1/mailboxes/${"0".repeat(26)}`),
    await agent("POST", box("/send"), "{"),
    await agent("POST", "/v1/mailboxes", { address: "x" }),
    await client("mm_live_wrong", "GET", "/v1/account"),
    await agent("GET", "/v1/mailboxes?cursor=nonsense"),
  ];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 405, 404, 400, 403, 401, 400]);
  for (const { body, headers } of answers) {
    expect(body).toMatchObject({
      error: expect.any(String),
      code: expect.stringMatching(/^[a-z_]+$/),
      request_id: headers.get("x-request-id"),
    });
    if (body.code !== "not_found") expect(body.hint, body.code).toMatch(/\w/);
  }
});

test("no other origin is let in, and HEAD and OPTIONS say what there is and change nothing", async () => {
  const url = `${running.known.url}/v1/account`;
  const headers = { "x-api-key": running.known.agent_key, origin: "https://elsewhere.example" };
  const get = await fetch(url, { headers });
  expect(get.headers.get("access-control-allow-origin")).toBeNull();
  const preflight = await fetch(url, {
    method: "OPTIONS",
    headers: { origin: "https://elsewhere.example", "access-control-request-method": "GET" },
  });
  expect(preflight.status).toBe(405);
  expect(preflight.headers.get("allow")?.split(", ")).toEqual(
    expect.arrayContaining(["GET", "HEAD", "PATCH", "DELETE"]),
  );
  expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  const head = await fetch(url, { method: "HEAD", headers });
  expect(head.status).toBe(200);
  expect(await head.text()).toBe("");
  expect((await fetch(url, { method: "HEAD" })).status).toBe(401);
});

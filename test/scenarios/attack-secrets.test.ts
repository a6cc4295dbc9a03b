/** Secrets through a whole life: what is made to be shown once stands in that answer alone, and in no line of the log at its most talkative. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { approved, mailTo, mailedCode } from "./approvals.ts";
import { letIn, pkce, program } from "./oauth-browser.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, postForm, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { solved } from "./signing-up.ts";
import { type Receiver, receiver } from "./webhook-receiver.ts";

/** Every line that the instance logged. */
const lines: string[] = [];
/** Every answer to a call, with where it was asked. */
const answers: { asked: string; text: string }[] = [];
/** What must not be seen, and what it is. The one answer that shows it is not kept. */
const secrets = new Map<string, string>();

let running: Running;
let node: SecondNode;
let target: Receiver;

const content = {
  subject: "Zanzibar subject",
  markdown: "Quagmire body",
  to: ["walrus@example.com"],
};

function secret(name: string, value: unknown): string {
  if (typeof value !== "string" || value.length < 6) throw new Error(`${name} is ${String(value)}`);
  secrets.set(value, name);
  return value;
}

/** Calls the API and keeps what it answered. */
async function call(key: string | null, path: string, body?: unknown, method?: string) {
  const answer = await running.call(key, path, body, method === undefined ? {} : { method });
  keep(`${method ?? (body === undefined ? "GET" : "POST")} ${path}`, answer);
  return answer;
}

function keep(asked: string, { body }: Pick<Answer, "body">): void {
  answers.push({ asked, text: typeof body === "string" ? body : JSON.stringify(body) });
}

beforeAll(async () => {
  const log = pino(
    { level: "trace" },
    { write: (line: string) => void lines.push(line) },
  ) as unknown as Logger;
  running = await run(
    {
      MULTIMAIL_SIGNUP: "open",
      MULTIMAIL_PRIVATE_WEBHOOKS: "yes",
      MULTIMAIL_METRICS_TOKEN: secret("the metrics token", "metrics-token-that-is-long-enough"),
    },
    undefined,
    { notices: true, log },
  );
  node = await secondNode(running);
  target = await receiver();
});

afterAll(async () => {
  await node.close();
  await running.stop();
  await target.close();
});

const { stringify } = JSON;

/** The cookie's value of an answer that signs somebody in. */
function sessionOf(response: Response): string {
  expect(response.status).toBe(303);
  return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

async function post(path: string, fields: Record<string, string>, cookie = ""): Promise<Response> {
  return fetch(running.known.url + path, {
    method: "POST",
    redirect: "manual",
    headers: { origin: running.known.url, cookie },
    body: new URLSearchParams(fields),
  });
}

async function lifeOfKeys(): Promise<void> {
  const { agent_key, admin_key, oversight_key, dashboard_link } = running.known;
  for (const [name, key] of Object.entries({ agent_key, admin_key, oversight_key }))
    secret(name, key);
  secret("the first sign-in link", new URL(dashboard_link).searchParams.get("token"));
  secret("the master key", (await readFile(join(running.folder, "master.key"), "utf8")).trim());
  const wish = { name: "another key", scopes: ["read"] };
  const asked = await call(admin_key, "/v1/api-keys", wish);
  const approval_code = secret("a code of a change", await mailedCode(running, "another key"));
  const wrong = { ...wish, approval_code: `${approval_code.slice(0, -1)}!` };
  expect((await call(admin_key, "/v1/api-keys", wrong)).status).toBeGreaterThanOrEqual(400);
  const made = await running.call(admin_key, "/v1/api-keys", { ...wish, approval_code });
  expect([asked.status, made.status]).toEqual([202, 201]);
  secret("a made key", made.body.key ?? made.body.api_key ?? made.body.secret);
  // The same again: the code is spent, and says so without a word of itself.
  expect((await call(admin_key, "/v1/api-keys", { ...wish, approval_code })).status).toBe(403);
  await call(admin_key, "/v1/api-keys?limit=100");
  await call(`${agent_key}x`, "/v1/account");
  await call(agent_key, `/v1/account?api_key=${agent_key}`);
}

async function lifeOfPeople(): Promise<string> {
  const { dashboard_link } = running.known;
  const token = new URL(dashboard_link).searchParams.get("token") ?? "";
  const first = sessionOf(await post("/sign-in", { token }));
  secret("a session", first.split("=")[1]);
  // Once more: it is spent.
  expect((await post("/sign-in", { token })).status).toBe(410);
  const { oversight_address } = (await call(running.known.admin_key, "/v1/account")).body;
  await post("/sign-in/code", { email: oversight_address });
  const end = Date.now() + 15_000;
  let code: string | undefined;
  while (code === undefined && Date.now() < end) {
    const mail = await mailTo(running, oversight_address);
    code = /\b([A-Z0-9]{3}-[A-Z0-9]{3})\b/.exec(
      mail.findLast((text) => /sign-in code/i.test(text)) ?? "",
    )?.[1];
    await new Promise((resolve) => setImmediate(resolve));
  }
  secret("a sign-in code", code);
  await post("/sign-in/redeem", { email: oversight_address, code: "AAA-AAA" });
  const second = sessionOf(
    await post("/sign-in/redeem", { email: oversight_address, code: code ?? "" }),
  );
  expect(second).not.toBe(first);
  secret("a session by code", second.split("=")[1]);
  const page = await (
    await fetch(`${running.known.url}/account`, { headers: { cookie: second } })
  ).text();
  secret("a form's token", /name="csrf_token" value="([^"]+)"/.exec(page)?.[1]);
  const invited = { email: "grace@people.example", name: "Grace Hopper", role: "approver" };
  expect((await postForm(running, second, "/people", "/people", invited)).status).toBe(303);
  await expect
    .poll(async () => (await mailTo(running, invited.email)).join(), { timeout: 15_000 })
    .toContain("/join?token=");
  const joins = (await mailTo(running, invited.email)).join();
  const invitation = /\/join\?token=([\w-]+)/.exec(joins)?.[1] ?? "";
  secret("an invitation", invitation);
  const grace = sessionOf(await post("/join", { token: invitation }));
  secret("a session by invitation", grace.split("=")[1]);
  expect((await post("/join", { token: invitation })).status).toBe(410);
  return second;
}

async function lifeOfPrograms(cookie: string): Promise<void> {
  const app = program(running);
  const client_id = await app.client();
  const { verifier, challenge } = pkce();
  const { location } = await app.consent(
    cookie,
    app.query(client_id, { code_challenge: challenge }),
  );
  const code = secret("an OAuth code", location?.searchParams.get("code"));
  secret("a PKCE verifier", verifier);
  const { body } = await app.exchange(code, client_id, verifier);
  secret("an access token", body.access_token);
  secret("a refresh token", body.refresh_token);
  const next = await app.refresh(body.refresh_token, client_id);
  secret("the next access token", next.body.access_token);
  secret("the next refresh token", next.body.refresh_token);
  await app.mcp(next.body.access_token, "tools/list");
  keep("a refresh twice", await app.refresh(body.refresh_token, client_id));
  keep("an exchange twice", await app.exchange(code, client_id, verifier));
  const again = await letIn(running, cookie, "send");
  secret("another access token", again.access_token);
  keep(
    "a tool",
    await app.mcp(again.access_token, "tools/call", {
      name: "send_email",
      arguments: { mailbox_id: running.known.mailbox_id, ...content },
    }),
  );
  await call(running.known.admin_key, "/v1/grants?limit=100");
}

async function lifeOfMail(): Promise<void> {
  const { agent_key, admin_key, mailbox_id } = running.known;
  const sent = await running.send(content);
  expect(sent.status).toBe(202);
  const { oversight_address } = (await call(admin_key, "/v1/account")).body;
  const link = async (): Promise<string | undefined> =>
    /\/approve\/([\w-]+\.[\w-]{43})/.exec((await mailTo(running, oversight_address)).join())?.[1];
  await expect.poll(link, { timeout: 15_000 }).toBeDefined();
  const token = secret("an approval link", await link());
  const page = await (await fetch(`${running.known.url}/approve/${token}`)).text();
  const page_token = /name="page_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
  secret("an approval page's token", page_token);
  const decide = { decision: "approve", page_token };
  expect((await post(`/approve/${token}`, decide)).status).toBeLessThan(400);
  expect((await post(`/approve/${token}`, decide)).status).toBeGreaterThanOrEqual(400);
  await running.settled(sent.body.id, "sent", "delivered");
  const received = await keepReceived(node, mailbox_id, {
    attachments: [
      { filename: "a.bin", content_type: "application/octet-stream", content: Buffer.from("x") },
    ],
  });
  const url = await running.call(
    agent_key,
    `/v1/mailboxes/${mailbox_id}/emails/${received}/attachments/a.bin/url`,
  );
  const opened = secret("an attachment link", url.body.url.split("/").at(-1));
  await call(null, `/v1/attachments/${opened}`);
  await call(null, `/v1/attachments/${opened.slice(0, -2)}AA`);
}

async function lifeOfWebhooks(): Promise<void> {
  const { admin_key } = running.known;
  const made = await approved(running, admin_key, "/v1/webhooks", {
    url: `${target.url}?key=receivers-own-secret`,
    events: ["*"],
  });
  expect(made.status).toBe(201);
  const { id, signing_secret } = made.body;
  secret("a webhook's secret", signing_secret);
  const rotated = await running.call(admin_key, `/v1/webhooks/${id}/rotate`, {});
  secret("a rotated secret", rotated.body.signing_secret);
  await call(admin_key, `/v1/webhooks/${id}/test`, {});
  await target.until(({ body }) => String(body.type).includes("test"));
  target.answer = (_told, response) => response.destroy();
  await call(admin_key, `/v1/webhooks/${id}/test`, {});
  const logged = await call(admin_key, `/v1/webhook-deliveries?webhook_id=${id}`);
  for (const one of logged.body.deliveries)
    await call(admin_key, `/v1/webhook-deliveries/${one.id}`);
  await call(admin_key, `/v1/webhooks/${id}`);
  await call(admin_key, "/v1/webhooks");
}

async function lifeOfNewcomers(): Promise<void> {
  const challenge = (await running.call(null, "/v1/signup/challenge")).body;
  const altcha = secret("a proof of work", solved(challenge));
  const email = "newcomer@people.example";
  const wanted = {
    operator_name: "Newcomer",
    postal_address: "1 Street",
    owner_name: "New",
    oversight_email: email,
    altcha,
  };
  const { sign_up_id } = (await call(null, "/v1/signup", wanted)).body;
  await call(null, "/v1/signup", wanted);
  const found = async () =>
    /^The code: (\S+)/m.exec((await mailTo(running, email)).join("\n"))?.[1];
  await expect.poll(found, { timeout: 15_000 }).toBeDefined();
  const code = secret("a sign-up code", await found());
  await call(null, "/v1/signup/confirm", { sign_up_id, code: "AAA-AAA" });
  const made = await running.call(null, "/v1/signup/confirm", { sign_up_id, code });
  secret("a newcomer's key", made.body.api_key);
  await call(null, "/v1/signup/confirm", { sign_up_id, code });
}

/** Lists that show much; and errors of every sort, whose causes are logged. */
async function lifeOfTrouble(): Promise<void> {
  const { admin_key, oversight_key, agent_key, mailbox_id } = running.known;
  for (const path of [
    "/v1/audit-log?limit=100",
    "/v1/events?limit=100",
    "/v1/compliance/export",
    "/v1/account",
    "/v1/mailboxes",
    "/metrics",
  ])
    await call(path.includes("compliance") ? admin_key : oversight_key, path);
  await call(agent_key, `/v1/mailboxes/${mailbox_id}/send`, "{ broken");
  // Whatever the database refuses because of a bug of ours is logged with its cause, and the cause may quote the row.
  const send = () => running.send(content);
  const signUp = async () => {
    const challenge = (await running.call(null, "/v1/signup/challenge")).body;
    const altcha = secret("another proof of work", solved(challenge));
    const oversight_email = "walrus@people.example";
    const wanted = { operator_name: "Newcomer", postal_address: "1 Street", oversight_email };
    return running.call(null, "/v1/signup", { ...wanted, altcha });
  };
  const register = () =>
    program(running).register({
      client_name: "Quagmire",
      redirect_uris: ["http://127.0.0.1:1/zanzibar"],
    });
  for (const [table, provoke, status] of [
    ["message", send, 500],
    ["message_content", send, 500],
    ["recipient", send, 500],
    ["sign_up", signUp, 500],
    ["one_time_code", signUp, 500],
    ["oauth_client", register, 500],
  ] as const) {
    const name = `refuses_${table}`;
    await node.asOwner(`ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (false) NOT VALID`);
    const failed = await provoke();
    expect([table, failed.status, failed.body]).toMatchObject([table, status, {}]);
    keep(`what fails in ${table}`, failed);
    await node.asOwner(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
    expect(lines.join("")).toContain(name);
  }
}

describe("after a whole life", () => {
  test("in which every secret is made, used, and used wrongly", async () => {
    const cookie = await lifeOfPeople();
    await lifeOfKeys();
    await lifeOfMail();
    await lifeOfPrograms(cookie);
    await lifeOfWebhooks();
    await lifeOfNewcomers();
    await lifeOfTrouble();
    expect(secrets.size).toBeGreaterThan(25);
  });

  test("no secret stands in any line of the log", () => {
    expect(lines.length).toBeGreaterThan(5);
    const log = lines.join("");
    const told = [...secrets].flatMap(([value, name]) =>
      spellings(value).some((one) => log.includes(one)) ? [name] : [],
    );
    expect(told).toEqual([]);
  });

  test("no word of any message and no address of a recipient stands in the log, not even where a bug is told of", () => {
    const log = lines.join("");
    for (const word of ["zanzibar", "quagmire", "walrus@"])
      expect([word, lines.filter((line) => line.toLowerCase().includes(word))]).toEqual([word, []]);
    expect(log).not.toContain("receivers-own-secret");
  });

  test("no secret stands in an answer but the one that shows it", () => {
    expect(answers.length).toBeGreaterThan(25);
    const told = answers.flatMap(({ asked, text }) =>
      [...secrets].flatMap(([value, name]) =>
        spellings(value).some((one) => text.includes(one)) ? [`${name} in ${asked}`] : [],
      ),
    );
    expect(told).toEqual([]);
  });
});

/** The secret as it may have been written down. */
function spellings(value: string): string[] {
  const base64 = Buffer.from(value).toString("base64");
  return [value, encodeURIComponent(value), stringify(value).slice(1, -1), base64];
}

/** Line ends in every text that becomes a header of a mail, of an answer or of a call to a webhook, and names of hosts that are not ours. */
import { readFile, readdir } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownerOf } from "./authorisation-grants.ts";
import { ownerKeys } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";
import { solved } from "./signing-up.ts";
import { type Receiver, receiver } from "./webhook-receiver.ts";

let running: Running;
let node: SecondNode;
let target: Receiver;
/** Sends and administers. */
let key: string;
let overseer: string;

beforeAll(async () => {
  running = await run({ MULTIMAIL_SIGNUP: "open", MULTIMAIL_PRIVATE_WEBHOOKS: "yes" }, undefined, {
    notices: true,
  });
  node = await secondNode(running);
  const { make } = await ownerKeys(node);
  key = (await make(["read", "send", "admin", "audit"])).secret;
  overseer = (await make(["read", "oversight"])).secret;
  target = await receiver();
  await node.engine.createWebhook(ownerOf(node, node.operator_id), {
    url: target.url,
    events: ["*"],
    mailbox_id: null,
    description: null,
    ordered: false,
    secret: null,
  });
});

afterAll(async () => {
  await node.close();
  await running.stop();
  await target.close();
});

const box = (): string => `/v1/mailboxes/${running.known.mailbox_id}`;

/** Everything that was caught, as it came. */
async function caught(): Promise<string[]> {
  const folder = running.instance.catcher?.folder ?? "";
  const files = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith(".eml"),
  );
  return Promise.all(files.map((name) => readFile(join(folder, name), "latin1")));
}

/** Ends of lines as anybody might read them. */
const ends = [
  "\r\n",
  "\n",
  "\r",
  "\n\r",
  "\r\n\r\n",
  "\u0085",
  "\u2028",
  "\0",
  "\u000b",
  "%0d%0a",
  "=0D=0A",
  "=?utf-8?Q?=0D=0AX-Injected:_yes?=",
];

type Write = [where: string, put: (evil: string) => Record<string, unknown>];
const inMail: Write[] = [
  ["subject", (evil) => ({ subject: evil })],
  ["to", (evil) => ({ to: [evil] })],
  ["a name in to", (evil) => ({ to: [`"${evil}" <ada@example.com>`] })],
  ["an address in to", (evil) => ({ to: [`ada${evil}@example.com`] })],
  ["cc", (evil) => ({ cc: [`${evil} <ada@example.com>`] })],
  ["bcc", (evil) => ({ bcc: [`${evil} <ada@example.com>`] })],
  ["reply_to", (evil) => ({ reply_to: `${evil} <ada@example.com>` })],
  ["a filename", (evil) => ({ attachments: [{ filename: evil, content: "aGk=" }] })],
  [
    "a content type",
    (evil) => ({ attachments: [{ filename: "a", content_type: `text/${evil}`, content: "aGk=" }] }),
  ],
  [
    "a content id",
    (evil) => ({ attachments: [{ filename: "a", content_id: evil, content: "aGk=" }] }),
  ],
  ["a tag", (evil) => ({ tags: { a: evil } })],
  ["a header", (evil) => ({ headers: { "X-Thing": evil } })],
  ["a header's name", (evil) => ({ headers: { [`X-Thing${evil}`]: "a" } })],
  ["a message that is answered", (evil) => ({ in_reply_to: evil })],
];

describe("a line end", () => {
  test.each(inMail)("in %s of a message begins no header of its mail", async (where, put) => {
    const taken: string[] = [];
    for (const end of ends) {
      const { status, body } = await running.send(
        put(`x${end}X-Injected: yes${end}Bcc: v@evil.example`),
        key,
      );
      expect([where, end, status]).toEqual([
        where,
        end,
        expect.toSatisfy((one) => one === 202 || (one >= 400 && one < 500)),
      ]);
      if (status === 202) taken.push(body.id);
    }
    for (const id of taken) {
      const { digest } = (await running.call(overseer, `${box()}/emails/${id}`)).body;
      const decided = await running.call(overseer, "/v1/oversight/decide", {
        email_id: id,
        decision: "approve",
        digest,
      });
      expect(decided.status, JSON.stringify(decided.body)).toBeLessThan(300);
      const raw = await running.call(overseer, `${box()}/emails/${id}/raw`);
      expectClean(String(raw.body));
    }
  });

  test("in the settings of a mailbox, an operator, a person or a domain begins no header of any mail", async () => {
    const statuses: number[] = [];
    for (const end of ends) {
      const evil = `x${end}X-Injected: yes`;
      const { status } = await running.call(
        key,
        box(),
        { display_name: evil },
        { method: "PATCH" },
      );
      statuses.push(status);
      expect(status).toBeLessThan(500);
      // Whatever was taken must be possible to write under.
      const sent = await running.send({}, key);
      expect([end, sent.status], JSON.stringify(sent.body)).toEqual([end, 202]);
      for (const [path, body] of [
        ["/v1/contacts", { email: "ada@example.com", name: evil }],
        ["/v1/mailboxes", { address: `a${end}b` }],
        ["/v1/mailboxes", { address: `b${ends.indexOf(end)}`, display_name: evil }],
        ["/v1/suppression", { address: `a${end}@example.com` }],
        ["/v1/webhooks", { url: `https://hook.example.com/${evil}` }],
        ["/v1/webhooks", { url: "https://hook.example.com/", description: evil }],
        ["/v1/domains", { domain: `a${end}.example.com` }],
      ] as const) {
        const answer = await running.call(key, path, body);
        expect([path, end, answer.status < 500]).toEqual([path, end, true]);
      }
      await running.call(key, "/v1/account", { name: evil }, { method: "PATCH" });
    }
    expect(new Set(statuses)).toEqual(new Set([200, 400]));
    const plain = await running.send({}, key);
    expect(plain.status, JSON.stringify(plain.body)).toBe(202);
    const raw = await running.call(overseer, `${box()}/emails/${plain.body.id}/raw`);
    expectClean(String(raw.body));
  });

  test("in what came with mail begins no header of the answer that it is downloaded by", async () => {
    for (const end of ends) {
      // RFC 2231 spells any byte, so that the name is as evil once it is read.
      const spelled = encodeURIComponent(`a${end}X-Injected: yes${end}.html`);
      const name = `a.html"; filename*="UTF-8''${spelled}`;
      const id = await keepReceived(node, running.known.mailbox_id, {
        attachments: [
          { filename: name, content_type: "text/html", content: Buffer.from("<script>1</script>") },
        ],
      });
      const shown = await running.call(key, `${box()}/emails/${id}`);
      const [file] = shown.body.attachments;
      const path = `${box()}/emails/${id}/attachments/${encodeURIComponent(file.filename)}`;
      const answer = await running.call(key, path);
      expect([end, answer.status]).toEqual([end, 200]);
      expect(answer.headers.has("x-injected")).toBe(false);
      expect(answer.headers.get("content-disposition")).toMatch(
        /^attachment; filename="[^"\r\n]*"; /,
      );
      expect(answer.headers.get("content-security-policy")).toContain("sandbox");
      const url = await running.call(key, `${path}/url`);
      expect(url.status).toBe(200);
      const opened = await running.call(null, new URL(url.body.url).pathname);
      expect([opened.status, opened.headers.has("x-injected")]).toEqual([200, false]);
    }
  });

  test("in what a caller sends begins no header of the answer and no line of the log", async () => {
    for (const path of [
      "/v1/%0d%0aX-Injected:%20yes",
      "/sign-in%0d%0aX-Injected:yes",
      "/oauth/authorize?state=%0d%0aX-Injected:yes&redirect_uri=x%0d%0aX-Injected:yes",
      "/docs/%0d%0aX-Injected:yes",
      "/assets/pages.css?v=%0d%0aX-Injected:yes",
      "/step-up?next=/%0d%0aX-Injected:yes",
      `/v1/attachments/%0d%0aX-Injected:yes`,
      "/v1/identity/%0d%0aX-Injected:yes",
    ]) {
      const answer = await running.call(null, path);
      expect([path, answer.status < 500, answer.headers.has("x-injected")]).toEqual([
        path,
        true,
        false,
      ]);
    }
  });

  test("was in no mail that left and in no call to a webhook", async () => {
    await expect.poll(async () => (await caught()).length, { timeout: 20_000 }).toBeGreaterThan(3);
    for (const mail of await caught()) expectClean(mail);
    for (const { headers } of target.told) {
      expect(headers).not.toHaveProperty("x-injected");
      expect(headers["webhook-id"]).toMatch(/^[\w-]+$/);
    }
    expect(target.told.length).toBeGreaterThan(3);
  });
});

/** No header line is the attacker's, in the head of the mail or of any of its parts, in any reading of its line ends. */
function expectClean(mail: string): void {
  const lines = mail
    .split(/\r\n|\n|\r|\u0085|\u2028|\u2029/)
    .filter((line) => /^x-injected:|^bcc:.*evil/i.test(line));
  expect(lines, mail).toEqual([]);
}

describe("a name that is not ours", () => {
  /** Asks under another name; `fetch` may not set Host. */
  function asked(path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const evil = "evil.example";
    return new Promise((resolve, reject) => {
      const text = JSON.stringify(body);
      const call = request(
        `${running.known.url}${path}`,
        {
          method: body === undefined ? "GET" : "POST",
          headers: {
            host: evil,
            "x-forwarded-host": evil,
            "x-forwarded-proto": "https",
            "x-forwarded-for": "192.0.2.9",
            forwarded: `host=${evil};proto=https`,
            "x-host": evil,
            accept: "application/json, text/event-stream",
            authorization: `Bearer ${key}`,
            ...(body === undefined ? {} : { "content-type": "application/json" }),
          },
        },
        (answer) => {
          let all = answer.rawHeaders.join("\n");
          answer.setEncoding("utf8");
          answer.on("data", (chunk: string) => (all += chunk));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: all }));
        },
      );
      call.on("error", reject);
      call.end(text);
    });
  }

  test("stands in no answer, no mail and no link that is made while it is used", async () => {
    const received = await keepReceived(node, running.known.mailbox_id, {
      attachments: [{ filename: "a.txt", content_type: "text/plain", content: Buffer.from("x") }],
    });
    const altcha = solved(
      JSON.parse((await asked("/v1/signup/challenge")).text.replace(/^[^{]*/, "")),
    );
    for (const [path, body] of [
      [
        "/v1/signup",
        {
          operator_name: "New",
          postal_address: "1 Street",
          owner_name: "N",
          oversight_email: "new@people.example",
          altcha,
        },
      ],
      [
        `${box()}/send`,
        { to: ["ada@example.com"], subject: "Asked by another name", markdown: "Text." },
      ],
      [`${box()}/emails/${received}/attachments/a.txt/url`, undefined],
      ["/v1/account", undefined],
      ["/v1/mailboxes", undefined],
      ["/v1/openapi.json", undefined],
      ["/llms.txt", undefined],
      ["/auth.md", undefined],
      ["/docs", undefined],
      ["/.well-known/oauth-protected-resource", undefined],
      ["/.well-known/oauth-authorization-server", undefined],
      ["/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list" }],
      ["/sign-in", undefined],
      ["/nothing", undefined],
    ] as const) {
      const { status, text } = await asked(path, body);
      const wanted = path === "/nothing" ? 404 : body === undefined || path === "/mcp" ? 200 : 202;
      expect([path, status], text).toEqual([path, wanted]);
      // Scripts may be loaded from the host that was asked; that header alone repeats it.
      const rest = text.replaceAll(/content-security-policy\n[^\n]*/gi, "");
      expect([path, /evil\.example/.test(rest)]).toEqual([path, false]);
    }
    // The code of the sign-up; notices may wait until several go together.
    const codes = async () =>
      (await caught()).filter((mail) => mail.includes("To: new@people.example"));
    await expect.poll(codes, { timeout: 20_000 }).toHaveLength(1);
    for (const mail of await caught())
      expect(mail.replaceAll("v@evil.example", "")).not.toMatch(/https?:\/\/evil/);
  });
});

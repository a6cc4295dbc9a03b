/** Everything that works once, used by many at once; and credentials and places that are taken away while they are used. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decisionLink } from "../../src/engine/decision-link.ts";
import { firstOwner } from "../../src/store/people.ts";
import { mailedCode } from "./approvals.ts";
import { letIn, program } from "./oauth-browser.ts";
import { ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;

beforeEach(async () => {
  running = await run();
  node = await secondNode(running);
});

afterEach(async () => {
  await node.close();
  await running.stop();
});

const times = <T>(n: number, work: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, (_, i) => work(i)));
const count = (answers: readonly { status: number }[], status: number): number =>
  answers.filter((one) => one.status === status).length;

function post(path: string, fields: Record<string, string>): Promise<Response> {
  return fetch(running.known.url + path, {
    method: "POST",
    redirect: "manual",
    headers: { origin: running.known.url },
    body: new URLSearchParams(fields),
  });
}

describe("used by many at once", () => {
  test("a sign-in link lets one in", async () => {
    const link = new URL(await node.engine.mintSignInLink(node.operator_id));
    const token = link.searchParams.get("token") ?? "";
    const answers = await times(8, () => post("/sign-in", { token }));
    expect([count(answers, 303), count(answers, 410)]).toEqual([1, 7]);
    const cookies = answers.flatMap(({ headers }) => headers.getSetCookie());
    expect(cookies).toHaveLength(1);
  });

  test("a code of a change does the change once", async () => {
    const { admin_key } = running.known;
    const wish = { name: "made once", scopes: ["read"] };
    await running.call(admin_key, "/v1/api-keys", wish);
    const approval_code = await mailedCode(running, "made once");
    const answers = await times(8, () =>
      running.call(admin_key, "/v1/api-keys", { ...wish, approval_code }),
    );
    expect([count(answers, 201), count(answers, 403)]).toEqual([1, 7]);
    const { body } = await running.call(admin_key, "/v1/api-keys?limit=100");
    const made = body.api_keys.filter(({ name }: { name: string }) => name === "made once");
    expect(made).toHaveLength(1);
    // Nobody is asked again for what was done.
    const { changes } = (await running.call(admin_key, "/v1/changes")).body;
    expect(changes).toEqual([]);
  });

  test("a mailed link decides once, and an approval and a rejection that race leave one outcome", async () => {
    const { body } = await running.send();
    const { digest } = await running.settled(body.id, "pending_send_approval");
    const link = decisionLink(node.context, {
      operator_id: node.operator_id,
      message_id: body.id,
      digest,
      person_id: (await node.as(firstOwner))?.person_id ?? "",
      via: "link",
      expires_at: new Date(Date.now() + 3_600_000),
    });
    const { pathname } = new URL(link);
    const page = await (await fetch(running.known.url + pathname)).text();
    const page_token = /name="page_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
    const answers = await times(8, (i) =>
      post(pathname, { decision: i % 2 === 0 ? "approve" : "reject", page_token }),
    );
    expect(answers.filter(({ status }) => status < 400)).toHaveLength(1);
    const { decisions } = (
      await running.call(
        running.known.agent_key,
        `/v1/mailboxes/${running.known.mailbox_id}/emails/${body.id}`,
      )
    ).body;
    expect(decisions).toHaveLength(1);
    expect((await post(pathname, { decision: "approve", page_token })).status).toBeGreaterThan(399);
  });

  test("a webhook's secret that is rotated is never left without one that signs", async () => {
    const { admin_key } = running.known;
    const asked = { url: "https://hook.example.com/", events: ["*"] };
    await running.call(admin_key, "/v1/webhooks", asked);
    const approval_code = await mailedCode(running, "create_webhook");
    const made = await running.call(admin_key, "/v1/webhooks", { ...asked, approval_code });
    expect(made.status).toBe(201);
    const again = await running.call(admin_key, "/v1/webhooks", { ...asked, approval_code });
    expect(again.status).toBe(403);
    const rotated = await times(4, () =>
      running.call(admin_key, `/v1/webhooks/${made.body.id}/rotate`, {}),
    );
    expect(count(rotated, 200)).toBe(4);
    expect(new Set(rotated.map(({ body }) => body.signing_secret)).size).toBe(4);
  });
});

describe("taken away while it is used", () => {
  test("an account: what was answered before is kept, nothing is submitted or leaves after", async () => {
    const { admin_key } = running.known;
    const del = (code: string): Promise<Answer> =>
      running.call(admin_key, `/v1/account${code}`, undefined, { method: "DELETE" });
    const asked = await del("");
    const code = await mailedCode(running, asked.body.change_id);
    const sends = times(24, () => running.send());
    const [done, again] = await Promise.all([
      del(`?approval_code=${code}`),
      del(`?approval_code=${code}`),
    ]);
    expect([done.status, again.status].toSorted((a, b) => a - b)[0]).toBe(200);
    const answers = await sends;
    for (const { status, body } of answers)
      expect([202, 401, 403, 404, 409, 423], JSON.stringify(body)).toContain(status);
    expect((await running.send()).status).toBe(401);
    const rows = await node.as((tx) =>
      tx.named<{ n: string }>("count", "SELECT count(*) AS n FROM message", []),
    );
    expect(Number(rows[0]?.n)).toBe(count(answers, 202));
    const gone = await node.as((tx) =>
      tx.named<{ n: string }>("gone", "SELECT count(*) AS n FROM handoff", []),
    );
    expect(Number(gone[0]?.n)).toBe(0);
  });

  test("a key: of calls that race with its end none is answered once the end was", async () => {
    const { make } = await ownerKeys(node);
    const { id, secret } = await make(["read", "send"]);
    const early = times(12, () => running.send({}, secret));
    const ended = await running.call(running.known.admin_key, `/v1/api-keys/${id}`, undefined, {
      method: "DELETE",
    });
    expect(ended.status).toBe(200);
    const late = await times(12, () => running.send({}, secret));
    expect(count(late, 401)).toBe(12);
    for (const { status } of await early) expect([202, 401]).toContain(status);
  });

  test("a program's grant: a refresh that races with its end gives no token that works", async () => {
    const cookie = await signIn(running);
    const { client_id, refresh_token } = await letIn(running, cookie, "read");
    const app = program(running);
    const { grants } = (await running.call(running.known.admin_key, "/v1/grants?limit=100")).body;
    const [refreshed, ended] = await Promise.all([
      app.refresh(refresh_token, client_id),
      running.call(running.known.admin_key, `/v1/grants/${grants[0].id}`, undefined, {
        method: "DELETE",
      }),
    ]);
    expect(ended.status).toBe(200);
    if (refreshed.status === 200) {
      expect((await app.mcp(refreshed.body.access_token, "ping")).status).toBe(401);
      const next = await app.refresh(refreshed.body.refresh_token, client_id);
      expect(next.body.error).toBe("invalid_grant");
    } else expect(refreshed.body.error).toBe("invalid_grant");
  });
});

/** Signing in, one's own account and the people of the operator, over real HTTP as a browser speaks it. */
import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashToken } from "../../src/engine/tokens.ts";
import { codeIn, tokenIn } from "./members.ts";
import { type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
/** The owner's cookie. */
let owner: string;

beforeAll(async () => {
  // Without workers the mail of the service stays where it can be read.
  running = await run({ MULTIMAIL_ROLES: "api" });
  node = await secondNode(running);
  owner = await signIn(running);
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

/** The texts of the mails to an address, oldest first. */
async function mailTo(address: string): Promise<string[]> {
  const rows = await node.as((tx) =>
    tx.named<{ mime: Buffer }>(
      "mail_to",
      "SELECT mime FROM service_mail WHERE to_address = $1 ORDER BY mail_id",
      [address],
    ),
  );
  const read = await Promise.all(rows.map(({ mime }) => PostalMime.parse(mime)));
  return read.map(({ text = "" }) => text);
}
async function newMail(address: string, work: () => Promise<unknown>): Promise<string> {
  const before = (await mailTo(address)).length;
  await work();
  await expect.poll(async () => (await mailTo(address)).length).toBe(before + 1);
  return (await mailTo(address)).at(-1) ?? "";
}

const get = (path: string, cookie?: string): Promise<Response> =>
  fetch(running.known.url + path, { redirect: "manual", headers: cookie ? { cookie } : {} });
/** A form sent without a session. */
const post = (
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(running.known.url + path, {
    method: "POST",
    redirect: "manual",
    headers: {
      origin: running.known.url,
      "content-type": "application/x-www-form-urlencoded",
      ...headers,
    },
    body: new URLSearchParams(fields),
  });
const cookieOf = (response: Response): string =>
  (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
const invite = (email: string, role: string): Promise<Response> =>
  postForm(running, owner, "/people", "/people", { email, name: "Grace Hopper", role });

/** A new member with a living session. */
async function joined(role: string): Promise<{ cookie: string; email: string }> {
  const email = `${role}-${node.context.new_id().toLowerCase()}@people.example`;
  const text = await newMail(email, () => invite(email, role));
  const answer = await post("/join", { token: tokenIn(text) });
  expect(answer.status).toBe(303);
  return { cookie: cookieOf(answer), email };
}

describe("a new member", () => {
  test("is invited on a page, joins by the mailed link's button, and signs in again by a mailed code", async () => {
    const email = "grace@people.example";
    const text = await newMail(email, () => invite(email, "approver"));
    const token = tokenIn(text);
    expect(text).toContain(`${running.known.url}/join?token=`);
    for (let i = 0; i < 3; i++) expect((await get(`/join?token=${token}`)).status).toBe(200);
    const answer = await post("/join", { token });
    expect(answer.headers.get("location")).toBe("/account");
    const cookie = cookieOf(answer);
    expect(await (await get("/account", cookie)).text()).toContain("Grace Hopper");
    expect((await post("/join", { token })).status).toBe(410);
    await postForm(running, cookie, "/account", "/sign-out", {});
    expect((await get("/account", cookie)).status).toBe(401);

    const mail = await newMail(email, async () => {
      const asked = await post("/sign-in/code", { email });
      expect(await asked.text()).toContain("If <bdi>grace@people.example</bdi> is a member");
    });
    const wrong = await post("/sign-in/redeem", { email, code: "AAA-AAA" });
    expect([wrong.status, wrong.headers.get("set-cookie")]).toEqual([403, null]);
    const again = await post("/sign-in/redeem", { email, code: codeIn(mail) });
    expect(again.headers.get("location")).toBe("/");
    expect((await get("/pending", cookieOf(again))).status).toBe(200);
  });

  test("sees the pages of their role and no others", async () => {
    const paths = {
      "/people": ["admin"],
      "/keys": ["admin"],
      "/account": ["admin", "approver", "auditor"],
      "/step-up": ["admin", "approver", "auditor"],
      "/mailboxes": ["admin", "approver", "auditor"],
      "/catcher": ["admin", "approver", "auditor"],
      "/received": ["admin", "approver", "auditor"],
      "/pending": ["admin", "approver"],
      "/decision-passkeys": ["admin", "approver", "auditor"],
      "/account/notifications": ["admin", "approver", "auditor"],
      "/policies": ["admin", "approver", "auditor"],
      "/changes": ["admin"],
    };
    const seen: Record<string, string[]> = {};
    for (const role of ["admin", "approver", "auditor"]) {
      const { cookie } = await joined(role);
      const home = await (await get("/", cookie)).text();
      expect(home.includes('href="/people"')).toBe(role === "admin");
      for (const path of Object.keys(paths)) {
        const { status } = await get(path, cookie);
        expect([200, 403]).toContain(status);
        if (status === 200) (seen[path] ??= []).push(role);
      }
    }
    expect(seen).toEqual(paths);
  });

  test("cannot make themselves more than they are, whatever form they send", async () => {
    for (const role of ["admin", "approver", "auditor"]) {
      const { cookie, email } = await joined(role);
      const listed = await (await get("/people", owner)).text();
      const at = listed.indexOf(email.split("@")[0] ?? "");
      const id = /action="\/people\/(\w{26})"/.exec(listed.slice(at))?.[1] ?? "";
      const fields = { act: "change", role: "owner", name: "Grace Hopper" };
      const answer = await postForm(running, cookie, "/account", `/people/${id}`, fields);
      expect(answer.status).toBe(403);
    }
    const rows = await node.as((tx) =>
      tx.named<{ count: number }>(
        "owners",
        "SELECT count(*)::int AS count FROM person WHERE operator_id = $1 AND role = 'owner' AND removed_at IS NULL",
        [node.operator_id],
      ),
    );
    expect(rows).toEqual([{ count: 1 }]);
  });
});

describe("a session's cookie", () => {
  test("is never one that the client brought along", async () => {
    const { email } = await joined("approver");
    const chosen = `multimail_session=mm_session_${"A".repeat(43)}`;
    const mail = await newMail(email, () => post("/sign-in/code", { email }, { cookie: chosen }));
    const answer = await post("/sign-in/redeem", { email, code: codeIn(mail) }, { cookie: chosen });
    expect(cookieOf(answer)).toMatch(/^multimail_session=mm_session_[\w-]{43}$/);
    expect(cookieOf(answer)).not.toBe(chosen);
    expect((await get("/account", chosen)).status).toBe(401);
    expect((await get("/account", cookieOf(answer))).status).toBe(200);
  });

  test("of another session that was there ends when somebody signs in over it", async () => {
    const [first, second] = [await joined("approver"), await joined("approver")];
    const mail = await newMail(second.email, () => post("/sign-in/code", { email: second.email }));
    const fields = { email: second.email, code: codeIn(mail) };
    const answer = await post("/sign-in/redeem", fields, { cookie: first.cookie });
    expect(answer.status).toBe(303);
    expect((await get("/account", first.cookie)).status).toBe(401);
  });

  test("changes after an hour of use; whoever shows the old one later ends the session for both", async () => {
    const { cookie: old } = await joined("approver");
    const hash = hashToken(old.split("=")[1] ?? "").toString("hex");
    const age = (interval: string) =>
      node.asOwner(
        `UPDATE session SET rotated_at = now() - interval '${interval}' WHERE '\\x${hash}' IN (token_hash, previous_hash)`,
      );
    await age("61 minutes");
    const answer = await get("/account", old);
    const next = cookieOf(answer);
    expect(answer.status).toBe(200);
    expect(next).toMatch(/^multimail_session=mm_session_/);
    const within = await get("/account", old);
    expect([within.status, within.headers.get("set-cookie")]).toEqual([200, null]);
    expect((await get("/account", next)).headers.get("set-cookie")).toBeNull();
    await age("2 minutes");
    expect((await get("/account", old)).status).toBe(401);
    expect((await get("/account", next)).status).toBe(401);
  });

  test("is worth nothing once its person signed out everywhere", async () => {
    const { cookie, email } = await joined("approver");
    const mail = await newMail(email, () => post("/sign-in/code", { email }));
    const other = cookieOf(await post("/sign-in/redeem", { email, code: codeIn(mail) }));
    const page = "/account";
    await postForm(running, cookie, page, "/account/sessions", { act: "all" });
    expect((await get(page, cookie)).status).toBe(401);
    expect((await get(page, other)).status).toBe(401);
  });

  test("does not reach another operator's session by its id", async () => {
    const founded = await node.found("elsewhere");
    const link = await node.engine.mintSignInLink(founded.operator_id);
    const theirs = cookieOf(await post("/sign-in", { token: tokenIn(link) }));
    const rows = await node.as(
      (tx) => tx.named<{ session_id: string }>("sessions", "SELECT session_id FROM session", []),
      founded.operator_id,
    );
    const id = rows[0]?.session_id ?? "";
    const answer = await postForm(running, owner, "/account", `/account/sessions/${id}`, {});
    expect(answer.status).toBe(404);
    expect((await get("/account", theirs)).status).toBe(200);
  });
});

describe("confirming who one is", () => {
  const stale = (cookie: string): Promise<void> => {
    const hash = hashToken(cookie.split("=")[1] ?? "").toString("hex");
    return node.asOwner(
      `UPDATE session SET verified_at = now() - interval '16 minutes' WHERE token_hash = '\\x${hash}'`,
    );
  };

  test("is asked for by a sensitive change, and leads back to where one was", async () => {
    const { cookie, email } = await joined("admin");
    await stale(cookie);
    const wanted = { email: "late@people.example", name: "Late", role: "approver" };
    const refused = await postForm(running, cookie, "/people", "/people", wanted);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain(`href="/step-up`);
    const mail = await newMail(email, () =>
      postForm(running, cookie, "/step-up?next=/people", "/step-up/code", { next: "/people" }),
    );
    const fields = { next: "/people", code: codeIn(mail) };
    const done = await postForm(running, cookie, "/step-up", "/step-up/redeem", fields);
    expect(done.headers.get("location")).toBe("/people");
    const next = cookieOf(done);
    expect(next).not.toBe(cookie);
    expect((await postForm(running, next, "/people", "/people", wanted)).status).toBe(303);
    // The token from before is in its last minute: it shows pages, and changes nothing.
    const other = { ...wanted, email: "later@people.example" };
    expect((await postForm(running, cookie, "/people", "/people", other)).status).toBe(403);
  });

  test.each(["//evil.example", "/\\evil.example", "https://evil.example/", "/.//evil.example"])(
    "never leads to another site: %s",
    async (next) => {
      const { cookie, email } = await joined("approver");
      const page = `/step-up?${new URLSearchParams({ next }).toString()}`;
      expect(await (await get(page, cookie)).text()).toContain('name="next" value="/"');
      const mail = await newMail(email, () =>
        postForm(running, cookie, "/step-up", "/step-up/code", { next }),
      );
      const fields = { next, code: codeIn(mail) };
      const done = await postForm(running, cookie, "/step-up", "/step-up/redeem", fields);
      expect([done.status, done.headers.get("location")]).toEqual([303, "/"]);
    },
  );
});

const id = "0".repeat(26);
/** Every form of these pages. */
const sessionForms = [
  "/sign-out",
  "/step-up/code",
  "/step-up/redeem",
  "/step-up/passkey/options",
  "/step-up/passkey",
  "/account/passkeys/options",
  "/account/passkeys",
  `/account/passkeys/${id}`,
  "/account/sessions",
  `/account/sessions/${id}`,
  "/people",
  "/people/invitations/" + id,
  `/people/${id}`,
];
const openForms = [
  "/sign-in",
  "/sign-in/code",
  "/sign-in/redeem",
  "/sign-in/passkey/options",
  "/sign-in/passkey",
  "/join",
];

describe("a form", () => {
  let made: Promise<{ cookie: string }> | undefined;
  const one = () => (made ??= joined("approver"));

  test.each(sessionForms)("%s without the session's token is refused", async (path) => {
    const { cookie } = await one();
    for (const csrf of [{}, { csrf_token: "" }, { csrf_token: "A".repeat(43) }]) {
      const answer = await post(path, { ...csrf, act: "all" }, { cookie });
      expect([answer.status, (await answer.text()).includes("was not accepted")]).toEqual([
        403,
        true,
      ]);
    }
    expect((await get("/account", cookie)).status).toBe(200);
  });

  test.each([...sessionForms, ...openForms])("%s of another site is refused", async (path) => {
    const { cookie } = await one();
    const page = await (await get("/account", cookie)).text();
    const csrf_token = /name="csrf_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
    ] as Record<string, string>[]) {
      const answer = await post(path, { csrf_token, email: "a@b.example" }, { cookie, ...headers });
      expect(answer.status).toBe(403);
    }
    expect((await get("/account", cookie)).status).toBe(200);
  });

  test.each([...sessionForms, ...openForms])("%s is not sent by a link", async (path) => {
    const shows = ["/sign-in", "/join", "/people"];
    const answer = await get(path, owner);
    expect(shows.includes(path) || answer.status === 405).toBe(true);
  });
});

test("scripts run on the pages that need one, and are ours alone", async () => {
  const { cookie } = await joined("approver");
  const { host } = new URL(running.known.url);
  for (const path of ["/account", "/step-up", "/sign-in"]) {
    const answer = await get(path, path === "/sign-in" ? undefined : cookie);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain(`default-src 'none'`);
    expect(policy).toContain(`script-src ${host}/assets/; connect-src 'self'`);
    const scripts = (await answer.text()).match(/<script[^>]*>/g);
    expect(scripts).toEqual([
      expect.stringMatching(/^<script type="module" src="\/assets\/sign-in\.js\?v=\w{12}">$/),
    ]);
  }
  const policy = (await get("/people", owner)).headers.get("content-security-policy");
  expect(policy).not.toContain("script");
});

describe("API keys", () => {
  test("a key that leaked is revoked on a page, at once, and by who may only", async () => {
    const { agent_key, mailbox_id } = running.known;
    const works = async (): Promise<number> =>
      (await running.call(agent_key, `/v1/mailboxes/${mailbox_id}/emails`)).status;
    expect(await works()).toBe(200);
    const rows = (await (await get("/keys", owner)).text()).split("<tr ");
    const action = /action="(\/keys\/[^"]+)"/.exec(
      rows.find((one) => one.includes(agent_key.slice(0, 12))) ?? "",
    )?.[1];
    const { cookie } = await joined("approver");
    expect((await postForm(running, cookie, "/account", action ?? "", {})).status).toBe(403);
    expect(await works()).toBe(200);
    const ended = await postForm(running, owner, "/keys", action ?? "", {});
    expect(ended.headers.get("location")).toBe("/keys?revoked");
    expect(await works()).toBe(401);
    const after = (await (await get("/keys?revoked", owner)).text()).split("<tr ");
    expect(after.find((one) => one.includes(agent_key.slice(0, 12)))).not.toContain("<button");
  });
});

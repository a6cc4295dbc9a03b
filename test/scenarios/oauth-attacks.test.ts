/** Attacks on OAuth: copies of codes and tokens, tricks with redirects and PKCE, forms from elsewhere, strangers, floods. */
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthorizationServer } from "../../src/engine/oauth.ts";
import type { Founded } from "../../src/engine/bootstrap.ts";
import { promise } from "../promises.ts";
import { callback, letIn, pkce, program } from "./oauth-browser.ts";
import { type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let other: Founded;
let cookie: string;
let app: ReturnType<typeof program>;
let client_id: string;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  other = await node.found("other");
  cookie = await signIn(running);
  app = program(running);
  client_id = await app.client();
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

/** A code as the program gets it, with its verifier. */
async function code(
  more: Record<string, string> = {},
): Promise<{ code: string; verifier: string }> {
  const { verifier, challenge } = pkce();
  const query = app.query(client_id, { code_challenge: challenge, ...more });
  const { location } = await app.consent(cookie, query);
  return { code: location?.searchParams.get("code") ?? "", verifier };
}

async function newestGrant(): Promise<string> {
  const { body } = await running.call(
    running.known.admin_key,
    "/v1/audit-log?action=oauth.granted&limit=100",
  );
  return body.entries
    .map(({ resource }: { resource: string }) => resource)
    .toSorted()
    .at(-1);
}

async function entries(resource: string): Promise<string[]> {
  const { body } = await running.call(
    running.known.admin_key,
    `/v1/audit-log?resource=${resource}&limit=100`,
  );
  return body.entries.map(({ type }: { type: string }) => type).toSorted();
}

describe("a code", () => {
  test(promise("oauth.code-once"), async () => {
    const { code: value, verifier } = await code();
    const grant = await newestGrant();
    const first = await app.exchange(value, client_id, verifier);
    expect(first.status).toBe(200);
    expect((await app.mcp(first.body.access_token, "ping")).status).toBe(200);
    for (let i = 0; i < 3; i++)
      expect((await app.exchange(value, client_id, verifier)).body.error).toBe("invalid_grant");
    expect((await app.mcp(first.body.access_token, "ping")).status).toBe(401);
    expect((await app.refresh(first.body.refresh_token, client_id)).body.error).toBe(
      "invalid_grant",
    );
    expect(await entries(grant)).toEqual(["oauth.begun", "oauth.granted", "oauth.reuse_detected"]);
  });

  test("that many exchange at once gives tokens to one", async () => {
    const { code: value, verifier } = await code();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => app.exchange(value, client_id, verifier)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.error === "invalid_grant")).toHaveLength(7);
  });

  test("is good for its own client, its own redirect URI to the port, and its own verifier, and spent by a wrong try", async () => {
    const stranger = await app.client();
    const wrong: ((one: { code: string; verifier: string }) => Promise<unknown>)[] = [
      (one) => app.exchange(one.code, stranger, one.verifier),
      (one) => app.exchange(one.code, client_id, pkce().verifier),
      (one) => app.exchange(one.code, client_id, ""),
      (one) =>
        app.exchange(one.code, client_id, one.verifier, {
          redirect_uri: "http://127.0.0.1:47112/callback",
        }),
      (one) => app.exchange(one.code, client_id, one.verifier, { redirect_uri: "" }),
      (one) => app.exchange(one.code, client_id, one.verifier, { resource: app.url }),
    ];
    for (const attempt of wrong) {
      const one = await code();
      expect(await attempt(one)).toMatchObject({ status: 400 });
      const own = await app.exchange(one.code, client_id, one.verifier);
      expect(own.body.error).toBe("invalid_grant");
    }
  });

  test("that is late, made up, or of another kind is worth nothing", async () => {
    const { code: value, verifier } = await code();
    await node.asOwner(
      `UPDATE oauth_grant SET code_expires_at = now() WHERE grant_id = '${await newestGrant()}'`,
    );
    expect((await app.exchange(value, client_id, verifier)).body.error).toBe("invalid_grant");
    for (const odd of [`mm_oac_${"A".repeat(43)}`, "x", "'; DROP TABLE oauth_grant; --"])
      expect((await app.exchange(odd, client_id, verifier)).body.error).toBe("invalid_grant");
    const { access_token, refresh_token } = await letIn(running, cookie, "read", { client_id });
    expect((await app.exchange(access_token, client_id, verifier)).status).toBe(400);
    expect((await app.refresh(access_token, client_id)).status).toBe(400);
    expect((await app.mcp(refresh_token, "ping")).status).toBe(401);
    expect((await app.refresh(running.known.agent_key, client_id)).status).toBe(400);
  });
});

describe("a refresh token", () => {
  test(promise("oauth.refresh-once"), async () => {
    const first = await letIn(running, cookie, "read", { client_id });
    const grant = await newestGrant();
    const second = (await app.refresh(first.refresh_token, client_id)).body;
    expect((await app.mcp(second.access_token, "ping")).status).toBe(200);
    expect((await app.refresh(first.refresh_token, client_id)).body.error).toBe("invalid_grant");
    for (const token of [first.access_token, second.access_token])
      expect((await app.mcp(token, "ping")).status).toBe(401);
    expect((await app.refresh(second.refresh_token, client_id)).body.error).toBe("invalid_grant");
    expect(await entries(grant)).toContain("oauth.reuse_detected");
  });

  test("that many use at once gives tokens to one", async () => {
    const { refresh_token } = await letIn(running, cookie, "read", { client_id });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => app.refresh(refresh_token, client_id)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("is its own client's alone", async () => {
    const { refresh_token } = await letIn(running, cookie, "read", { client_id });
    const stranger = await app.client();
    expect((await app.refresh(refresh_token, stranger)).body.error).toBe("invalid_grant");
    expect((await app.refresh(refresh_token, client_id)).status).toBe(200);
  });
});

describe("a request", () => {
  test("with another redirect URI leads nowhere", async () => {
    const web = "https://app.example/cb";
    const own = await app.client([callback, web]);
    for (const redirect_uri of [
      "https://app.example.evil.example/cb",
      "https://app.example/cb/../evil",
      "https://app.example@evil.example/cb",
      `${web}#x`,
      `${web}?x=1`,
      "http://127.0.0.1.evil.example:47111/callback",
      "http://127.0.0.1:1/callback#x",
      "javascript:alert(1)",
      "//evil.example",
      "",
    ]) {
      const answer = await app.ask(cookie, app.query(own, { redirect_uri }));
      expect([redirect_uri, answer.status, answer.headers.get("location")]).toEqual([
        redirect_uri,
        400,
        null,
      ]);
      const page = await answer.text();
      expect(page).not.toContain('href="javascript');
      const { status, location } = await app.consent(cookie, app.query(own, { redirect_uri }));
      expect([redirect_uri, status, location]).toEqual([redirect_uri, 400, null]);
    }
    const twice = `${app.query(own)}&redirect_uri=${encodeURIComponent("https://evil.example")}`;
    expect((await app.ask(cookie, twice)).status).toBe(400);
  });

  test("that is wrong sends nobody to a web site of a stranger's by itself, and tells a program on the device", async () => {
    const own = await app.client([callback, "https://evil.example/cb"]);
    const broken = { code_challenge: null };
    const web = await app.ask(
      cookie,
      app.query(own, { ...broken, redirect_uri: "https://evil.example/cb" }),
    );
    expect([web.status, web.headers.get("location")]).toEqual([400, null]);
    const local = await app.ask(cookie, app.query(own, broken));
    expect(local.status).toBe(303);
    const back = new URL(local.headers.get("location") ?? "");
    expect(back.origin + back.pathname).toBe(callback);
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      error: "invalid_request",
      state: "a state & more",
      iss: app.url,
    });
  });

  test("without PKCE, or by plain, gets nothing, on the page and past it", async () => {
    for (const weak of [
      { code_challenge: null },
      { code_challenge_method: "plain" },
      { code_challenge_method: null },
      { code_challenge: "x".repeat(42) },
    ]) {
      const { location } = await app.consent(cookie, app.query(client_id, weak));
      expect(location?.searchParams.get("code") ?? null).toBeNull();
      expect(location?.searchParams.get("error")).toBe("invalid_request");
    }
  });

  test("is answered with our name, against mix-up (RFC 9207)", async () => {
    const { location } = await app.consent(cookie, app.query(client_id));
    expect(location?.searchParams.get("iss")).toBe(app.url);
    expect(location?.searchParams.getAll("state")).toEqual(["a state & more"]);
  });

  test("for a resource of others is refused", async () => {
    const { location } = await app.consent(
      cookie,
      app.query(client_id, { resource: "https://other.example/mcp" }),
    );
    expect(location?.searchParams.get("error")).toBe("invalid_target");
  });

  test("of a client that nobody registered is refused before anything is shown of it", async () => {
    for (const id of ["nobody", "0".repeat(26), "<script>", "https://127.0.0.1/client.json"]) {
      const answer = await app.ask(cookie, app.query(id));
      expect([id, answer.status, answer.headers.get("location")]).toEqual([id, 400, null]);
    }
  });
});

describe("the consent page", () => {
  test("cannot be framed, and leads by its form to us and to the program alone", async () => {
    const own = await app.client(["https://app.example/cb", callback]);
    const query = app.query(own, { redirect_uri: "https://app.example/cb" });
    const { headers } = await app.ask(cookie, query);
    expect(headers.get("x-frame-options")).toBe("DENY");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self' https://app.example;");
    expect(policy).toContain("default-src 'none'");
  });

  test("shows what a program says of itself as text, with the place it leads to", async () => {
    const name = '"><script>alert(1)</script><b>Google</b>';
    const own = await app.client([callback], name);
    const page = await (await app.ask(cookie, app.query(own))).text();
    expect(page).not.toContain("<script>alert");
    expect(page).not.toContain("<b>Google");
    expect(page).toContain("&lt;script&gt;");
    expect(page).toContain("127.0.0.1:47111");
    const { page: injected } = await app.consent(
      cookie,
      app.query(own, { state: '"><img src=x>' }),
    );
    expect(injected).not.toContain("<img");
  });

  test("takes no form from elsewhere, without its token, or with another session's", async () => {
    const request = app.query(client_id);
    const fields = { request, act: "allow", level: "read", mailboxes: "all" };
    const send = (more: Record<string, string>, headers: Record<string, string> = {}) =>
      fetch(`${app.url}/oauth/authorize`, {
        method: "POST",
        redirect: "manual",
        headers: { cookie, origin: app.url, ...headers },
        body: new URLSearchParams({ ...fields, ...more }),
      });
    const link = new URL(await node.engine.mintSignInLink(node.operator_id));
    const signedIn = await fetch(`${app.url}/sign-in`, {
      method: "POST",
      redirect: "manual",
      headers: { origin: app.url },
      body: new URLSearchParams({ token: link.searchParams.get("token") ?? "" }),
    });
    const second = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const tokenOf = async (of: string) =>
      /name="csrf_token" value="([^"]+)"/.exec(await (await app.ask(of, request)).text())?.[1] ??
      "";
    const [own, others] = [await tokenOf(cookie), await tokenOf(second)];
    for (const answer of [
      await send({}),
      await send({ csrf_token: "x" }),
      await send({ csrf_token: others }),
      await send({ csrf_token: own }, { origin: "https://evil.example" }),
      await send({ csrf_token: own }, { "sec-fetch-site": "cross-site" }),
      await send({ csrf_token: own }, { cookie: "" }),
    ])
      expect([answer.status >= 400, answer.headers.get("location")]).toEqual([true, null]);
    expect((await send({ csrf_token: own })).status).toBe(303);
  });

  test("is not left for elsewhere by a cookie that somebody planted", async () => {
    for (const path of [
      "https://evil.example/",
      "//evil.example",
      "/oauth/authorize/../../evil",
      "/account",
      "/oauth/authorize?x\r\nSet-Cookie: a=b",
    ]) {
      const value = Buffer.from(path).toString("base64url");
      const answer = await fetch(`${app.url}/oauth/continue`, {
        redirect: "manual",
        headers: { cookie: `multimail_return=${value}` },
      });
      expect([path, answer.headers.get("location")]).toEqual([path, "/"]);
    }
  });

  test("makes no session of what a browser brings", async () => {
    const planted = "multimail_session=mm_session_planted";
    const answer = await app.ask(planted, app.query(client_id));
    expect(await answer.text()).toContain("Sign in");
    expect(answer.headers.getSetCookie().join()).not.toContain("multimail_session");
  });
});

describe("another operator", () => {
  test("neither sees nor ends a grant, and its mailboxes cannot be granted", async () => {
    const { access_token } = await letIn(running, cookie, "read", {
      client_id,
      query: { resource: app.url },
    });
    const id = await newestGrant();
    const seen = await running.call(other.admin_key, "/v1/grants?limit=100");
    expect(seen.body.grants).toEqual([]);
    const ended = await running.call(other.admin_key, `/v1/grants/${id}`, undefined, {
      method: "DELETE",
    });
    expect(ended.status).toBe(404);
    expect((await running.call(access_token, "/v1/mailboxes")).status).toBe(200);
    const { status, location } = await app.consent(cookie, app.query(client_id), {
      mailboxes: "some",
      mailbox: other.mailbox_id,
    });
    expect([status, location]).toEqual([404, null]);
    const foreign = await running.call(access_token, `/v1/mailboxes/${other.mailbox_id}`);
    expect(foreign.status).toBe(404);
  });
});

describe("a token", () => {
  test("that asks for more than it has is told what to ask for", async () => {
    const { access_token } = await letIn(running, cookie, "read", { client_id });
    const call = await app.mcp(access_token, "tools/call", { name: "send_email", arguments: {} });
    expect(call.status).toBe(403);
    expect(call.headers.get("www-authenticate")).toBe(
      `Bearer realm="multimail", error="insufficient_scope", scope="read send", resource_metadata="${app.url}/.well-known/oauth-protected-resource/mcp"`,
    );
    // What nobody grants is refused as to anybody.
    const admin = await app.mcp(access_token, "tools/call", {
      name: "create_api_key",
      arguments: { name: "x" },
    });
    expect(admin.status).toBe(200);
    expect(JSON.stringify(admin.body)).toContain("scope_required");
    const key = await running.call(running.known.oversight_key, "/v1/mailboxes", { address: "x" });
    expect(key.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
  });

  test("reaches no sensitive operation, and is no person", async () => {
    const { access_token } = await letIn(running, cookie, "decide", {
      client_id,
      query: { resource: app.url },
    });
    for (const [path, body] of [
      ["/v1/api-keys", { name: "x", scopes: ["read"] }],
      ["/v1/sessions", undefined],
      ["/v1/members/invitations", { email: "a@b.example", name: "x", role: "owner" }],
    ] as const)
      expect([path, (await running.call(access_token, path, body)).status]).toEqual([path, 403]);
  });
});

describe("the endpoints", () => {
  test("refuse other forms than theirs, in OAuth's own words", async () => {
    const json = await fetch(`${app.url}/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect([json.status, await json.json()]).toMatchObject([415, { error: "invalid_request" }]);
    expect((await fetch(`${app.url}/oauth/token`)).status).toBe(405);
    const basic = await app.post("/oauth/token", {}, { headers: { authorization: "Basic eDp5" } });
    expect([basic.status, basic.body.error]).toEqual([401, "invalid_client"]);
    const password = await app.post("/oauth/token", { grant_type: "password", client_id });
    expect(password.body.error).toBe("unsupported_grant_type");
    const none = await app.post("/oauth/token", {});
    expect([none.body.error, none.headers.get("cache-control")]).toEqual([
      "invalid_request",
      "no-store",
    ]);
    const twice = await fetch(`${app.url}/oauth/token`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=refresh_token&grant_type=authorization_code&client_id=x",
    });
    expect(await twice.json()).toMatchObject({ error: "invalid_request" });
    const huge = await app.post("/oauth/token", { grant_type: "x".repeat(20_000) });
    expect(huge.status).toBe(413);
  });

  test("take no slow body for ever, and no registration that is out of bounds", async () => {
    for (const body of [
      { redirect_uris: ["javascript:alert(1)"] },
      { redirect_uris: [callback], client_name: "x".repeat(5000) },
      { redirect_uris: Array(50).fill(callback) },
      {
        redirect_uris: Array.from(
          { length: 10 },
          (_, i) => `https://a.example/${i}${"x".repeat(1500)}`,
        ),
      },
      "[".repeat(10_000),
      "null",
      "{",
    ]) {
      const { status, body: told } = await app.register(body);
      expect([status, told.error]).toEqual([
        400,
        expect.stringMatching(/^invalid_(?:client_metadata|redirect_uri)$/),
      ]);
    }
    // What URL parsers forgive is left out, and does not reach the database.
    for (const client_uri of ["https://a.example/\0x", "https://a.example/\ud800"])
      expect((await app.register({ redirect_uris: [callback], client_uri })).status).toBe(201);
    const large = await app.register({ redirect_uris: [callback], x: "y".repeat(20_000) });
    expect(large.status).toBeGreaterThanOrEqual(400);
    const split = await new Promise<number>((resolve, reject) => {
      const sent = httpRequest(`${app.url}/oauth/register`, { method: "POST" }, (answer) => {
        resolve(answer.statusCode ?? 0);
        answer.resume();
      });
      sent.on("error", reject);
      sent.setHeader("content-type", "application/json");
      sent.write('{"redirect_uris":');
      sent.end("x");
    });
    expect(split).toBe(400);
  });

  test("bear a flood of registrations: one network is slowed, the instance is bounded, the unused go after a day", async () => {
    let now = Date.now();
    const clock = await secondNode(running, () => new Date(now));
    try {
      const limits = { ...clock.context.limits, public_rate: 60_000 };
      const context = { ...clock.context, limits };
      const server = createAuthorizationServer(context, () => Promise.resolve(null));
      const metadata = { redirect_uris: [callback] };
      const of = async (source: string): Promise<string> =>
        server.register(metadata, source).then(
          () => "done",
          (error: unknown) =>
            error instanceof Error && "code" in error ? String(error.code) : "?",
        );
      const one = await Promise.all(Array.from({ length: 80 }, () => of("192.0.2.1")));
      expect(one.filter((code) => code === "done")).toHaveLength(60);
      expect(one.filter((code) => code === "rate_limited")).toHaveLength(20);
      await clock.asOwner(
        "INSERT INTO oauth_client SELECT 'flood' || i, '{}', now(), NULL FROM generate_series(1, 10000) i",
      );
      // Nobody closes the door by registering: the oldest of those that nobody used go.
      expect(await of("192.0.2.2")).toBe("done");
      expect((await counted(clock)).rows).toBeLessThanOrEqual(10_000 + 10);
      // The client of a grant stays; what nobody used goes.
      now += 25 * 3_600_000;
      expect(await of("192.0.2.3")).toBe("done");
      expect((await server.client(client_id)).client_id).toBe(client_id);
      await expect(server.client("0".repeat(26))).rejects.toMatchObject({ code: "invalid_client" });
      const { rows } = await counted(clock);
      expect(rows).toBeLessThan(10);
    } finally {
      await clock.close();
    }
  });
});

async function counted(clock: SecondNode): Promise<{ rows: number }> {
  const [row] = await clock.database.as("*", (tx) =>
    tx.named<{ rows: number }>(
      "count_clients",
      "SELECT count(*)::int AS rows FROM oauth_client WHERE used_at IS NULL",
      [],
    ),
  );
  return row ?? { rows: -1 };
}

/** OAuth as programs and people live it: discovery, consent at each level, tokens, their renewal, and their end. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Actor, roleScopes } from "../../src/core/actor.ts";
import { firstOwner } from "../../src/store/people.ts";
import { promise } from "../promises.ts";
import { callback, letIn, pkce, program } from "./oauth-browser.ts";
import { type Running, postForm, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let cookie: string;
let app: ReturnType<typeof program>;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  cookie = await signIn(running);
  app = program(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const toolsOf = async (token: string): Promise<string[]> => {
  const { body } = await app.mcp(token, "tools/list");
  return body.result.tools.map(({ name }: { name: string }) => name);
};

/** The entries of the log about a resource. */
async function entries(resource: string): Promise<string[]> {
  const { body } = await running.call(
    running.known.admin_key,
    `/v1/audit-log?resource=${resource}&limit=100`,
  );
  return body.entries.map(({ type }: { type: string }) => type).toSorted();
}

async function grantIds(): Promise<string[]> {
  const { body } = await running.call(running.known.admin_key, "/v1/grants?limit=100");
  return body.grants.map(({ id }: { id: string }) => id);
}

async function newest(): Promise<string> {
  return (await grantIds()).at(-1) ?? "";
}

describe("a program finds its way", () => {
  test("from a 401 at the MCP door by the metadata of resource and server to the endpoints", async () => {
    const { status, headers } = await app.mcp("nothing", "tools/list");
    expect(status).toBe(401);
    const metadata = /resource_metadata="([^"]+)"/.exec(headers.get("www-authenticate") ?? "")?.[1];
    expect(metadata).toBe(`${app.url}/.well-known/oauth-protected-resource/mcp`);
    const resource = await running.call(null, new URL(metadata ?? "").pathname);
    expect(resource.body).toMatchObject({
      resource: `${app.url}/mcp`,
      authorization_servers: [app.url],
    });
    const server = await running.call(null, "/.well-known/oauth-authorization-server");
    expect(server.body).toMatchObject({
      issuer: app.url,
      authorization_endpoint: `${app.url}/oauth/authorize`,
      token_endpoint: `${app.url}/oauth/token`,
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
    });
  });

  test("and a 401 of the API names the metadata of the whole service", async () => {
    const { headers } = await running.call(null, "/v1/mailboxes");
    const challenge = headers.get("www-authenticate") ?? "";
    expect(challenge).toContain(`${app.url}/.well-known/oauth-protected-resource"`);
    const root = await running.call(null, "/.well-known/oauth-protected-resource");
    expect(root.body.resource).toBe(app.url);
  });
});

describe("a grant", () => {
  test("to read lets a program read and do nothing else, at the door that its tokens are for", async () => {
    const { access_token, scope } = await letIn(running, cookie, "read");
    expect(scope).toBe("read");
    const tools = await toolsOf(access_token);
    expect(tools).toContain("check_inbox");
    for (const name of ["send_email", "decide_email", "create_api_key"])
      expect(tools).not.toContain(name);
    // Its resource was /mcp: the API is another audience.
    expect((await running.call(access_token, "/v1/mailboxes")).status).toBe(401);
    const wide = await letIn(running, cookie, "read", { query: { resource: app.url } });
    expect((await running.call(wide.access_token, "/v1/mailboxes")).status).toBe(200);
    expect(await toolsOf(wide.access_token)).toEqual(tools);
  });

  test("of everything is taken up for the MCP door alone where the program exchanges its code for that (RFC 8707)", async () => {
    const client_id = await app.client();
    const { verifier: code_verifier, challenge: code_challenge } = pkce();
    const query = app.query(client_id, { resource: null, code_challenge });
    const { location } = await app.consent(cookie, query);
    const code = location?.searchParams.get("code") ?? "";
    const narrow = { resource: `${app.url}/mcp` };
    const first = await app.exchange(code, client_id, code_verifier, narrow);
    expect(first.status).toBe(200);
    const next = await app.refresh(first.body.refresh_token, client_id, narrow);
    for (const { access_token } of [first.body, next.body]) {
      expect(await toolsOf(access_token)).toContain("check_inbox");
      expect((await running.call(access_token, "/v1/mailboxes")).status).toBe(401);
    }
  });

  test("to draft lets a program write drafts, and somebody else has to send them", async () => {
    const { access_token } = await letIn(running, cookie, "draft", {
      query: { resource: app.url },
    });
    const path = `/v1/mailboxes/${running.known.mailbox_id}`;
    const draft = { to: ["ada@example.com"], subject: "Later", markdown: "Some text" };
    const made = await running.call(access_token, `${path}/drafts`, draft);
    expect(made.status).toBe(201);
    const sent = await running.call(access_token, `${path}/drafts/${made.body.id}/send`, {});
    expect([sent.status, sent.body.code]).toEqual([403, "scope_required"]);
    expect((await running.call(access_token, `${path}/send`, draft)).status).toBe(403);
    const { agent_key } = running.known;
    expect((await running.call(agent_key, `${path}/drafts/${made.body.id}/send`, {})).status).toBe(
      202,
    );
  });

  test("to send gates what it sends, and the person who let it in approves it", async () => {
    const { access_token } = await letIn(running, cookie, "send", {
      query: { resource: app.url },
    });
    const { body } = await running.send({}, access_token);
    expect(body.status).toBe("pending_send_approval");
    const page = `/messages/${body.id}`;
    const { body: read } = await running.call(
      access_token,
      `/v1/mailboxes/${running.known.mailbox_id}/emails/${body.id}`,
    );
    const fields = { decision: "approve", digest: read.digest, reason: "" };
    const decided = await postForm(running, cookie, page, `${page}/decide`, fields);
    expect(decided.status).toBe(303);
    await running.settled(body.id, "sent", "delivered", "scheduled", "queued", "sending");
  });

  test("to decide decides as its person: on an agent's mail, not on what another program of that person wrote", async () => {
    const decide = await letIn(running, cookie, "decide", { query: { resource: app.url } });
    expect(decide.scope).toBe("read oversight");
    expect(await toolsOf(decide.access_token)).toContain("decide_email");
    const send = await letIn(running, cookie, "send", { query: { resource: app.url } });
    const own = (await running.send({}, send.access_token)).body.id;
    const agents = (await running.send()).body.id;
    const by = (email_id: string) =>
      running.call(decide.access_token, "/v1/oversight/decide", { email_id, decision: "approve" });
    expect((await by(own)).body.code).toBe("self_approval");
    expect((await by(agents)).status).toBe(200);
    // Handed off: the approval holds where it is checked again.
    await running.settled(agents, "sent", "delivered");
    const { body } = await running.call(
      running.known.admin_key,
      `/v1/mailboxes/${running.known.mailbox_id}/emails/${agents}`,
    );
    expect(body.decisions).toMatchObject([{ decision: "approve", class: "B" }]);
  });

  test(promise("oauth.never-both"), async () => {
    const client_id = await app.client();
    const query = app.query(client_id, { scope: "read draft send oversight" });
    const shown = await (await app.ask(cookie, query)).text();
    const offered = [...shown.matchAll(/name="level" value="(\w+)"/g)].map(([, level]) => level);
    expect(offered).toEqual(["read", "draft", "send", "decide"]);
    const asked = await (await app.ask(cookie, app.query(client_id, { scope: "read" }))).text();
    expect([...asked.matchAll(/name="level" value="(\w+)"/g)]).toHaveLength(1);
    const more = await app.consent(cookie, app.query(client_id, { scope: "read" }), {
      level: "send",
    });
    expect([more.status, more.location]).toEqual([400, null]);
    const owner = (await running.call(running.known.admin_key, "/v1/grants?limit=1")).body.grants[0]
      .person_id;
    const actor = {
      kind: "person" as const,
      operator_id: node.operator_id,
      credential_id: "s",
      person_id: owner,
      role: "owner" as const,
      scopes: [],
      mailbox_ids: null,
      test: false,
      signed_in_at: new Date().toISOString(),
    };
    const { createAuthorizationServer } = await import("../../src/engine/oauth.ts");
    const server = createAuthorizationServer(node.context, () => Promise.resolve(null));
    const consent = server.consent(actor, {
      client: { client_id, client_name: "x", client_uri: null, redirect_uris: [callback] },
      redirect_uri: callback,
      resource: app.url,
      code_challenge: pkce().challenge,
      scopes: ["read", "draft", "oversight"],
      mailbox_ids: null,
    });
    await expect(consent).rejects.toMatchObject({ code: "scopes_exclude_each_other" });
  });

  test("may be bound to mailboxes, and sees no other", async () => {
    const { admin_key, mailbox_id } = running.known;
    const other = await running.call(admin_key, "/v1/mailboxes", { address: "apart" });
    const { access_token } = await letIn(running, cookie, "read", {
      query: { resource: app.url },
      form: { mailboxes: "all", mailbox: other.body.id },
    });
    const { body } = await running.call(access_token, "/v1/mailboxes");
    expect(body.mailboxes.map(({ id }: { id: string }) => id)).toEqual([other.body.id]);
    expect((await running.call(access_token, `/v1/mailboxes/${mailbox_id}`)).status).toBe(404);
    const none = await app.consent(cookie, app.query(await app.client()), { mailboxes: "some" });
    expect([none.status, none.location]).toEqual([400, null]);
  });

  test("is listed and ended by whoever gave it, at once, and the log says so", async () => {
    const { access_token, refresh_token, client_id } = await letIn(running, cookie, "read");
    const id = await newest();
    const page = await (await fetch(`${app.url}/account`, { headers: { cookie } })).text();
    expect(page).toContain(`/account/grants/${id}`);
    expect(await entries(id)).toEqual(["oauth.begun", "oauth.granted"]);
    expect((await app.mcp(access_token, "ping")).status).toBe(200);
    const ended = await postForm(running, cookie, "/account", `/account/grants/${id}`, {});
    expect(ended.headers.get("location")).toBe("/account?done=grant");
    expect((await app.mcp(access_token, "ping")).status).toBe(401);
    expect((await app.refresh(refresh_token, client_id)).body.error).toBe("invalid_grant");
    expect(await grantIds()).not.toContain(id);
    expect(await entries(id)).toEqual(["oauth.begun", "oauth.granted", "oauth.revoked"]);
  });

  test("is none of the keys: it is neither listed nor changed as one, and its own tokens end no grant", async () => {
    const { access_token } = await letIn(running, cookie, "send", { query: { resource: app.url } });
    const id = await newest();
    const { body } = await running.call(running.known.admin_key, "/v1/api-keys?limit=100");
    expect(body.api_keys.map((key: { id: string }) => key.id)).not.toContain(id);
    const { admin_key } = running.known;
    const renamed = await running.call(
      admin_key,
      `/v1/api-keys/${id}`,
      { name: "Wider", scopes: ["read"] },
      { method: "PATCH" },
    );
    expect([renamed.status, renamed.body.code]).toEqual([404, "not_found"]);
    const seen = await running.call(access_token, "/v1/grants");
    expect([seen.status, seen.body.code]).toEqual([403, "role_required"]);
    const ended = await running.call(access_token, `/v1/grants/${id}`, undefined, {
      method: "DELETE",
    });
    expect(ended.status).toBe(403);
    await expect(
      node.asOwner(`UPDATE api_key SET scopes = '{read,admin}' WHERE key_id = '${id}'`),
    ).rejects.toThrow("does not change");
  });
});

describe("tokens", () => {
  test("are renewed by the refresh token, which is another each time", async () => {
    const first = await letIn(running, cookie, "read");
    const { status, body, headers } = await app.refresh(first.refresh_token, first.client_id);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 3600, scope: "read" });
    expect(body.refresh_token).not.toBe(first.refresh_token);
    expect((await app.mcp(body.access_token, "ping")).status).toBe(200);
    const more = await app.refresh(body.refresh_token, first.client_id, { scope: "read send" });
    expect(more.body.error).toBe("invalid_scope");
  });

  test("end at their time", async () => {
    const { access_token, refresh_token, client_id } = await letIn(running, cookie, "read");
    const id = await newest();
    await node.asOwner(
      `UPDATE oauth_token SET expires_at = now() WHERE kind = 'access' AND grant_id = '${id}'`,
    );
    expect((await app.mcp(access_token, "ping")).status).toBe(401);
    const { body } = await app.refresh(refresh_token, client_id);
    await node.asOwner(`UPDATE oauth_token SET expires_at = now() WHERE grant_id = '${id}'`);
    expect((await app.refresh(body.refresh_token, client_id)).body.error).toBe("invalid_grant");
  });

  test("are revoked by their program (RFC 7009): an access token alone, a refresh token with its grant", async () => {
    const { access_token, refresh_token, client_id } = await letIn(running, cookie, "read");
    const revoke = (token: string, of = client_id) =>
      app.post("/oauth/revoke", { token, client_id: of });
    expect((await revoke("nonsense")).status).toBe(200);
    expect((await revoke(refresh_token, await app.client())).status).toBe(200);
    expect((await app.mcp(access_token, "ping")).status).toBe(200);
    await revoke(access_token);
    expect((await app.mcp(access_token, "ping")).status).toBe(401);
    const next = await app.refresh(refresh_token, client_id);
    expect(next.status).toBe(200);
    await revoke(next.body.refresh_token);
    expect((await app.mcp(next.body.access_token, "ping")).status).toBe(401);
  });

  test("and codes outlive a restart, and so does what was registered", async () => {
    const one = await run();
    const cookieThere = await signIn(one);
    const there = program(one);
    const client_id = await there.client();
    const kept = await letIn(one, cookieThere, "read", { client_id });
    const { verifier, challenge } = pkce();
    const query = there.query(client_id, { code_challenge: challenge });
    const { location } = await there.consent(cookieThere, query);
    await one.stop(true);
    const port = new URL(one.known.url).port;
    const two = await run({ MULTIMAIL_PORT: port }, one.folder);
    try {
      const again = program(two);
      expect((await again.mcp(kept.access_token, "ping")).status).toBe(200);
      const code = location?.searchParams.get("code") ?? "";
      expect((await again.exchange(code, client_id, verifier)).status).toBe(200);
      expect((await again.refresh(kept.refresh_token, client_id)).status).toBe(200);
    } finally {
      await two.stop();
    }
  });
});

describe("a person", () => {
  test("who is not signed in signs in first, and comes back to what the program asked", async () => {
    const query = app.query(await app.client());
    const first = await app.ask(null, query);
    expect(await first.text()).toContain("Sign in");
    const remembered = (first.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const link = new URL(await node.engine.mintSignInLink(node.operator_id));
    const response = await fetch(`${app.url}/sign-in`, {
      method: "POST",
      redirect: "manual",
      headers: { origin: app.url, cookie: remembered },
      body: new URLSearchParams({ token: link.searchParams.get("token") ?? "" }),
    });
    expect(response.headers.get("location")).toBe(`/oauth/authorize?${query}`);
    expect(response.headers.getSetCookie()).toHaveLength(2);
  });

  test("who proved long ago who they are confirms it first", async () => {
    const link = new URL(await node.engine.mintSignInLink(node.operator_id));
    const response = await fetch(`${app.url}/sign-in`, {
      method: "POST",
      redirect: "manual",
      headers: { origin: app.url },
      body: new URLSearchParams({ token: link.searchParams.get("token") ?? "" }),
    });
    const stale = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    await node.asOwner(
      "UPDATE session SET verified_at = now() - interval '16 minutes' WHERE session_id = (SELECT max(session_id) FROM session)",
    );
    const query = app.query(await app.client());
    const asked = await app.ask(stale, query);
    expect(asked.headers.get("location")).toBe("/step-up?next=%2Foauth%2Fcontinue");
    const remembered = (asked.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const onward = await fetch(`${app.url}/oauth/continue`, {
      redirect: "manual",
      headers: { cookie: `${stale}; ${remembered}` },
    });
    expect(onward.headers.get("location")).toBe(`/oauth/authorize?${query}`);
  });

  test("who says no sends the program away with access_denied, its state and our name", async () => {
    const query = app.query(await app.client());
    const { location } = await app.consent(cookie, query, { act: "deny" });
    expect(Object.fromEntries(location?.searchParams ?? [])).toEqual({
      error: "access_denied",
      error_description: "The person said no",
      state: "a state & more",
      iss: app.url,
    });
  });

  test("whose role changes takes their programs' access with it, and whoever is removed all of it", async () => {
    const admin = await memberSession("admin");
    const send = await letIn(running, admin.cookie, "send", { query: { resource: app.url } });
    const decide = await letIn(running, admin.cookie, "decide", { query: { resource: app.url } });
    await node.asOwner(`UPDATE person SET role = 'approver' WHERE person_id = '${admin.id}'`);
    // The role alone was changed, behind the engine's back: the very next call is judged by it.
    expect((await running.send({}, send.access_token)).body.code).toBe("scope_required");
    expect(await toolsOf(decide.access_token)).toContain("decide_email");
    await node.asOwner(`UPDATE person SET role = 'auditor' WHERE person_id = '${admin.id}'`);
    expect(await toolsOf(decide.access_token)).not.toContain("decide_email");
    const auditors = await (await app.ask(admin.cookie, app.query(await app.client()))).text();
    expect([...auditors.matchAll(/name="level" value="(\w+)"/g)].map(([, one]) => one)).toEqual([
      "read",
    ]);
    await node.asOwner(`UPDATE person SET removed_at = now() WHERE person_id = '${admin.id}'`);
    expect((await app.mcp(decide.access_token, "ping")).status).toBe(401);
    expect((await app.refresh(decide.refresh_token, decide.client_id)).body.error).toBe(
      "invalid_grant",
    );
  });
});

test("a new role ends the grants that it could not give, a lost device or a removal all of them, each with an entry", async () => {
  const owner: Actor = {
    kind: "person",
    operator_id: node.operator_id,
    credential_id: node.context.new_id(),
    person_id: (await node.as(firstOwner))?.person_id ?? "",
    role: "owner",
    scopes: roleScopes.owner,
    mailbox_ids: null,
    test: false,
    signed_in_at: node.context.now().toISOString(),
  };
  const { id, cookie: own } = await memberSession("admin");
  const given: string[] = [];
  for (const level of ["read", "draft", "send", "decide"]) {
    await letIn(running, own, level);
    given.push(await newest());
  }
  const ended = async () =>
    Promise.all(given.map(async (grant) => (await entries(grant)).includes("oauth.revoked")));
  await node.engine.changeMember(owner, id, { role: "approver" });
  expect(await ended()).toEqual([false, true, true, false]);
  await node.engine.changeMember(owner, id, { role: "auditor" });
  expect(await ended()).toEqual([false, true, true, true]);
  await node.engine.recoverMember(owner, id, { revoke_passkeys: true });
  expect(await ended()).toEqual([true, true, true, true]);
  const another = await memberSession("approver");
  const { access_token } = await letIn(running, another.cookie, "read");
  const last = await newest();
  await node.engine.removeMember(owner, another.id);
  expect(await entries(last)).toContain("oauth.revoked");
  expect((await app.mcp(access_token, "ping")).status).toBe(401);
});

/** Another member with a session of their own. */
async function memberSession(role: string): Promise<{ id: string; cookie: string }> {
  const id = node.context.new_id();
  await node.asOwner(
    `INSERT INTO person (operator_id, person_id, name, email, role, created_at) VALUES ('${node.operator_id}', '${id}', 'Member', '${id.toLowerCase()}@people.example', '${role}', now())`,
  );
  const { beginSession } = await import("../../src/engine/sessions.ts");
  const admission = await node.database.transaction(node.operator_id, (tx) =>
    beginSession(node.context, tx, { person_id: id, by: "code", user_agent: null }),
  );
  return { id, cookie: `multimail_session=${admission?.session_token ?? ""}` };
}

/** The authorisation matrix: every operation by every kind of credential on own and foreign resources, over REST and MCP. */
import {
  Client,
  InsufficientScopeError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OperationSpec, opens } from "../../src/contract/operation.ts";
import type { Scope } from "../../src/core/actor.ts";
import type { Founded } from "../../src/engine/bootstrap.ts";
import { allOperations } from "../../src/operations/all.ts";
import { promise } from "../promises.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { letIn } from "./oauth-browser.ts";
import { type Place, inputs, placeOf, reachInto } from "./authorisation-inputs.ts";
import { callOperation } from "./operation-calls.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let other: Founded;
let cookie: string;
let keys: OwnerKeys;
/** A second mailbox of the first operator, and what a key bound to it may not see: everything of the first. */
let second: string;

beforeAll(async () => {
  running = await run({ MULTIMAIL_SIGNUP: "open" });
  node = await secondNode(running);
  other = await node.found("other");
  cookie = await signIn(running);
  keys = await ownerKeys(node);
  second = (await running.call(running.known.admin_key, "/v1/mailboxes", { address: "second" }))
    .body.id;
  reachInto(running, node);
  await makeHolders();
  const { admin_key, agent_key, oversight_key, mailbox_id } = running.known;
  own = await placeOf(
    { admin: admin_key, agent: agent_key, overseer: oversight_key },
    node.operator_id,
    mailbox_id,
  );
  foreign = await placeOf(
    { admin: other.admin_key, agent: other.agent_key, overseer: other.oversight_key },
    other.operator_id,
    other.mailbox_id,
  );
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

/** A kind of credential. `scopes` is null where it is none of a caller's. */
type Holder = {
  name: string;
  key: string | null;
  scopes: readonly Scope[] | null;
  operator: "first" | "other";
  bound: string | null;
};
const holders: Holder[] = [];

async function makeHolders(): Promise<void> {
  const add = (
    name: string,
    key: string | null,
    scopes: Holder["scopes"],
    more: Partial<Holder> = {},
  ): void => {
    holders.push({ name, key, scopes, operator: "first", bound: null, ...more });
  };
  add("nobody", null, null);
  add("a word", "nonsense", null);
  add("a well-formed unknown key", `mm_live_${"A".repeat(43)}`, null);
  add("a session's cookie as key", cookie.split("=")[1] ?? "", null);
  const revoked = await keys.make(["read", "send", "admin", "audit"]);
  await running.call(running.known.admin_key, `/v1/api-keys/${revoked.id}`, undefined, {
    method: "DELETE",
  });
  add("a revoked key", revoked.secret, null);
  const expired = await keys.make(["read", "send", "admin", "audit"], {
    expires_at: new Date(Date.now() + 60_000).toISOString(),
  });
  await node.asOwner(
    `UPDATE api_key SET expires_at = now() - interval '1 second' WHERE key_id = '${expired.id}'`,
  );
  add("an expired key", expired.secret, null);
  add("the agent", running.known.agent_key, ["read", "send"]);
  add("the admin", running.known.admin_key, ["read", "send", "admin", "audit"]);
  add("the overseer", running.known.oversight_key, ["read", "oversight", "audit"]);
  for (const scope of ["read", "send", "admin", "oversight", "audit"] as const)
    add(`${scope} alone`, (await keys.make([scope])).secret, [scope]);
  const testScopes = ["read", "send", "admin", "audit"] as const;
  add("a test key", (await keys.make(testScopes, { test: true })).secret, testScopes);
  for (const scopes of [
    ["read", "send", "admin", "audit"],
    ["read", "oversight", "admin", "audit"],
  ] as const)
    add(
      `${scopes[1]} bound to another mailbox`,
      (await keys.make(scopes, { mailbox_ids: [second] })).secret,
      scopes,
      {
        bound: second,
      },
    );
  for (const [level, scopes] of [
    ["read", ["read"]],
    ["draft", ["read", "draft"]],
    ["send", ["read", "send"]],
    ["decide", ["read", "oversight"]],
  ] as const) {
    const wide = { query: { resource: running.known.url } };
    const { access_token } = await letIn(running, cookie, level, wide);
    add(`a program that was let in to ${level}`, access_token, scopes);
  }
  add("another operator's agent", other.agent_key, ["read", "send"], { operator: "other" });
  add("another operator's admin", other.admin_key, ["read", "send", "admin", "audit"], {
    operator: "other",
  });
  add("another operator's overseer", other.oversight_key, ["read", "oversight", "audit"], {
    operator: "other",
  });
}

let own: Place;
let foreign: Place;

/** Answers without a look at the credential. */
const blind = new Set(["health", "ready", "openapi"]);
/** Without a credential these mean the only operator. */
const ofSoleOperator = new Set(["get_checkpoint", "get_signing_key"]);
/** Of the caller's own operator, wherever the other's resources lie. */
const addressed = (spec: OperationSpec): boolean =>
  [
    "mailbox_id",
    "email_id",
    "key_id",
    "contact_id",
    "domain_id",
    "operator_id",
    "policy_id",
    "grant_id",
    "hold_id",
    "erasure_id",
    "webhook_id",
    "delivery_id",
  ].some((name) => name in spec.input.shape);

/** What a test key may not do, though its scopes would let it: these change what is live. */
const live = new Set(
  "edit_scheduled_email update_draft delete_draft send_draft set_tags tag_email delete_tag cancel_message create_mailbox update_mailbox configure_mailbox revoke_api_key set_thread_owner mark_email report_spam quarantine_email not_spam release_email refuse_email add_suppression remove_suppression import_suppression add_contact update_contact delete_contact delete_mailbox update_api_key delete_account request_upgrade apply_upgrade add_allowlist_entry remove_allowlist_entry stop_sending resume_sending update_account create_policy update_policy revoke_policy post_directory_signature create_domain update_domain verify_domain rotate_dkim delete_domain pause_destination resume_destination flush_destination create_webhook update_webhook delete_webhook rotate_webhook test_webhook redeliver_webhook redeliver_webhook_delivery".split(
    " ",
  ),
);

/** What people do with their passkeys for decisions, and no key does. */
const personal = new Set(
  "create_decision_challenge list_decision_passkeys create_decision_passkey_options enrol_decision_passkey revoke_decision_passkey put_directory_key".split(
    " ",
  ),
);

const ofAll = new Set(
  "export_operator export_subject erase_subject list_erasures get_erasure get_retention put_retention list_legal_holds create_legal_hold release_legal_hold".split(
    " ",
  ),
);

/** What of members a key may see. */
const listed = new Set(["list_members", "list_invitations"]);

/** The rule: 401 without a good credential, 403 without the scope, 404 for what is not the caller's, else success. */
function expected(spec: OperationSpec, holder: Holder, place: Place): number | "success" {
  if (blind.has(spec.name) || spec.path_only === true) return "success";
  if (holder.scopes === null && holder.key !== null) return 401;
  // Of two operators nobody knows whose is meant.
  if (ofSoleOperator.has(spec.name) && holder.key === null) return 404;
  if (spec.access === "public") return "success";
  if (holder.scopes === null) return 401;
  if (!opens(spec, { scopes: holder.scopes })) return 403;
  // A key grants nothing that a key asked for.
  if (spec.name === "decide_change") return 403;
  // Taking a thread is for those who write in it or oversee it.
  if (
    spec.name === "set_thread_owner" &&
    !["send", "oversight", "admin"].some((scope) => holder.scopes?.includes(scope as Scope))
  )
    return 403;
  // People do for themselves what keys may only look at: a key is no person, whoever's it is.
  if (personal.has(spec.name)) return 403;
  if (spec.name.endsWith("directory_head") && holder.bound !== null) return 403;
  if (spec.name === "post_directory_signature")
    return holder.bound === null && holder.name !== "a test key" ? 404 : 403;
  if (spec.tag === "people" && !listed.has(spec.name)) return 403;
  if (spec.tag === "people" && holder.bound !== null) return 403;
  // Erasing and holding are about everything; who exports everything may read more than the log.
  if (ofAll.has(spec.name)) {
    if (holder.bound !== null) return "mailbox_id" in spec.input.shape ? 404 : 403;
    if (holder.name === "a test key") return 403;
    if (spec.name === "export_operator" && !holder.scopes.includes("admin")) return 403;
  }
  // Contacts and domains are the operator's: a single mailbox has nothing to do with them.
  const whole = ["contacts", "domains", "destinations"];
  if (whole.includes(spec.tag) && holder.bound !== null) return 403;
  // What people granted is seen by them, and by keys of the whole operator's administration.
  if (spec.tag === "grants") {
    if (!holder.scopes.includes("admin") || holder.bound !== null) return 403;
    if (spec.name === "revoke_grant" && holder.name === "a test key") return 403;
  }
  if (addressed(spec) && holder.operator !== place.operator) return 404;
  if (holder.name === "a test key" && live.has(spec.name)) return 403;
  if (holder.bound === null) return "success";
  // Bound to a mailbox: nothing of the others, no tiles of the whole log, no mailboxes of one's own making.
  if (spec.name === "get_tile" || spec.name === "get_log_tile" || spec.name === "create_mailbox")
    return 403;
  if (["stop_sending", "resume_sending", "update_account", "delete_account"].includes(spec.name))
    return 403;
  if (spec.name === "create_api_key") return 403;
  return addressed(spec) && place.mailbox_id !== holder.bound ? 404 : "success";
}

const ask = (spec: OperationSpec, key: string | null, input: object): Promise<Answer> =>
  callOperation(running, spec, key, input);

describe("over REST", () => {
  test("the matrix has a row for every operation", () => {
    expect(Object.keys(inputs).toSorted()).toEqual(
      allOperations.map(({ name }) => name).toSorted(),
    );
  });

  test(
    promise("api.authorisation-matrix"),
    async () => {
      const wrong: string[] = [];
      let cells = 0;
      for (const spec of allOperations)
        for (const place of [own, foreign])
          for (const holder of holders) {
            const wanted = expected(spec, holder, place);
            const input = await inputs[spec.name]?.(place, wanted === "success");
            const answer = await ask(spec, holder.key, input ?? {});
            const cell = `${spec.name} by ${holder.name} on ${place.operator}'s: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`;
            const right =
              wanted === "success"
                ? answer.status === spec.status || (spec.sensitive && answer.status === 202)
                : answer.status === wanted && answer.body.error.length > 0;
            if (!right) wrong.push(`${cell}, not ${wanted}`);
            if (answer.status === 401 && answer.headers.get("www-authenticate") === null)
              wrong.push(`${cell} without challenge`);
            const leaked = leaks(spec, answer, holder, input ?? {});
            if (leaked !== null) wrong.push(`${cell} tells ${leaked}`);
            cells++;
          }
      expect(wrong).toEqual([]);
      expect(cells).toBe(allOperations.length * 2 * holders.length);
      // Thousands of calls, some of which found an operator.
    },
    300_000,
  );

  test("what was denied did not happen", async () => {
    for (const place of [own, foreign]) {
      const email = await running.call(
        place.agent,
        `/v1/mailboxes/${place.mailbox_id}/emails/${place.email_id}`,
      );
      expect(email.body).toMatchObject({ status: "pending_send_approval", decisions: [] });
      const mailbox = await running.call(place.admin, `/v1/mailboxes/${place.mailbox_id}`);
      expect(mailbox.body.display_name).toBe("Changed");
      const listed = await running.call(place.admin, "/v1/api-keys?limit=100");
      expect(
        listed.body.api_keys.find((key: { id: string }) => key.id === place.key_id).revoked_at,
      ).toBeNull();
    }
  });

  test("a session opens pages only, and a key no page", async () => {
    for (const path of ["/v1/account", "/v1/oversight/pending", "/v1/mailboxes"])
      expect((await running.call(null, path, undefined, { headers: { cookie } })).status).toBe(401);
    const page = await running.call(running.known.admin_key, "/pending");
    expect(page.status).not.toBe(200);
  });

  test("no text in any field of any operation is met with a 5xx", async () => {
    const wrong: string[] = [];
    const texts = [
      "\0",
      "a\0b",
      "\ud800",
      "'",
      "\\",
      "%",
      "{}",
      "9".repeat(400),
      "0000-01-01T00:00:00+14:00",
      "9999-12-31T23:59:59-14:00",
    ];
    for (const spec of allOperations) {
      const good = { ...(await inputs[spec.name]?.(own, false)) };
      const key =
        spec.access === "oversight" ? running.known.oversight_key : running.known.admin_key;
      for (const name of Object.keys(spec.input.shape))
        for (const text of texts) {
          if (spec.path.includes(`{${name}`) && /^[%\\]$/.test(text)) continue;
          const inPath = spec.path.includes(`{${name}`);
          const value = inPath ? encodeURIComponent(text.toWellFormed()) : text;
          const answer = await ask(spec, key, { ...good, [name]: value });
          if (answer.status >= 500)
            wrong.push(`${spec.name} ${name} ${JSON.stringify(text)}: ${answer.status}`);
        }
    }
    expect(wrong).toEqual([]);
  });
});

/** What makes a secret shows it once. */
const showsSecret = new Set(["create_api_key", "confirm_sign_up", "confirm_agent"]);

/** What an answer tells that its caller must not learn: secrets, and names of the other operator. */
function leaks(spec: OperationSpec, answer: Answer, holder: Holder, input: object): string | null {
  const text = JSON.stringify([answer.body, ...answer.headers]);
  const said = JSON.stringify(input);
  const secrets = holders.flatMap(({ key }) =>
    key !== null && key.startsWith("mm_") ? [key] : [],
  );
  const found = secrets.find((secret) => text.includes(secret));
  if (found !== undefined) return `the secret ${found}`;
  if (!showsSecret.has(spec.name) && /mm_(live|test|session|link)_[\w-]{40}/.test(text))
    return "a secret";
  if (/"(token_hash|sealed|sealed_private|wrapped|csrf_token|d)"/.test(text))
    return "a member that is secret";
  if (holder.operator === "first" && holder.scopes === null) return null;
  const names =
    holder.operator === "first"
      ? [other.operator_id, other.mailbox_id, foreign.email_id, "other.example"]
      : [node.operator_id, running.known.mailbox_id, own.email_id, running.known.mailbox_address];
  // A public page about a token that the caller had is about that token.
  if (spec.access === "public") return null;
  return names.find((name) => text.includes(name) && !said.includes(name)) ?? null;
}

async function mcp<T>(key: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ name: "test", version: "1" });
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${running.known.url}/mcp`), { requestInit }),
  );
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

describe("over MCP", () => {
  test(promise("mcp.only-callable"), async () => {
    for (const { name, key, scopes, bound } of holders) {
      if (scopes === null || key === null) continue;
      const callable = allOperations.filter(
        (spec) => spec.tool && opens(spec, { scopes }) && !(spec.whole === true && bound !== null),
      );
      const refused = await mcp(key, async (client) => {
        const { tools } = await client.listTools();
        expect(tools.map((tool) => tool.name).toSorted(), name).toEqual(
          callable.map((spec) => spec.name).toSorted(),
        );
        const codes: unknown[] = [];
        for (const spec of allOperations.filter((one) => one.tool && !callable.includes(one))) {
          const call = {
            name: spec.name,
            arguments: { ...(await inputs[spec.name]?.(own, false)) },
          };
          // A program that people let in is told by 403 what to ask them for.
          const result = await client.callTool(call).catch((error: unknown) => {
            if (error instanceof InsufficientScopeError) return null;
            throw error;
          });
          if (result === null) codes.push("scope_required");
          else codes.push((result.structuredContent as { code: string }).code);
        }
        return codes;
      });
      expect(new Set(refused), name).toEqual(new Set(refused.length > 0 ? ["scope_required"] : []));
    }
  });

  test("without a good key there is no MCP at all", async () => {
    for (const { key } of holders.filter((holder) => holder.scopes === null)) {
      const answer = await running.call(
        key,
        "/mcp",
        { jsonrpc: "2.0", id: 1, method: "tools/list" },
        {
          headers: { accept: "application/json, text/event-stream" },
        },
      );
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer .*resource_metadata="http/);
    }
  });

  test("a message of another mailbox or operator is not there, also where no mailbox is named", async () => {
    const strangers = holders.filter(
      ({ bound, operator, scopes }) => scopes !== null && (bound !== null || operator === "other"),
    );
    expect(strangers.length).toBeGreaterThanOrEqual(5);
    for (const { name, key, scopes } of strangers)
      await mcp(key ?? "", async (client) => {
        await client.listTools();
        for (const tool of ["read_email", "get_proof", "cancel_message", "decide_email"]) {
          const spec = allOperations.find((one) => one.name === tool);
          if (!spec || spec.access === "public" || !opens(spec, { scopes: scopes ?? [] })) continue;
          const args = {
            email_id: own.email_id,
            ...(tool === "decide_email" ? { decision: "reject" } : {}),
          };
          const result = await client.callTool({ name: tool, arguments: args });
          expect(result.structuredContent, `${tool} by ${name}`).toMatchObject({
            code: "not_found",
          });
        }
      });
  });
});

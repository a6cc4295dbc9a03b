/** A small instance behind the pages: sample operations in memory, sign-in, caught mail; everything it holds may be hostile. */
import type { Hono } from "hono";
import { type Dispatcher, createDispatcher } from "../../src/contract/dispatch.ts";
import type { SessionView } from "../../src/contract/sign-in.ts";
import { type Role, roleScopes } from "../../src/core/actor.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { createApp } from "../../src/http/app.ts";
import { mountPages } from "../../src/http/pages/mount-pages.ts";
import type { CaughtSummary, PagesOptions } from "../../src/http/pages/options.ts";
import { sampleOperations } from "./sample-operations.ts";
import { samplePeople } from "./sample-people.ts";
import { type State, ago, newId, now, sampleEmail, sampleMailbox } from "./sample-state.ts";

const allSamples = [...sampleOperations, ...samplePeople];

/** What a test may read and change. */
export type Sample = State & { app: Hono };

/** Makes an instance. */
export function samplePages(
  options: Partial<
    Pick<
      PagesOptions,
      "public_url" | "secure_cookies" | "caught" | "host_operator" | "sign_up_open"
    >
  > = {},
): Sample {
  const mailbox = sampleMailbox();
  const sample: State = {
    emails: [],
    mailbox,
    caught: new Map(),
    sessions: new Map(),
    links: new Set(["link-1"]),
    calls: [],
    refuse: null,
    read: {
      subject: "Hello",
      text: "Hello there",
      html_safe: "<p>Hello <b>there</b></p>",
      attachments: [],
    },
    verification: {
      dkim: [
        { domain: "agents.example", selector: "mm1", algorithm: "rsa-sha256", result: "pass" },
      ],
      identity: {
        verdict: "valid",
        reason: "signature, body and recipient match",
        claims: sampleClaims,
      },
    },
    logged: [],
    signIn(role = "owner") {
      const token = `session-${sample.sessions.size + 1}`;
      sample.sessions.set(token, sessionView(token, role));
      return token;
    },
    addEmail(more = {}) {
      const email = { ...sampleEmail(mailbox.id), ...more };
      sample.emails.push(email);
      return email;
    },
  };
  const app = createApp({
    dispatcher: recorded(createDispatcher(allSamples, { sample }), sample),
    authenticate: async () => null,
    new_request_id: newId,
    log: logInto(sample.logged),
    public_url: options.public_url ?? "http://localhost",
    mount: (pages) => mountPages(pages, pagesOptions(sample, options)),
  });
  return Object.assign(sample, { app });
}

function pagesOptions(sample: State, options: Partial<PagesOptions>): PagesOptions {
  return {
    dispatcher: recorded(createDispatcher(allSamples, { sample }), sample),
    sign_in: {
      async redeem(token) {
        sample.calls.push({ name: "redeem", effect: "write", input: token });
        if (!sample.links.delete(token))
          throw new Refusal("invalid_link", "The link was used or has expired.");
        return {
          session_token: sample.signIn(),
          expires_at: new Date(now + 86_400_000).toISOString(),
        };
      },
      session: async (token) => sample.sessions.get(token) ?? null,
      async end(token) {
        sample.calls.push({ name: "end", effect: "write", input: token });
        sample.sessions.delete(token);
      },
      ...sampleWays(sample),
    },
    caught: {
      list: async ({ limit, before }) =>
        [...sample.caught.values()]
          .map(({ meta }) => meta)
          .filter((meta) => before === undefined || meta.id < before)
          .toSorted((a, b) => (a.id < b.id ? 1 : -1))
          .slice(0, limit),
      get: async (id) => sample.caught.get(id) ?? null,
    },
    host_operator: sampleOperator,
    sign_up_open: false,
    verify: async () => sample.verification,
    async received_html() {
      if (sample.read instanceof Error) throw sample.read;
      return sample.read.html_safe;
    },
    async read_message() {
      if (sample.read instanceof Error) throw sample.read;
      return sample.read;
    },
    public_url: "http://localhost",
    secure_cookies: false,
    new_request_id: newId,
    log: logInto(sample.logged),
    now: () => now,
    ...options,
  };
}

/** Ways in that the sample knows beside links: a code that always works once, and no passkeys. */
function sampleWays(sample: State): Omit<PagesOptions["sign_in"], "redeem" | "session" | "end"> {
  const admit = (name: string, right: boolean) => {
    sample.calls.push({ name, effect: "write", input: null });
    if (!right) throw new Refusal("invalid_code", "This code is wrong, was used, or has expired.");
    const expires_at = new Date(now + 86_400_000).toISOString();
    return { session_token: sample.signIn(), expires_at };
  };
  const noPasskey = async () => {
    throw new Refusal("invalid_passkey", "This passkey signs nobody in here.");
  };
  return {
    accept: async (token) => admit("accept", token === "invitation-1"),
    async requestCode(email) {
      sample.calls.push({ name: "request_code", effect: "write", input: email });
    },
    redeemCode: async ({ code }) => admit("redeem_code", code === "A7X-29K"),
    passkeyOptions: noPasskey,
    redeemPasskey: noPasskey,
    stepUp: {
      async requestCode() {
        sample.calls.push({ name: "request_step_up", effect: "write", input: null });
      },
      redeemCode: async (_, code) => admit("step_up", code === "A7X-29K"),
      passkeyOptions: async () => null,
      redeemPasskey: noPasskey,
    },
  };
}

/** Puts a caught message into the sample and gives its id. */
export function addCaught(sample: Sample, eml: string, more: Partial<CaughtSummary> = {}): string {
  const id = newId();
  const meta = {
    id,
    from: "support@agents.example",
    to: ["ada@customer.example"],
    received_at: ago(1),
    size: eml.length,
    ...more,
  };
  sample.caught.set(id, { eml: Buffer.from(eml), meta });
  return id;
}

const logInto = (lines: string[]) => {
  const write = (_fields: object, message: string) => void lines.push(message);
  return { info: write, warn: write, error: write };
};

function recorded(dispatcher: Dispatcher, sample: State): Dispatcher {
  return {
    operations: dispatcher.operations,
    call(name, actor, input, meta) {
      const effect = dispatcher.operations.find((spec) => spec.name === name)?.effect ?? "unknown";
      sample.calls.push({ name, effect, input });
      return dispatcher.call(name, actor, input, meta);
    },
  };
}

/** Whose people the sample's members are. */
const sampleOperator = newId();

function sessionView(token: string, role: Role): SessionView {
  return {
    actor: {
      kind: "person",
      operator_id: sampleOperator,
      credential_id: token,
      person_id: "person-1",
      role,
      scopes: roleScopes[role],
      mailbox_ids: null,
      test: false,
      signed_in_at: ago(0),
    },
    person: { id: "person-1", name: "Grace Hopper", email: "grace@operator.example" },
    csrf_token: `csrf-of-${token}`,
    expires_at: new Date(now + 86_400_000).toISOString(),
  };
}

const sampleClaims = {
  iss: "https://mail.agents.example",
  sub: "support@agents.example",
  operator: { name: "Example Ltd", id: "op", verified: true },
  agent: "key-1",
  ai_generated: true,
  oversight: "gated_send",
  approval: { log: "mail.agents.example/audit/1", stmt: "aa", leaf: 12, class: "B" },
};

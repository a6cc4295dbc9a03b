/** The whole road: from a gated send to the bytes at the recipient's server, checked by other people's tools. */
import { createHash } from "node:crypto";
import { compactVerify, importJWK } from "jose";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyBundle } from "../../src/audit/bundle.ts";
import type { PublicKeys } from "../../src/audit/bundle-format.ts";
import { UNSUBSCRIBE_PLACEHOLDER, digestAsReceived } from "../../src/mail/digest.ts";
import { promise } from "../promises.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { type Answer, type Running, run } from "./running.ts";
import {
  bodyOf,
  dkimpyVerdicts,
  fieldsOf,
  hasDkimpy,
  hasOpendkim,
  opendkimVerdicts,
} from "./verifiers.ts";

const ada = "ada@example.com";
const grace = "Grace.Hopper@example.org";
const hidden = "hidden@example.net";
const everybody = [ada, grace, hidden];
const subject =
  "Grüße: your order 1234 is on its way, and this subject is longer than one line may be";

let sink: SmtpSink;
let running: Running;
/** The answer to the gated send. */
let submitted: Answer["body"];
let socketsWhilePending: number;
/** The gated message after it was sent, as `read_email` answers it. */
let sent: Answer["body"];
let keys: PublicKeys;
/** What arrived, by recipient. */
let copies: Map<string, Buffer>;

beforeAll(async () => {
  sink = await startSink();
  running = await run({
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    MULTIMAIL_DOMAIN: "agents.example",
  });
  const answer = await running.send({
    to: [`"Lovelace, Ada" <${ada}>`],
    cc: [grace],
    bcc: [hidden],
    subject,
    markdown:
      "Dear **Ada**,\n\nyour order is [on its way](https://example.com/track?id=1&x=2).\n\nPërsönlich",
    attachments: [
      {
        filename: "Rechnung ä.pdf",
        content_type: "application/pdf",
        content: Buffer.alloc(5000, 7).toString("base64"),
      },
    ],
    thread_id: "zd-12345",
  });
  submitted = answer.body;
  socketsWhilePending = sink.connections.length;
  await running.decide(submitted.id, "approve");
  sent = await running.settled(submitted.id, "sent");
  keys = (await running.call(running.known.agent_key, "/v1/public-keys")).body;
  copies = new Map(sink.messages.map((mail) => [mail.to.join(), mail.data]));
});

afterAll(async () => {
  await running.stop();
  await sink.close();
});

const copyOf = (recipient: string): Buffer => copies.get(recipient) ?? Buffer.alloc(0);
const field = (mail: Buffer, name: string): string[] =>
  fieldsOf(mail)
    .filter((one) => one.key === name)
    .map((one) => one.value);

/** The unsubscribe tokens of a mail, with quoted-printable's soft line ends undone. */
function tokensOf(mail: Buffer): string[] {
  const text = mail
    .toString("latin1")
    .replaceAll("=\r\n", "")
    .replaceAll(/\r\n[ \t]/g, "");
  return [...text.matchAll(/\/v1\/unsubscribe\/([0-9A-Z]{80})/g)].map((match) => match[1] ?? "");
}

async function mailauth(
  mail: Buffer,
): Promise<{ result: string; aligned: unknown; algo: string }[]> {
  const { results } = await dkimVerify(mail, {
    resolver: (name: string, type: string) => {
      const record = type === "TXT" ? keys.dkim[name] : undefined;
      return record === undefined
        ? Promise.reject(Object.assign(new Error("no record"), { code: "ENOTFOUND" }))
        : Promise.resolve([[record]]);
    },
  });
  return results.map(({ status, algo }) => ({
    result: status.result,
    aligned: status.aligned,
    algo: algo ?? "",
  }));
}

describe("each recipient's copy", () => {
  test("nothing reaches the relay while the message waits for its decision", () => {
    expect(submitted.status).toBe("pending_send_approval");
    expect(socketsWhilePending).toBe(0);
  });

  test("each recipient gets one copy in a transaction of its own, from the mailbox's address", () => {
    expect([...copies.keys()].toSorted()).toEqual(everybody.toSorted());
    expect(sink.messages).toHaveLength(3);
    // The envelope sender is a return path of each copy's own (VERP).
    for (const mail of sink.messages)
      expect(mail.from).toMatch(/^[0-9a-hjkmnp-tv-z]{64}@bounces\.agents\.example$/);
    expect(new Set(sink.messages.map((mail) => mail.from)).size).toBe(sink.messages.length);
  });

  test(promise("send.message-id-fixed"), () => {
    for (const mail of copies.values())
      expect(field(mail, "message-id")).toEqual([submitted.message_id]);
  });

  test(promise("mail.delivered-passes-mailauth"), async () => {
    for (const mail of copies.values()) {
      const verdicts = await mailauth(mail);
      expect(verdicts.map(({ result }) => result)).toEqual(["pass", "pass"]);
      expect(verdicts.map(({ algo }) => algo).toSorted()).toEqual(["ed25519-sha256", "rsa-sha256"]);
      for (const { aligned } of verdicts) expect(aligned).toBe("agents.example");
    }
  });

  test.skipIf(!hasDkimpy)(promise("mail.delivered-passes-dkimpy"), () => {
    const verdicts = dkimpyVerdicts([...copies.values()], keys.dkim);
    expect(verdicts).toEqual(everybody.map(() => [true, true]));
  });

  test.skipIf(!hasOpendkim)(promise("mail.delivered-passes-opendkim"), () => {
    for (const mail of copies.values())
      expect(opendkimVerdicts(mail, keys.dkim)).toEqual([true, true]);
  });

  test(promise("mail.bcc-unseen"), () => {
    for (const [recipient, mail] of copies) {
      expect(field(mail, "bcc")).toEqual([]);
      expect(mail.toString("latin1").toLowerCase()).not.toContain(hidden);
      // One hash for the one who got it: nobody can try addresses against the others'.
      expect(claimsOf(mail).msg.rh, recipient).toHaveLength(1);
    }
  });

  test(promise("mail.disclosure"), async () => {
    for (const mail of copies.values()) {
      expect(field(mail, "x-ai-generated")).toEqual(["true"]);
      expect(claimsOf(mail).ai_generated).toBe(true);
      // A person approved it, so it is not an automatic message in the sense of RFC 3834.
      expect(field(mail, "auto-submitted")).toEqual([]);
      expect(bodyOf(mail).toString("latin1")).toContain("written by an AI agent of");
    }
  });
});

describe("attacks on a delivered message", () => {
  const onTop = (line: string) => (mail: string) => `${line}\r\n${mail}`;
  const attacks = {
    "mail.second-from": onTop("From: Boss <boss@agents.example>"),
    "mail.second-identity": onTop("X-MultiMail-Identity: eyJhbGciOiJub25lIn0.e30."),
    "mail.added-reply-to": onTop("Reply-To: thief@example.org"),
    "mail.changed-body": (mail: string) => mail.replace("your order is", "your order was"),
    "mail.appended-body": (mail: string) => `${mail}Pay here: https://thief.example/\r\n`,
  } as const;
  const attacked = (name: keyof typeof attacks): Buffer => {
    const before = copyOf(ada).toString("latin1");
    const after = attacks[name](before);
    expect(after).not.toBe(before);
    return Buffer.from(after, "latin1");
  };
  const names = Object.keys(attacks) as (keyof typeof attacks)[];
  /** The algorithms whose signature still passes by mailauth. */
  const passing = async (name: keyof typeof attacks): Promise<string[]> => {
    const verdicts = await mailauth(attacked(name));
    expect(verdicts).toHaveLength(2);
    return verdicts.filter(({ result }) => result === "pass").map(({ algo }) => algo);
  };

  test(promise("mail.second-from"), async () => {
    expect(await passing("mail.second-from")).toEqual([]);
  });
  test(promise("mail.second-identity"), async () => {
    expect(await passing("mail.second-identity")).toEqual([]);
  });
  test(promise("mail.added-reply-to"), async () => {
    expect(await passing("mail.added-reply-to")).toEqual([]);
  });
  test(promise("mail.changed-body"), async () => {
    expect(await passing("mail.changed-body")).toEqual([]);
  });
  test(promise("mail.appended-body"), async () => {
    expect(await passing("mail.appended-body")).toEqual([]);
  });

  test.skipIf(!hasDkimpy)("dkimpy passes neither signature after any of them", () => {
    for (const verdicts of dkimpyVerdicts(names.map(attacked), keys.dkim)) {
      expect(verdicts).toHaveLength(2);
      expect(verdicts).not.toContain(true);
    }
  });

  test.skipIf(!hasOpendkim)("opendkim passes neither signature after any of them", () => {
    for (const name of names)
      expect(opendkimVerdicts(attacked(name), keys.dkim), name).toEqual([false, false]);
  });
});

// oxlint-disable-next-line typescript/no-explicit-any
function claimsOf(mail: Buffer): any {
  const [token] = field(mail, "x-multimail-identity");
  const payload = (token ?? "").replaceAll(/\s/g, "").split(".")[1] ?? "";
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

/** Relaxed header canonicalization (RFC 6376 section 3.4.2), written again so that it can disagree with ours. */
function relaxed(mail: Buffer, name: string): string {
  const [value] = field(mail, name);
  return value === undefined
    ? `${name}:\r\n`
    : `${name}:${value.replaceAll(/[ \t]+/g, " ").trim()}\r\n`;
}

const sha256 = (...parts: (string | Buffer)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

describe("the identity header", () => {
  test(promise("mail.identity-plain-jose"), async () => {
    const published = (await running.call(null, "/.well-known/multimail-jwks.json")).body;
    for (const [recipient, mail] of copies) {
      const [value] = field(mail, "x-multimail-identity");
      const token = (value ?? "").replaceAll(/\s/g, "");
      const header = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
      const jwk = published.keys.find((key: { kid: string }) => key.kid === header.kid);
      expect(header).toEqual({ alg: "ES256", typ: "mm-identity+jwt", kid: jwk.kid });
      const { payload } = await compactVerify(token, await importJWK(jwk, "ES256"));
      const claims = JSON.parse(Buffer.from(payload).toString());
      const signature = field(mail, "dkim-signature")[0] ?? "";
      const { jti, msg } = claims;
      expect(msg.h).toBe("from:to:cc:subject:date:message-id");
      expect(msg.bh).toBe(/[;\s]bh=([^;]+);/.exec(signature)?.[1]?.replaceAll(/\s/g, ""));
      const lines = msg.h.split(":").map((name: string) => relaxed(mail, name));
      expect(msg.hh).toBe(sha256(lines.join("")).toString("base64"));
      expect(Buffer.from(jti, "base64url")).toHaveLength(16);
      expect(msg.rh).toEqual([
        sha256(`${jti}\n${recipient.toLowerCase()}`).toString("base64url").slice(0, 22),
      ]);
    }
  });

  test(promise("mail.identity-names-oversight"), async () => {
    const account = (await running.call(running.known.agent_key, "/v1/account")).body;
    const log = await running.call(
      running.known.oversight_key,
      `/v1/audit-log?type=message.decided&resource=${sent.id}`,
    );
    const [decided] = log.body.entries;
    for (const mail of copies.values()) {
      const { iat, exp, jti: _jti, msg: _msg, ...claims } = claimsOf(mail);
      expect(claims).toEqual({
        iss: running.known.url,
        sub: "agent@agents.example",
        operator: { name: account.name, id: account.id, verified: false },
        agent: account.credential.id,
        ai_generated: true,
        oversight: "gated_send",
        capabilities: ["read", "send"],
        approval: {
          log: Object.keys(keys.logs)[0],
          stmt: decided.data.statement,
          leaf: decided.leaf_hash,
          class: "B",
        },
      });
      expect(exp - iat).toBe(400 * 86_400);
      expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(120);
    }
  });

  test("each copy has a token id of its own", () => {
    expect(new Set([...copies.values()].map((mail) => claimsOf(mail).jti)).size).toBe(3);
  });
});

describe("what was approved", () => {
  test(promise("mail.one-click-unsubscribe"), () => {
    const seen = new Set<string>();
    for (const mail of copies.values()) {
      const tokens = tokensOf(mail);
      const [token = ""] = tokens;
      // The header, the text part and the HTML part.
      expect(tokens.length).toBeGreaterThanOrEqual(3);
      expect(new Set(tokens).size).toBe(1);
      expect(field(mail, "list-unsubscribe")[0]).toContain(
        `<${running.known.url}/v1/unsubscribe/${token}>`,
      );
      expect(field(mail, "list-unsubscribe-post")).toEqual(["List-Unsubscribe=One-Click"]);
      seen.add(token);
    }
    expect(seen.size).toBe(3);
  });

  test(promise("gate.exact-bytes"), async () => {
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${sent.id}/raw`;
    const response = await fetch(`${running.known.url}${path}`, {
      headers: { authorization: `Bearer ${running.known.agent_key}` },
    });
    const raw = Buffer.from(await response.arrayBuffer());
    const envelope = everybody
      .toSorted()
      .map((address) => `${address}\n`)
      .join("");
    // What the person decided on is the SHA-256 of exactly these bytes and this envelope.
    expect(sha256(raw, envelope).toString("hex")).toBe(sent.digest);
    expect(sent.decisions[0].digest).toBe(sent.digest);
    for (const mail of copies.values()) {
      const text = mail.toString("latin1");
      const start = text.indexOf("\r\n", text.search(/^Date: /m)) + 2;
      const frozen = mail.subarray(start);
      expect(frozen.length).toBe(raw.length);
      const [token = ""] = tokensOf(mail);
      // Nothing but the token's characters differs, and with the placeholder back nothing does.
      for (let i = 0; i < raw.length; i++)
        if (raw[i] !== frozen[i]) {
          expect(UNSUBSCRIBE_PLACEHOLDER).toContain(String.fromCharCode(raw[i] ?? 0));
          expect(token).toContain(String.fromCharCode(frozen[i] ?? 0));
        }
      expect(digestAsReceived(mail, token, everybody)).toBe(sent.digest);
      const added = fieldsOf(mail.subarray(0, start)).map(({ key }) => key);
      expect(added).toEqual(["dkim-signature", "dkim-signature", "x-multimail-identity", "date"]);
    }
  });

  test("the evidence bundle names the same recipients and tokens, and verifies with each copy that arrived", async () => {
    const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${sent.id}/proof`;
    let bundle = (await running.call(running.known.agent_key, path)).body;
    for (
      let i = 0;
      i < 200 && bundle.entries.some((entry: { proof: unknown }) => entry.proof === null);
      i++
    ) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      bundle = (await running.call(running.known.agent_key, path)).body;
    }
    expect(bundle.digest).toBe(sent.digest);
    for (const { address, token } of bundle.recipients)
      expect(tokensOf(copyOf(address))[0]).toBe(token);
    for (const eml of copies.values()) {
      const report = await verifyBundle(bundle, { pinned: keys, eml, now: new Date() });
      expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
      expect(report.verdict).toBe("valid");
    }
    const forged = Buffer.from(
      copyOf(ada).toString("latin1").replace("your order is", "your order was"),
      "latin1",
    );
    const report = await verifyBundle(bundle, { pinned: keys, eml: forged, now: new Date() });
    expect(report.verdict).toBe("invalid");
  });
});

describe("unsubscribing", () => {
  const link = (recipient: string): string => `/v1/unsubscribe/${tokensOf(copyOf(recipient))[0]}`;
  const sendTo = (address: string): Promise<Answer> => running.send({ to: [address] });

  test("opening the link shows whose mail would stop, and stops nothing", async () => {
    for (const method of ["GET", "HEAD"]) {
      const shown = await fetch(`${running.known.url}${link(ada)}`, { method });
      expect(shown.status).toBe(200);
      const page = await shown.text();
      if (method === "GET") expect(page).toContain(ada);
    }
    expect((await sendTo(ada)).status).toBe(202);
  });

  test("one click by RFC 8058 suppresses the address for the next send, and nobody else", async () => {
    const post = (recipient: string, body: URLSearchParams | FormData): Promise<Response> =>
      fetch(`${running.known.url}${link(recipient)}`, { method: "POST", body });
    const oneClick = new URLSearchParams({ "List-Unsubscribe": "One-Click" });
    expect((await post(ada, oneClick)).status).toBe(200);
    // Mail clients repeat themselves.
    expect((await post(ada, oneClick)).status).toBe(200);
    const refused = await running.send({ to: [grace], cc: ["ADA@Example.com"] });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: "recipient_suppressed", field: "cc[0]" });
    expect((await sendTo(grace)).status).toBe(202);

    const form = new FormData();
    form.set("List-Unsubscribe", "One-Click");
    expect((await post(grace, form)).status).toBe(200);
    expect((await sendTo(grace)).status).toBe(422);
    expect((await sendTo(hidden)).status).toBe(202);
    const log = await running.call(
      running.known.oversight_key,
      `/v1/audit-log?type=message.unsubscribed&resource=${sent.id}`,
    );
    expect(log.body.entries).toHaveLength(2);
  });

  test("a link that is not ours, or was changed, is 410 and suppresses nobody", async () => {
    const good = link(hidden);
    const last = good.at(-1) === "0" ? "1" : "0";
    for (const path of [
      `${good.slice(0, -1)}${last}`,
      `/v1/unsubscribe/${UNSUBSCRIBE_PLACEHOLDER}`,
      "/v1/unsubscribe/x",
    ])
      for (const method of ["GET", "POST"])
        expect((await fetch(`${running.known.url}${path}`, { method })).status).toBe(410);
    expect((await sendTo(hidden)).status).toBe(202);
  });
});

/** Keys, key records and a message for the tests of Internet mail; nothing outside tests imports it. */
import { generateKeyPairSync } from "node:crypto";
import type { JSONWebKeySet, JWK } from "jose";
import { UNSUBSCRIBE_PLACEHOLDER } from "./compose.ts";
import type { ComposeInput } from "./compose.ts";
import { contentDigest } from "./digest.ts";
import { dkimTxtRecord } from "./dkim.ts";
import type { DkimKey } from "./dkim.ts";
import { finalize } from "./finalize.ts";
import { thumbprint } from "./identity.ts";
import type { IdentityKey, IdentityStatement } from "./identity.ts";
import type { Resolver } from "./verify.ts";

export const NOW = new Date("2026-03-02T10:00:00Z");
export const TOKEN = "7Q3ZK9".repeat(14).slice(0, 80);
export const RECIPIENT = "bob@example.net";

const identityPair = generateKeyPairSync("ec", { namedCurve: "P-256" });
export const identityJwk = identityPair.publicKey.export({ format: "jwk" }) as JWK;
export const identityKey: IdentityKey = {
  privateKey: identityPair.privateKey,
  kid: await thumbprint(identityJwk),
};
export const jwks: JSONWebKeySet = {
  keys: [{ ...identityJwk, kid: identityKey.kid }],
};

export const dkimKeys: readonly DkimKey[] = [
  {
    domain: "example.com",
    selector: "mm1",
    algorithm: "rsa-sha256",
    private_key: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  },
  {
    domain: "example.com",
    selector: "mm2",
    algorithm: "ed25519-sha256",
    private_key: generateKeyPairSync("ed25519").privateKey,
  },
];

/** `<selector>._domainkey.<domain>` → TXT, for a resolver that asks no network. */
export const records: ReadonlyMap<string, string> = new Map(
  dkimKeys.map((key) => [`${key.selector}._domainkey.${key.domain}`, dkimTxtRecord(key)]),
);

export const resolver: Resolver = async (name, type) => {
  const record = type === "TXT" ? records.get(name) : undefined;
  if (record === undefined)
    throw Object.assign(new Error(`no ${type} record`), { code: "ENOTFOUND" });
  return await Promise.resolve([[record]]);
};

export const statement: IdentityStatement = {
  iss: "https://mail.example.com",
  sub: "agent@example.com",
  operator: { name: "Example Ltd", id: "op_1", verified: true },
  agent: "key_1",
  ai_generated: true,
  oversight: "gated_send",
  capabilities: ["read", "send"],
  jti: Buffer.alloc(16, 7).toString("base64url"),
  approval: { log: "mail.example.com/audit/op_1", stmt: "ab".repeat(32), leaf: 17, class: "A" },
};

/** A valid input, changed by `over`. */
export function composeInput(over: Partial<ComposeInput> = {}): ComposeInput {
  return {
    from: { name: "Example Agent", address: "agent@example.com" },
    to: [{ name: "Bob", address: RECIPIENT }],
    cc: [],
    subject: "Your order 1234",
    markdown:
      "Hello **Bob**,\n\nyour order is [on its way](https://example.com/track?id=1&x=2).\n\n- one\n- two\n",
    attachments: [],
    message_id: "<01hq.1@example.com>",
    unsubscribe: { url: `https://mail.example.com/u/${UNSUBSCRIBE_PLACEHOLDER}` },
    postal_address: "Example Ltd\n1 Long Road\nTown",
    ai_disclosure: "This message was written by an AI agent.",
    auto_generated: false,
    ...over,
  };
}

/** Hands a frozen message off to {@link RECIPIENT} with both DKIM keys. */
export function handOff(
  mime: Buffer,
  recipients: readonly string[] = [RECIPIENT],
  date: Date = NOW,
): Promise<Buffer> {
  return finalize({
    mime,
    recipients,
    digest: contentDigest(mime, recipients),
    token: TOKEN,
    date,
    recipient: RECIPIENT,
    identity: { claims: statement, key: identityKey },
    dkim: dkimKeys,
  });
}

/** The attacks every verifier must see through: name → what is done to a finished message. */
export const attacks: ReadonlyMap<string, (message: string) => string> = new Map([
  ["a second From on top", (m: string) => `From: Boss <boss@example.com>\r\n${m}`],
  [
    "a second From below",
    (m: string) => m.replace("\r\n\r\n", "\r\nFrom: Boss <boss@example.com>\r\n\r\n"),
  ],
  [
    "a second identity header",
    (m: string) => `X-MultiMail-Identity: eyJhbGciOiJub25lIn0.e30.\r\n${m}`,
  ],
  ["an added Reply-To", (m: string) => `Reply-To: thief@example.org\r\n${m}`],
  ["a changed body", (m: string) => m.replace("order is", "order was")],
  ["an appended body", (m: string) => `${m}Pay here: https://thief.example/\r\n`],
]);

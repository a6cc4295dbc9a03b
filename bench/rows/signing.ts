/** Signing: both DKIM signatures and the identity claim of one 2 KB message, against the RSA-2048 signatures that OpenSSL makes on the same cores. */
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { availableParallelism } from "node:os";
import { find, output } from "../child.ts";
import { type Row, type Side, ratio } from "../figures.ts";
import { compose } from "../../src/mail/compose.ts";
import { UNSUBSCRIBE_PLACEHOLDER, contentDigest } from "../../src/mail/digest.ts";
import { type FinalizeInput, finalize } from "../../src/mail/finalize.ts";
import { thumbprint } from "../../src/mail/identity.ts";

const recipient = "person@recipients.example.net";

/** Messages at once: enough to keep every thread of the pool at work. */
const atOnce = 32;

async function inputOf(): Promise<FinalizeInput> {
  const identity = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const mime = await compose({
    from: { name: "Agent", address: "agent@example.com" },
    to: [{ name: null, address: recipient }],
    cc: [],
    subject: "Your order 1234",
    markdown: "The parcel left our warehouse this morning. ".repeat(12),
    attachments: [],
    message_id: "<01hq.1@example.com>",
    unsubscribe: { url: `https://mail.example.com/v1/unsubscribe/${UNSUBSCRIBE_PLACEHOLDER}` },
    postal_address: "Example Ltd, 1 Long Road, Town",
    ai_disclosure: "This message was written by an AI agent.",
    auto_generated: true,
  });
  const key = (algorithm: "rsa-sha256" | "ed25519-sha256", selector: string) => ({
    domain: "example.com",
    selector,
    algorithm,
    private_key:
      algorithm === "rsa-sha256"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
        : generateKeyPairSync("ed25519").privateKey,
  });
  return {
    mime,
    recipients: [recipient],
    recipient,
    digest: contentDigest(mime, [recipient]),
    token: "7Q3ZK9".repeat(14).slice(0, 80),
    date: new Date(),
    identity: {
      key: {
        privateKey: identity.privateKey,
        kid: await thumbprint(createPublicKey(identity.privateKey).export({ format: "jwk" })),
      },
      claims: {
        iss: "https://mail.example.com",
        sub: "agent@example.com",
        operator: { name: "Example Ltd", id: "op_1", verified: true },
        agent: "key_1",
        ai_generated: true,
        oversight: "autonomous",
        capabilities: ["read", "send"],
        jti: Buffer.alloc(16, 7).toString("base64url"),
      },
    },
    dkim: [key("rsa-sha256", "mm1"), key("ed25519-sha256", "mm2")],
  };
}

/** Signed messages a second over `seconds`. */
async function ours(input: FinalizeInput, seconds: number): Promise<number> {
  const begun = performance.now();
  const end = begun + seconds * 1000;
  let count = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < end) {
        await finalize(input);
        count++;
      }
    }),
  );
  return (count * 1000) / (performance.now() - begun);
}

/** RSA-2048 signatures a second of as many processes as there are cores. */
function theirs(seconds: number): number {
  const text = output("openssl", [
    "speed",
    "-seconds",
    String(seconds),
    "-multi",
    String(availableParallelism()),
    "rsa2048",
  ]);
  return Number(/rsa\s+2048 bits\s+\S+\s+\S+\s+([\d.]+)/.exec(text)?.[1]);
}

/** In turn, round after round. */
export async function signing(rounds: number): Promise<Row> {
  const input = await inputOf();
  const signed: Side = { name: "DKIM ×2 + identity", runs: [] };
  const openssl: Side = { name: "openssl speed rsa2048", runs: [] };
  await ours(input, 1);
  for (let round = 0; round < rounds; round++) {
    signed.runs.push({ value: await ours(input, 3) });
    if (find("openssl") !== null) openssl.runs.push({ value: theirs(3) });
  }
  const sides = [signed, openssl];
  return {
    row: "signing",
    what: `finalize() of a ${input.mime.length}-byte message on ${availableParallelism()} cores`,
    unit: "/s",
    sides,
    checks: ratio({ sides }, openssl.name, 0.7),
    notes:
      openssl.runs.length === 0 ? ["openssl not measured: install the Debian package openssl"] : [],
  };
}

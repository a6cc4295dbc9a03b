/** The completeness statement: the operator's signature over which entries, status and recipients a bundle has, so that none can be left out. */
import { hash } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { compactVerify, CompactSign, errors } from "jose";
import type { Bundle, BundleEntry, PublicKeys } from "./bundle-format.ts";
import { identityKey } from "./bundle-log.ts";
import type { ReadBundle } from "./bundle-parse.ts";
import { CheckFailure, refuse } from "./bundle-report.ts";
import type { Outcome } from "./bundle-report.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import {
  decodeBase64,
  decodeBase64url,
  decodeCanonical,
  decodeObject,
  decodeString,
  encodeCanonical,
  FormatError,
} from "./encoding.ts";
import { leafHash } from "./tree.ts";

/** Marks the statement; a reader refuses any other. */
const completenessFormat = "multimail-completeness/v1";

/** JOSE `typ`: keeps the signature apart from identity headers, which the same key signs. */
const completenessType = "mm-completeness+json";

/** Most bytes of a statement: a thousand entries at 150 bytes, and as much again. */
const maxBytes = 300_000;

/** What is signed, as RFC 8785 bytes. Hashes are hex, the root base64 as checkpoints write it. */
type CompletenessStatement = {
  format: typeof completenessFormat;
  created_at: string;
  email_id: string;
  status: string;
  digest: string;
  /** SHA-256 of the RFC 8785 bytes of the bundle's `recipients`. */
  recipients: string;
  /** In the order in which the bundle lists them. */
  entries: { id: string; index: number | null; leaf: string }[];
  entry_count: number;
  /** Hex SHA-256 of the RFC 8785 bytes of the directory's leaves and heads; absent where the bundle has none. */
  directory?: string;
  checkpoint: { size: number; root: string } | null;
};

/** What of a bundle the statement is about. */
type Stated = Pick<Bundle, "created_at" | "digest" | "recipients" | "checkpoint"> & {
  email: Pick<Bundle["email"], "id" | "status">;
  entries: CompletenessStatement["entries"];
  directory: {
    passkeys: { enrolled: Leaf; revoked: Leaf | null }[];
    heads: { statement: string; signature: string }[];
  } | null;
};

type Leaf = CompletenessStatement["entries"][number];

const bareLeaf = ({ id, index, leaf }: Leaf): Leaf => ({ id, index, leaf });

/** What is signed of the directory: that a revocation was left out would be seen. */
function directoryHash({ passkeys, heads }: NonNullable<Stated["directory"]>): string {
  const bare = passkeys.map(({ enrolled, revoked }) => ({
    enrolled: bareLeaf(enrolled),
    revoked: revoked && bareLeaf(revoked),
  }));
  return hash("sha256", encodeCanonical({ passkeys: bare, heads }, "directory"), "hex");
}

function statementOf(bundle: Stated): CompletenessStatement {
  const head = bundle.checkpoint === null ? null : parseCheckpoint(bundle.checkpoint);
  return {
    format: completenessFormat,
    created_at: bundle.created_at,
    email_id: bundle.email.id,
    status: bundle.email.status,
    digest: bundle.digest,
    recipients: hash("sha256", encodeCanonical(bundle.recipients, "recipients"), "hex"),
    entries: bundle.entries.map(bareLeaf),
    entry_count: bundle.entries.length,
    ...(bundle.directory === null ? {} : { directory: directoryHash(bundle.directory) }),
    checkpoint: head === null ? null : { size: head.size, root: head.root.toString("base64") },
  };
}

/**
 * The operator's word that the bundle has every entry of its message as of `created_at`: a compact JWS, ES256 by the
 * identity key with this RFC 7638 thumbprint. Throws FormatError where the bundle has no canonical form.
 */
export function signCompleteness(
  bundle: Omit<Bundle, "completeness">,
  key: { kid: string; privateKey: KeyObject },
): Promise<string> {
  const hashed = ({ id, index, body }: BundleEntry): Leaf => {
    const leaf = leafHash(decodeBase64(body, "entry")).toString("hex");
    return { id, index, leaf };
  };
  const passkeys = bundle.directory?.passkeys.map(({ enrolled, revoked }) => ({
    enrolled: hashed(enrolled),
    revoked: revoked && hashed(revoked),
  }));
  const directory = bundle.directory && passkeys ? { ...bundle.directory, passkeys } : null;
  const stated = { ...bundle, entries: bundle.entries.map(hashed), directory };
  const bytes = encodeCanonical(statementOf(stated), "completeness");
  if (bytes.length > maxBytes) throw new FormatError(`completeness: longer than ${maxBytes} bytes`);
  return new CompactSign(bytes)
    .setProtectedHeader({ alg: "ES256", typ: completenessType, kid: key.kid })
    .sign(key.privateKey);
}

/** The bundle is what an identity key signed as complete. That nothing came later it cannot say, and its words tell. */
export async function checkCompleteness(bundle: ReadBundle, trusted: PublicKeys): Promise<Outcome> {
  const { bytes, kid } = readJws(bundle.completeness);
  const key = await identityKey(kid, trusted, bundle.keys);
  try {
    await compactVerify(bundle.completeness, key.publicKey, { algorithms: ["ES256"] });
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw new CheckFailure("the statement of completeness is not signed by its key");
  }
  const made = Date.parse(bundle.created_at) / 1000;
  // Whole seconds in the key's life, milliseconds in the bundle.
  if (!(made >= key.nbf - 1 && made <= key.exp))
    throw new CheckFailure("it was not made while its key was in use");
  const entries = bundle.entries.toSorted((a, b) => a.position - b.position);
  refuse(departures(bytes, statementOf({ ...bundle, entries })));
  const { length } = entries;
  return `all ${length} entries and status ${bundle.email.status} as of ${bundle.created_at}: later entries are not excluded`;
}

/** The signed bytes and the key's id. Every spelling but the one that is written is refused. */
function readJws(jws: string): { bytes: Buffer; kid: string } {
  const [head, payload, signature, ...rest] = jws
    .split(".")
    .map((part) => decodeBase64url(part, "completeness"));
  if (!head || !payload || !signature || rest.length > 0)
    throw new FormatError("completeness: not a compact JWS");
  let value: unknown;
  try {
    value = JSON.parse(head.toString("utf8"));
  } catch {
    throw new FormatError("completeness: its header is not JSON");
  }
  const header = decodeObject(value, "completeness", ["alg", "typ", "kid"]);
  if (header["alg"] !== "ES256" || header["typ"] !== completenessType)
    throw new FormatError(`completeness: not ${completenessType} by ES256`);
  return { bytes: payload, kid: decodeString(header["kid"], "completeness.kid") };
}

/** In what the bundle departs from what was signed. */
function departures(bytes: Buffer, found: CompletenessStatement): string[] {
  const names = Object.keys(found) as (keyof CompletenessStatement)[];
  const signed = decodeObject(
    decodeCanonical(bytes, maxBytes, "completeness"),
    "completeness",
    names,
  );
  return names
    .filter((name) => {
      const [a, b] = [signed[name], found[name]].map((part) => encodeCanonical(part, name));
      return !a || !b || !a.equals(b);
    })
    .map((name) => `${name}: not what the operator signed as complete`);
}

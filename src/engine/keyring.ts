/** An operator's signing keys: made once, sealed at rest, opened once a process, and looked at again while it runs. */
import {
  type KeyObject,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
} from "node:crypto";
import { promisify } from "node:util";
import type { JWK } from "jose";
import { formatVkey } from "../audit/checkpoint.ts";
import { type DkimKey, dkimTxtRecord } from "../mail/dkim.ts";
import { thumbprint } from "../mail/identity.ts";
import type { Database, Tx } from "../store/database.ts";
import {
  type SigningKeyRow,
  insertSigningKey,
  listIdentityKeys,
  loadSigning,
} from "../store/operators.ts";
import { createCache } from "./key-cache.ts";
import { seal, unseal } from "./seal.ts";

const generate = promisify(generateKeyPair);

/** The keys that an operator signs with now. */
export type OperatorKeys = {
  log: { private_key: KeyObject; origin: string; vkey: string };
  identity: { private_key: KeyObject; public_key: KeyObject; kid: string; jwk: JWK };
  /** By domain: RSA first, then Ed25519. */
  dkim: ReadonlyMap<string, readonly DkimKey[]>;
  /** TXT values by name of all DKIM keys that sign or signed: retired ones too, by which older mail is verified. */
  dkim_records: Readonly<Record<string, string>>;
};

/** Public half of an identity key with its life, as the JWKS shows it. */
export type PublicIdentityKey = JWK & {
  kid: string;
  use: "sig";
  alg: "ES256";
  nbf: number;
  exp?: number;
  status: string;
};

/** What the log records of a new key; `fingerprint` is the hex SHA-256 of the public key's SPKI. */
export type CreatedKey = {
  key_id: string;
  purpose: string;
  algorithm: string;
  fingerprint: string;
};

/** A key that is made and not stored yet. */
type PreparedKey = {
  row: Parameters<typeof insertSigningKey>[1];
  created: CreatedKey;
};

/** Opens, makes and lists keys. */
export type Keyring = {
  of(operatorId: string): Promise<OperatorKeys>;
  /** The keys that sign for a domain; asks the database once more before it says that there are none. */
  dkimOf(operatorId: string, domain: string): Promise<readonly DkimKey[]>;
  /** Says that an operator's keys changed: the next who asks reads them anew. Other nodes notice within a minute. */
  forget(operatorId: string): void;
  /** A pair of DKIM keys, pending until DNS shows them. Takes a moment of CPU: call it outside transactions. */
  prepareDkim(
    operatorId: string,
    domain: string,
    now: Date,
    newId: () => string,
  ): Promise<PreparedKey[]>;
  /** Makes log and identity keys and a pair of DKIM keys for each domain; returns what the log records. */
  create(tx: Tx, domains: readonly string[], now: Date, newId: () => string): Promise<CreatedKey[]>;
  jwks(): Promise<{ keys: PublicIdentityKey[] }>;
};

/** Milliseconds after which keys are looked at again, since another node may have changed them. */
const ages = { fresh: 10_000, stale: 60_000 };

/** The same for a domain that has no key: often asked, seldom new. */
const missedAgain = 1000;

/** A keyring whose private halves are sealed under the master key. `clock` counts milliseconds, from anywhere. */
export function createKeyring(
  database: Database,
  masterKey: Buffer,
  random: (length: number) => Buffer,
  clock: () => number = () => performance.now(),
): Keyring {
  // Signing goes on while the database is away: what it signs for was handed off before.
  const opened = createCache<OperatorKeys>(
    (operatorId, known) => openKeys(database, masterKey, operatorId, known),
    clock,
    ages,
  );
  return {
    of: opened.get,
    forget: opened.forget,

    async dkimOf(operatorId, domain) {
      const known = (await opened.get(operatorId)).dkim.get(domain);
      if (known) return known;
      if (clock() - (opened.loadedAt(operatorId) ?? 0) < missedAgain) return [];
      return (await opened.reload(operatorId)).dkim.get(domain) ?? [];
    },

    prepareDkim: (operatorId, domain, now, newId) =>
      Promise.all(
        (["rsa2048", "ed25519"] as const).map((algorithm) => {
          const how = { operatorId, masterKey, random, now, keyId: newId() };
          return prepareKey({ purpose: "dkim", algorithm, domain }, "pending", how);
        }),
      ),

    async create(tx, domains, now, newId) {
      const made: CreatedKey[] = [];
      for (const wanted of [
        { purpose: "log", algorithm: "ed25519", domain: null } as const,
        { purpose: "identity", algorithm: "es256", domain: null } as const,
        ...domains.flatMap((domain) => [
          { purpose: "dkim", algorithm: "rsa2048", domain } as const,
          { purpose: "dkim", algorithm: "ed25519", domain } as const,
        ]),
      ]) {
        const how = { operatorId: tx.operator_id, masterKey, random, now, keyId: newId() };
        const { row, created } = await prepareKey(wanted, "active", how);
        await insertSigningKey(tx, row);
        made.push(created);
      }
      return made;
    },

    async jwks() {
      const rows = await listIdentityKeys(database);
      return { keys: await Promise.all(rows.map(publicJwk)) };
    },
  };
}

/** Unseals an operator's active keys; those that are `known` already stay as they are. */
async function openKeys(
  database: Database,
  masterKey: Buffer,
  operatorId: string,
  known: OperatorKeys | null,
): Promise<OperatorKeys> {
  // The origin was fixed when the log began: the instance may have moved to another address since.
  const { rows, origin } = await loadSigning(database, operatorId);
  const active = rows.filter((row) => row.status === "active");
  const open = new Map(
    [...(known?.dkim.values() ?? [])].flat().map((key) => [`${key.selector} ${key.domain}`, key]),
  );
  const privateOf = (row: SigningKeyRow): KeyObject =>
    open.get(`${row.selector} ${row.domain}`)?.private_key ??
    createPrivateKey({
      key: unseal(masterKey, row.sealed_private, placeOf(operatorId, row.key_id)),
      format: "der",
      type: "pkcs8",
    });
  const log = active.find((row) => row.purpose === "log");
  const identity = active.find((row) => row.purpose === "identity");
  if (!log || !identity) throw new Error(`operator ${operatorId} has no active signing keys`);
  const dkim = new Map<string, DkimKey[]>();
  for (const row of active) {
    if (row.purpose !== "dkim" || row.domain === null || row.selector === null) continue;
    const keys = dkim.get(row.domain) ?? [];
    keys.push({
      domain: row.domain,
      selector: row.selector,
      algorithm: row.algorithm === "rsa2048" ? "rsa-sha256" : "ed25519-sha256",
      private_key: privateOf(row),
    });
    dkim.set(row.domain, keys);
  }
  // After a rotation the order of making is not that of signing.
  for (const keys of dkim.values())
    keys.sort(
      (a, b) => Number(b.algorithm === "rsa-sha256") - Number(a.algorithm === "rsa-sha256"),
    );
  const logKey = privateOf(log);
  const identityKey = privateOf(identity);
  const publicKey = createPublicKey(identityKey);
  const jwk = publicKey.export({ format: "jwk" });
  return {
    log: { private_key: logKey, origin, vkey: formatVkey(origin, logKey) },
    identity: { private_key: identityKey, public_key: publicKey, kid: await thumbprint(jwk), jwk },
    dkim,
    dkim_records: Object.fromEntries(
      rows
        .filter(({ purpose, status }) => purpose === "dkim" && /^(?:active|retired)$/.test(status))
        .map((row) => [`${row.selector}._domainkey.${row.domain}`, dkimValue(row)]),
    ),
  };
}

/** Where a sealed key belongs: it opens nowhere else. */
function placeOf(operatorId: string, keyId: string): string {
  return `signing_key/${operatorId}/${keyId}`;
}

/** The TXT value that publishes a DKIM key. */
export function dkimValue(row: Pick<SigningKeyRow, "algorithm" | "public_key">): string {
  return dkimTxtRecord({
    algorithm: row.algorithm === "rsa2048" ? "rsa-sha256" : "ed25519-sha256",
    private_key: createPublicKey({ key: row.public_key, format: "der", type: "spki" }),
  });
}

/** Makes one key pair and seals its private half. */
async function prepareKey(
  wanted: {
    purpose: SigningKeyRow["purpose"];
    algorithm: SigningKeyRow["algorithm"];
    domain: string | null;
  },
  status: SigningKeyRow["status"],
  how: {
    operatorId: string;
    masterKey: Buffer;
    random: (length: number) => Buffer;
    now: Date;
    keyId: string;
  },
): Promise<PreparedKey> {
  const { keyId } = how;
  const pair = await generateFor(wanted.algorithm);
  const publicKey = pair.publicKey.export({ format: "der", type: "spki" });
  const privateKey = pair.privateKey.export({ format: "der", type: "pkcs8" });
  // The random end of an id: selectors of two operators on one domain never meet.
  const selector = `mm${wanted.algorithm === "rsa2048" ? "r" : "e"}-${keyId.slice(-8).toLowerCase()}`;
  const { purpose, algorithm } = wanted;
  return {
    row: {
      ...wanted,
      key_id: keyId,
      selector: wanted.domain === null ? null : selector,
      public_key: publicKey,
      sealed_private: seal(how.masterKey, privateKey, placeOf(how.operatorId, keyId), how.random),
      status,
      not_before: how.now,
      expires_at: null,
    },
    created: { key_id: keyId, purpose, algorithm, fingerprint: fingerprint(publicKey) },
  };
}

async function publicJwk(
  row: Pick<SigningKeyRow, "public_key" | "status" | "not_before" | "expires_at">,
): Promise<PublicIdentityKey> {
  const key = createPublicKey({ key: row.public_key, format: "der", type: "spki" });
  const jwk = key.export({ format: "jwk" });
  return {
    ...jwk,
    kid: await thumbprint(jwk),
    use: "sig",
    alg: "ES256",
    nbf: Math.floor(row.not_before.getTime() / 1000),
    ...(row.expires_at ? { exp: Math.floor(row.expires_at.getTime() / 1000) } : {}),
    status: row.status,
  };
}

function generateFor(
  algorithm: "ed25519" | "es256" | "rsa2048",
): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  switch (algorithm) {
    case "ed25519":
      return generate("ed25519");
    case "es256":
      return generate("ec", { namedCurve: "P-256" });
    case "rsa2048":
      return generate("rsa", { modulusLength: 2048 });
  }
}

function fingerprint(spki: Buffer): string {
  return createHash("sha256").update(spki).digest("hex");
}

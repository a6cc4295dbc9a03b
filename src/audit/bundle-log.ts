/** Checks of a bundle against its log: the keys that are trusted, the signed checkpoint, and every entry's place under it. */
import { createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { JWK } from "jose";
import { thumbprint } from "../mail/identity-claims.ts";
import type { PublicKeys } from "./bundle-format.ts";
import type { ReadBundle, ReadEntry } from "./bundle-parse.ts";
import { CheckFailure, refuse } from "./bundle-report.ts";
import type { Outcome } from "./bundle-report.ts";
import { parseCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import type { SignedCheckpoint } from "./checkpoint.ts";
import { FormatError } from "./encoding.ts";
import { parseProof } from "./proof.ts";
import { ProofError, verifyInclusion } from "./tree.ts";

/** Compares pinned keys with those that the bundle states. What only one of both knows is no contradiction, except the log's key. */
export function checkKeys(bundle: ReadBundle, pinned: PublicKeys | undefined): Outcome {
  if (pinned === undefined)
    return {
      absent:
        "no keys were pinned: they are taken as stated by the bundle, so anybody may have made it",
    };
  const faults: string[] = [];
  const origin = originOf(bundle.checkpoint);
  if (origin !== null && pinned.logs[origin] === undefined)
    faults.push(`the log ${origin} is not among the pinned keys`);
  for (const name of ["logs", "dkim", "directory"] as const)
    for (const [key, stated] of Object.entries(bundle.keys[name] ?? {}))
      if (pinned[name]?.[key] !== undefined && pinned[name][key] !== stated)
        faults.push(`the key of ${key} is not the pinned one`);
  const known = new Map(pinned.jwks.keys.map((key) => [key.kid, key]));
  for (const stated of bundle.keys.jwks.keys) {
    const key = stated.kid === undefined ? undefined : known.get(stated.kid);
    if (key && (["kty", "crv", "x", "y"] as const).some((part) => key[part] !== stated[part]))
      faults.push(`identity key ${stated.kid} is not the pinned one`);
  }
  refuse(faults);
  return "the bundle's keys are the pinned ones";
}

function originOf(checkpoint: string | null): string | null {
  try {
    return checkpoint === null ? null : parseCheckpoint(checkpoint).origin;
  } catch (error) {
    // An unreadable checkpoint is told by its own check.
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** Reads the checkpoint and checks its signature by the key that is trusted for its origin. */
export function readSignedCheckpoint(note: string | null, keys: PublicKeys): SignedCheckpoint {
  if (note === null)
    throw new CheckFailure(
      "there is no checkpoint: nothing of this is in the signed log yet; fetch the bundle again",
    );
  const { origin } = parseCheckpoint(note);
  const vkey = keys.logs[origin];
  if (vkey === undefined) throw new CheckFailure(`no key is known for the log ${origin}`);
  return verifyCheckpoint(note, vkey, origin);
}

/** Every entry is under the checkpoint, at its index, and none is there twice. */
export function checkInclusion(
  entries: readonly ReadEntry[],
  note: string,
  { size, root }: SignedCheckpoint,
): Outcome {
  const faults: string[] = [];
  const ids = new Set<string>();
  const indices = new Set<number>();
  for (const entry of entries) {
    const fault = faultOfInclusion(entry, note, size, root);
    if (fault !== null) faults.push(`entry ${entry.id}: ${fault}`);
    if (ids.has(entry.id) || (entry.index !== null && indices.has(entry.index)))
      faults.push(`entry ${entry.id}: there twice`);
    ids.add(entry.id);
    if (entry.index !== null) indices.add(entry.index);
  }
  refuse(faults);
  return `${entries.length} entries are in the log of ${size}`;
}

function faultOfInclusion(
  { index, leaf, proof }: ReadEntry,
  note: string,
  size: number,
  root: Buffer,
): string | null {
  if (index === null || proof === null)
    return "not in the signed log yet; fetch the bundle again in a few seconds";
  try {
    const parsed = parseProof(proof);
    if (parsed.index !== index) return `its proof is for index ${parsed.index}, not ${index}`;
    if (parsed.checkpoint !== note) return "its proof leads to another checkpoint";
    verifyInclusion(Buffer.from(leaf, "hex"), index, size, parsed.path, root);
    return null;
  } catch (error) {
    if (error instanceof FormatError || error instanceof ProofError) return error.message;
    throw error;
  }
}

/** A trusted identity key, with the seconds between which it was in use. */
export type IdentityKey = { publicKey: KeyObject; nbf: number; exp: number };

/** The identity key of this id; throws {@link CheckFailure} when it is not trusted, revoked, or not the key its id says. */
export async function identityKey(
  kid: string,
  trusted: PublicKeys,
  stated: PublicKeys,
): Promise<IdentityKey> {
  const jwk = trusted.jwks.keys.find((key) => key.kid === kid);
  if (jwk === undefined)
    throw new CheckFailure(`signed by the identity key ${kid}, which is not known`);
  // News of a revocation counts from wherever it comes: it can only take away trust.
  const same = stated.jwks.keys.find((key) => key.kid === kid);
  if (
    [jwk, same].some(
      (key) => (key as Record<string, unknown> | undefined)?.["status"] === "revoked",
    )
  )
    throw new CheckFailure(`identity key ${kid} was revoked`);
  const { kty, crv, x, y } = jwk;
  if (kty !== "EC" || crv !== "P-256" || x === undefined || y === undefined)
    throw new CheckFailure(`identity key ${kid} is not an EC key on P-256`);
  const bare = { kty, crv, x, y };
  if ((await thumbprint(bare)) !== kid)
    throw new CheckFailure(`identity key ${kid} is not the key that its id says`);
  return {
    publicKey: importKey(bare, kid),
    nbf: seconds(jwk, "nbf", 0),
    exp: seconds(jwk, "exp", Infinity),
  };
}

function importKey(jwk: JWK, kid: string): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    // Node gives several kinds of error for coordinates that are no point of the curve.
    throw new CheckFailure(`identity key ${kid} cannot be read`);
  }
}

function seconds(key: JWK, name: "nbf" | "exp", otherwise: number): number {
  const value = (key as Record<string, unknown>)[name];
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

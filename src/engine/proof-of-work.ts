/** Proofs of work in the form of ALTCHA: a stateless signed challenge, solved by whoever asks to be mailed to. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { Refusal } from "../core/refusal.ts";
import type { EngineContext } from "./context.ts";

/** A challenge as ALTCHA's clients take it: find `number` so that SHA-256(salt + number) is `challenge`, in hex. */
export type ProofChallenge = {
  algorithm: "SHA-256";
  challenge: string;
  maxnumber: number;
  salt: string;
  signature: string;
};

/** A second or less in a browser; a hundred thousand hashes for each address that somebody would have mailed to. */
const maxNumber = 200_000;
const life = 20 * 60_000;

/** Longest solution taken, in characters of base64; ours have about 400. */
const longestProof = 2000;

/** Makes a challenge; nothing is stored until a solution is used. */
export async function proofChallenge(
  context: Pick<EngineContext, "now" | "random" | "code_key">,
): Promise<ProofChallenge> {
  const { createChallenge } = await import("altcha-lib/v1");
  const made = await createChallenge({
    algorithm: "SHA-256",
    hmacKey: keyOf(context),
    salt: context.random(12).toString("hex"),
    // Modulo 200 000 of 48 random bits: no number is noticeably likelier than another.
    number: context.random(6).readUIntBE(0, 6) % (maxNumber + 1),
    maxnumber: maxNumber,
    expires: new Date(context.now().getTime() + life),
  });
  const { challenge, salt, signature } = made;
  return { algorithm: "SHA-256", challenge, maxnumber: maxNumber, salt, signature };
}

/**
 * Reads a solution: base64 of the challenge's JSON with `number` in place of `maxnumber`. Answers what identifies it, for single
 * use. Throws `invalid_proof` for what is malformed, forged, wrong or expired.
 */
export async function checkProof(
  context: Pick<EngineContext, "now" | "code_key">,
  payload: string,
): Promise<{ challenge: string; expires_at: Date }> {
  const given = read(payload);
  if (given === null) throw invalidProof("This is no solution of a challenge.");
  const { createChallenge, extractParams } = await import("altcha-lib/v1");
  const { number, salt, challenge, signature } = given;
  const expected = await createChallenge({
    algorithm: "SHA-256",
    hmacKey: keyOf(context),
    salt,
    number,
  });
  if (!same(expected.signature, signature) || !same(expected.challenge, challenge))
    throw invalidProof("The solution is wrong, or the challenge is not ours.");
  const expires = Number(extractParams({ ...given, algorithm: "SHA-256" })["expires"]);
  // The salt is covered by the signature: without an expiry it is none of ours.
  if (!Number.isSafeInteger(expires) || expires * 1000 <= context.now().getTime())
    throw invalidProof("The challenge has expired.");
  return { challenge, expires_at: new Date(expires * 1000) };
}

/** The refusal of a proof, and what to do. */
export function invalidProof(message: string): Refusal {
  return new Refusal("invalid_proof", message, {
    field: "altcha",
    hint: "GET /v1/signup/challenge, find number with SHA-256(salt + number) = challenge, and send the base64 of the JSON {algorithm, challenge, number, salt, signature}. Each challenge works once.",
  });
}

function keyOf(context: Pick<EngineContext, "code_key">): string {
  return createHmac("sha256", context.code_key).update("proof of work").digest("hex");
}

function same(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

type Given = { challenge: string; salt: string; signature: string; number: number };

/** The fields of a solution, where it has their form. */
function read(payload: string): Given | null {
  if (payload.length > longestProof) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload, "base64").toString());
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { algorithm, challenge, salt, signature, number } = value as Record<string, unknown>;
  const ours =
    algorithm === "SHA-256" &&
    typeof challenge === "string" &&
    /^[0-9a-f]{64}$/.test(challenge) &&
    typeof signature === "string" &&
    typeof salt === "string" &&
    salt.length <= 200 &&
    Number.isSafeInteger(number) &&
    (number as number) >= 0 &&
    (number as number) <= maxNumber;
  return ours ? { challenge, salt, signature, number: number as number } : null;
}

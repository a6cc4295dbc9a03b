/** Proofs of work: what is ours, solved and fresh counts, and nothing else. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { type ProofChallenge, checkProof, proofChallenge } from "./proof-of-work.ts";

let now = new Date("2026-01-01T00:00:00Z");
const context = { now: () => now, random: randomBytes, code_key: Buffer.alloc(32, 7) };

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function solution(challenge: ProofChallenge): Record<string, unknown> & { number: number } {
  const { maxnumber, ...rest } = challenge;
  for (let number = 0; number <= maxnumber; number++)
    if (sha256(challenge.salt + number) === challenge.challenge) return { ...rest, number };
  throw new Error("no solution");
}

test("a solved challenge is accepted until it expires", async () => {
  now = new Date("2026-01-01T00:00:00Z");
  const challenge = await proofChallenge(context);
  const proof = encoded(solution(challenge));
  expect(await checkProof(context, proof)).toEqual({
    challenge: challenge.challenge,
    expires_at: new Date("2026-01-01T00:20:00Z"),
  });
  now = new Date("2026-01-01T00:20:00Z");
  await expect(checkProof(context, proof)).rejects.toMatchObject({ code: "invalid_proof" });
});

test("what another key signed, or nobody, is not accepted", async () => {
  const other = { ...context, code_key: Buffer.alloc(32, 8) };
  const foreign = solution(await proofChallenge(other));
  await expect(checkProof(context, encoded(foreign))).rejects.toMatchObject({
    code: "invalid_proof",
  });
  const salt = `00?expires=${Math.floor(now.getTime() / 1000) + 600}&`;
  const challenge = sha256(`${salt}0`);
  const signature = createHmac("sha256", "guess").update(challenge).digest("hex");
  const made = { algorithm: "SHA-256", challenge, salt, signature, number: 0 };
  await expect(checkProof(context, encoded(made))).rejects.toMatchObject({
    code: "invalid_proof",
  });
});

test("no part of a solution can be exchanged: number, salt, expiry, signature", async () => {
  const good = solution(await proofChallenge(context));
  const salt = String(good["salt"]);
  for (const change of [
    { number: good.number + 1 },
    { salt: salt.replace(/expires=\d+/, "expires=99999999999") },
    // A digit of the number moved into the salt.
    { salt: `${salt}${String(good.number)[0]}`, number: Number(String(good.number).slice(1) || 0) },
    { signature: "" },
    { signature: String(good["signature"]).toUpperCase() },
    { challenge: sha256("x") },
  ])
    await expect(
      checkProof(context, encoded({ ...good, ...change })),
      JSON.stringify(change),
    ).rejects.toMatchObject({ code: "invalid_proof" });
});

test.each([
  ["nothing", ""],
  ["no JSON", "AAAA"],
  ["null", encoded(null)],
  ["a list", encoded([1])],
  ["a negative number", encoded({ algorithm: "SHA-256", number: -1 })],
  ["another algorithm", encoded({ algorithm: "SHA-1", number: 1 })],
  ["an endless text", "A".repeat(1_000_000)],
  ["deep nesting", Buffer.from("[".repeat(1400)).toString("base64")],
])("%s is no solution", async (_, payload) => {
  await expect(checkProof(context, payload)).rejects.toMatchObject({ code: "invalid_proof" });
});

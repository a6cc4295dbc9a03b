/** The approver directory, its head, and prompts to decide by passkey, in zod. */
import { z } from "zod";
import { id, time } from "./resources.ts";
import { requestOptions } from "./webauthn.ts";

/** A passkey that a person decides with. */
export const decisionPasskey = z.object({
  id,
  person_id: id,
  person_name: z.string(),
  name: z.string(),
  algorithm: z.int().describe("COSE: -7 ES256, -8 EdDSA, -257 RS256"),
  backed_up: z.boolean().describe("True where it is kept by the maker of the device, too"),
  log_index: z
    .int()
    .nullable()
    .describe("Where its enrolment stands in the log; null until it is placed"),
  created_at: time,
  last_used_at: time.nullable(),
  revoked_at: time.nullable(),
});

/** What the operator signs with a key of their own. */
export const directoryHead = z.object({
  key: z.string().nullable().describe("The public key: ssh-ed25519 AAAA…"),
  statement: z.string().describe("The text to sign, byte by byte"),
  sign_with: z.string().describe("How to sign it"),
  signature: z
    .string()
    .nullable()
    .describe("Over this very statement; null while it is not signed"),
  passkeys: z.int().describe("Living passkeys in the directory"),
});

/** What can be decided. */
export const verb = z.enum(["approve", "reject", "revise"]);

/** One decision that a device is to be asked for. */
export const decisionPrompt = z.object({
  email_id: id,
  decision: verb,
  digest: z.string(),
  statement: z.string().describe("The in-toto statement's RFC 8785 bytes, base64url"),
  openings: z
    .array(z.object({ field: z.string(), c: z.string(), r: z.string(), data: z.string() }))
    .describe("What opens the statement's commitments, to be compared with what is shown"),
  options: requestOptions
    .omit({ challenge: true })
    .describe(
      "For navigator.credentials.get(). The challenge is to be computed from the statement: SHA-256 over its DSSE pre-authentication encoding",
    ),
  expires_at: time,
});

/** WebAuthn on the server's side: challenges that work once, enrolment of credentials, assertions of people who are there. */
import { isIP } from "node:net";
import { parseCoseKey } from "../audit/cose.ts";
import { FormatError } from "../audit/encoding.ts";
import { AssertionError, checkAssertion, readClientData } from "../audit/webauthn.ts";
import type {
  AssertionResponse,
  CreationOptions,
  RegistrationResponse,
  RequestOptions,
} from "../contract/webauthn.ts";
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import {
  type ChallengePurpose,
  countChallenges,
  insertChallenge,
  takeChallenge,
} from "../store/webauthn-challenges.ts";
import type { EngineContext } from "./context.ts";

/** Whom credentials are made for: `id` is the host of the public URL, `origin` what browsers report. */
export type RelyingParty = { id: string; origin: string; name: string };

/** How long a person has before the browser gives up, in milliseconds. */
const promptTimeout = 5 * 60_000;

/** Challenges that one person can have open at once for one purpose. */
const maxOpen = 100;

/**
 * The relying party of this instance. Throws `passkeys_unavailable` where browsers would refuse it: an IP address has no passkeys,
 * and only https and localhost are safe contexts.
 */
export function relyingParty({ public_url }: Pick<EngineContext, "public_url">): RelyingParty {
  const url = new URL(public_url);
  const host = url.hostname.replaceAll(/[[\]]/g, "");
  if (isIP(host) !== 0)
    throw new Refusal("passkeys_unavailable", "Passkeys need a name, not an IP address.", {
      hint: "Set MULTIMAIL_PUBLIC_URL to https and a host name, or to http://localhost with its port.",
    });
  if (url.protocol !== "https:" && host !== "localhost" && !host.endsWith(".localhost"))
    throw new Refusal("passkeys_unavailable", "Passkeys need https.", {
      hint: "Set MULTIMAIL_PUBLIC_URL to the https address of this instance.",
    });
  return { id: host, origin: url.origin, name: "MultiMail" };
}

/**
 * Keeps a challenge until it is answered: 32 random bytes, or the given ones. `tx` of everyOperator is for sign-in, before it is
 * known who it is. Throws `rate_limited` when the person has too many open.
 */
export async function issueChallenge(
  context: EngineContext,
  tx: Tx,
  wanted: {
    purpose: ChallengePurpose;
    person_id: string | null;
    session_id: string | null;
    data: Record<string, unknown>;
    life_ms: number;
    challenge?: Buffer;
  },
): Promise<Buffer> {
  const { purpose, person_id, session_id, data } = wanted;
  const now = context.now();
  // Of people who are not known yet, any number may be at the door: what limits them stands before it.
  if (person_id !== null && (await countChallenges(tx, { purpose, person_id, now })) >= maxOpen)
    throw new Refusal("rate_limited", "Too many passkey prompts are open.", { retry_after: 60 });
  const challenge = wanted.challenge ?? context.random(32);
  const expires_at = new Date(now.getTime() + wanted.life_ms);
  await insertChallenge(tx, {
    challenge,
    purpose,
    person_id,
    session_id,
    data,
    created_at: now,
    expires_at,
  });
  return challenge;
}

/**
 * Uses the challenge up and gives what was kept with it; null when it is unknown, used, expired, of another purpose or person. In
 * the same transaction as what it lets happen, or in one before it.
 */
export async function consumeChallenge(
  context: EngineContext,
  tx: Tx,
  by: { purpose: ChallengePurpose; challenge: Buffer; person_id: string | null },
): Promise<{ data: Record<string, unknown>; session_id: string | null } | null> {
  const row = await takeChallenge(tx, { ...by, now: context.now() });
  return row && { data: row.data, session_id: row.session_id };
}

/** The challenge that an answer says it is to: what to look up, proves nothing yet. Throws `invalid_passkey`. */
export function challengeOf(response: { client_data_json: string }): Buffer {
  const data = readClientDataOrRefuse(Buffer.from(response.client_data_json, "base64url"));
  const text = data["challenge"];
  if (typeof text !== "string" || text === "" || text.length > 200) throw refused("no challenge");
  return Buffer.from(text, "base64url");
}

/** A credential that a person has, as options name it. */
type Known = { credential_id: Buffer; transports: readonly string[] };

const named = ({ credential_id, transports }: Known) => ({
  type: "public-key" as const,
  id: credential_id.toString("base64url"),
  transports: [...transports],
});

/** Options for `navigator.credentials.create()`. `exclude` are the person's credentials of the same purpose: a device may hold one of each. */
export function enrolmentOptions(
  context: EngineContext,
  wanted: {
    challenge: Buffer;
    /** `handle` is what the authenticator keeps of the person: at most 64 bytes, no name. */
    user: { handle: string; name: string; display_name: string };
    exclude: readonly Known[];
    discoverable: boolean;
  },
): CreationOptions {
  const { id, name } = relyingParty(context);
  const { handle, name: userName, display_name } = wanted.user;
  return {
    rp: { id, name },
    user: {
      id: Buffer.from(handle).toString("base64url"),
      name: userName,
      displayName: display_name,
    },
    challenge: wanted.challenge.toString("base64url"),
    pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key" as const, alg })),
    timeout: promptTimeout,
    excludeCredentials: wanted.exclude.map(named),
    authenticatorSelection: {
      residentKey: wanted.discoverable ? "required" : "preferred",
      requireResidentKey: wanted.discoverable,
      userVerification: "required",
    },
    attestation: "none",
  };
}

/** Options for `navigator.credentials.get()`. Without `allow`, any passkey of this relying party on the device. */
export function assertionOptions(
  context: EngineContext,
  wanted: { challenge: Buffer; allow: readonly Known[] },
): RequestOptions {
  return {
    challenge: wanted.challenge.toString("base64url"),
    timeout: promptTimeout,
    rpId: relyingParty(context).id,
    allowCredentials: wanted.allow.map(named),
    userVerification: "required",
  };
}

/** A credential as its enrolment proved it. `public_key` is its COSE_Key. */
export type Enrolled = {
  credential_id: Buffer;
  public_key: Buffer;
  algorithm: number;
  transports: string[];
  backed_up: boolean;
  sign_count: number;
};

/**
 * Checks the answer to an enrolment against its challenge, this origin and relying party; the user must have been verified. Who made
 * the authenticator is not asked: attestations with certificates are refused, for checking them means calling strangers. Throws
 * `invalid_passkey`.
 */
export async function verifyRegistration(
  context: EngineContext,
  answer: { challenge: Buffer; response: RegistrationResponse },
): Promise<Enrolled> {
  const { id: rpId, origin } = relyingParty(context);
  const { id, client_data_json, attestation_object, transports = [] } = answer.response;
  const client = readClientDataOrRefuse(Buffer.from(client_data_json, "base64url"));
  if ((client["crossOrigin"] ?? false) !== false) throw refused("made inside another site's page");
  const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
  const { decodeAttestationObject } = await import("@simplewebauthn/server/helpers");
  try {
    const attestation = decodeAttestationObject(
      new Uint8Array(Buffer.from(attestation_object, "base64url")),
    );
    const format = attestation.get("fmt");
    const isOwnWord = format === "packed" && attestation.get("attStmt").get("x5c") === undefined;
    if (format !== "none" && !isOwnWord) throw refused("an attestation nobody asked for");
    const { verified, registrationInfo: info } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        response: { clientDataJSON: client_data_json, attestationObject: attestation_object },
        clientExtensionResults: {},
        type: "public-key",
      },
      expectedChallenge: answer.challenge.toString("base64url"),
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: [-8, -7, -257],
    });
    if (!verified || info.credential.id !== id) throw refused("not of this credential");
    const publicKey = Buffer.from(info.credential.publicKey);
    return {
      credential_id: Buffer.from(id, "base64url"),
      public_key: publicKey,
      algorithm: parseCoseKey(publicKey).algorithm,
      transports,
      backed_up: info.credentialBackedUp,
      sign_count: info.credential.counter,
    };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // The library throws plain errors for whatever it does not take.
    throw refused(error instanceof Error ? error.message.slice(0, 200) : "not read");
  }
}

/**
 * Checks the answer to a prompt with the offline check of `audit/webauthn.ts`, for this origin and relying party. Throws
 * `invalid_passkey`.
 */
export function verifyAssertion(
  context: EngineContext,
  answer: { challenge: Buffer; response: AssertionResponse; public_key: Buffer },
): { sign_count: number; backed_up: boolean } {
  const { id: rp_id, origin } = relyingParty(context);
  const { client_data_json, authenticator_data, signature } = answer.response;
  try {
    return checkAssertion(
      {
        clientDataJSON: Buffer.from(client_data_json, "base64url"),
        authenticatorData: Buffer.from(authenticator_data, "base64url"),
        signature: Buffer.from(signature, "base64url"),
      },
      { challenge: answer.challenge, origin, rp_id, public_key: answer.public_key },
    );
  } catch (error) {
    if (error instanceof AssertionError) throw refused(error.message);
    throw error;
  }
}

function readClientDataOrRefuse(bytes: Buffer): Record<string, unknown> {
  try {
    return readClientData(bytes);
  } catch (error) {
    if (error instanceof AssertionError || error instanceof FormatError)
      throw refused(error.message);
    throw error;
  }
}

function refused(why: string): Refusal {
  return new Refusal("invalid_passkey", `The passkey's answer is refused: ${why}.`, {
    hint: "Ask for a new prompt and try again.",
  });
}

/** DSSE envelopes (Dead Simple Signing Envelope v1.0) around decision statements: the signed bytes and the JSON form. */
import {
  decodeArray,
  decodeBase64,
  decodeBase64url,
  decodeObject,
  decodeString,
  FormatError,
} from "./encoding.ts";

/** Media type of the signed payload. */
export const payloadType = "application/vnd.in-toto+json";

/** Longest payload in base64 characters; a statement is at most 1 MiB. */
const maxPayloadText = 1_400_000;
const maxSignatures = 16;

/** The WebAuthn part of a class A signature, both fields base64url of the raw bytes, never re-serialised. */
export type WebauthnPart = { clientDataJSON: string; authenticatorData: string };

/** One DSSE signature; `sig` is base64. ES256 by the service is raw r ‖ s, by an authenticator it is DER. */
export type StatementSignature = { keyid: string; sig: string; webauthn?: WebauthnPart };

/** DSSE envelope; `payload` is base64 of the statement's canonical bytes. */
export type StatementEnvelope = {
  payloadType: typeof payloadType;
  payload: string;
  signatures: StatementSignature[];
};

/** DSSE pre-authentication encoding: "DSSEv1", then type and body, each after its length in bytes (DSSE v1.0, protocol). */
export function pae(type: string, body: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `),
    body,
  ]);
}

/** Reads an envelope out of parsed JSON; checks form only. Throws FormatError. */
export function parseEnvelope(value: unknown): StatementEnvelope {
  const envelope = decodeObject(value, "envelope", ["payloadType", "payload", "signatures"]);
  const payload = decodeString(envelope["payload"], "envelope.payload");
  if (envelope["payloadType"] !== payloadType)
    throw new FormatError(`envelope.payloadType: not ${payloadType}`);
  if (payload.length > maxPayloadText) throw new FormatError("envelope.payload: too long");
  decodeBase64(payload, "envelope.payload");
  const signatures = decodeArray(
    envelope["signatures"],
    "envelope.signatures",
    maxSignatures,
    parseSignature,
  );
  if (signatures.length === 0) throw new FormatError("envelope.signatures: none");
  return { payloadType, payload, signatures };
}

function parseSignature(value: unknown, what: string): StatementSignature {
  const { keyid, sig, webauthn } = decodeObject(value, what, ["keyid", "sig"], ["webauthn"]);
  const signature = {
    keyid: decodeString(keyid, `${what}.keyid`),
    sig: decodeString(sig, `${what}.sig`),
  };
  decodeBase64(signature.sig, `${what}.sig`);
  if (webauthn === undefined) return signature;
  const part = decodeObject(webauthn, `${what}.webauthn`, ["clientDataJSON", "authenticatorData"]);
  const clientDataJSON = decodeString(part["clientDataJSON"], `${what}.webauthn.clientDataJSON`);
  const authenticatorData = decodeString(
    part["authenticatorData"],
    `${what}.webauthn.authenticatorData`,
  );
  decodeBase64url(clientDataJSON, `${what}.webauthn.clientDataJSON`);
  decodeBase64url(authenticatorData, `${what}.webauthn.authenticatorData`);
  return { ...signature, webauthn: { clientDataJSON, authenticatorData } };
}

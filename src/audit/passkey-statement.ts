/** A decision statement that an approver's own device signed: its envelope, and the offline check of it (formats, section 4). */
import { payloadType } from "./dsse.ts";
import type { StatementEnvelope } from "./dsse.ts";
import { FormatError } from "./encoding.ts";
import { challenge, parseEnvelope, parseStatement } from "./statement.ts";
import type { DecisionStatement } from "./statement.ts";
import { type Assertion, AssertionError, checkAssertion } from "./webauthn.ts";

/** The envelope of a statement with the assertion over it, byte by byte as it came. */
export function passkeyEnvelope(
  statement: Buffer,
  credentialId: string,
  assertion: Assertion,
): StatementEnvelope {
  return {
    payloadType,
    payload: statement.toString("base64"),
    signatures: [
      {
        keyid: credentialId,
        sig: assertion.signature.toString("base64"),
        webauthn: {
          clientDataJSON: assertion.clientDataJSON.toString("base64url"),
          authenticatorData: assertion.authenticatorData.toString("base64url"),
        },
      },
    ],
  };
}

/** A credential as the directory has it. */
export type DirectoryKey = { public_key: Buffer; origin: string };

/** The statement in a class A envelope, and the credential that is said to have signed it. Throws FormatError; proves nothing yet. */
export function readPasskeyEnvelope(envelope: StatementEnvelope): {
  statement: DecisionStatement;
  bytes: Buffer;
  credential_id: string;
  assertion: Assertion;
} {
  const { payload, signatures } = parseEnvelope(envelope);
  const [signature, ...more] = signatures;
  if (signature?.webauthn === undefined || more.length > 0)
    throw new FormatError("envelope: not signed by exactly one passkey");
  const bytes = Buffer.from(payload, "base64");
  return {
    statement: parseStatement(bytes),
    bytes,
    credential_id: signature.keyid,
    assertion: {
      clientDataJSON: Buffer.from(signature.webauthn.clientDataJSON, "base64url"),
      authenticatorData: Buffer.from(signature.webauthn.authenticatorData, "base64url"),
      signature: Buffer.from(signature.sig, "base64"),
    },
  };
}

/**
 * Checks that the credential signed exactly this statement, on its own site, by a verified user. Throws FormatError or
 * AssertionError. Says nothing of whose credential it is, of time, or of content.
 */
export function verifyPasskeyStatement(
  envelope: StatementEnvelope,
  key: DirectoryKey,
): { statement: DecisionStatement; bytes: Buffer; sign_count: number; backed_up: boolean } {
  const { statement, bytes, assertion } = readPasskeyEnvelope(envelope);
  if (statement.predicate.class !== "A")
    throw new FormatError("statement: a passkey signs class A, and it says another");
  const { host, hostname } = new URL(key.origin);
  if (statement.predicateType !== `https://${host}/decision/v1`)
    throw new AssertionError("wrong_origin", "the statement is of another site than its passkey");
  const seen = checkAssertion(assertion, {
    challenge: challenge(bytes),
    origin: key.origin,
    rp_id: hostname,
    public_key: key.public_key,
  });
  return { statement, bytes, ...seen };
}

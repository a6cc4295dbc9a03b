/** The decision statement that a person or the service signs: in-toto Statement v1, and the service's signature over it. */
import { hash, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { type DecisionClass, decisionClasses } from "../core/oversight/types.ts";
import { pae, parseEnvelope, payloadType } from "./dsse.ts";
import type { StatementEnvelope } from "./dsse.ts";
import {
  decodeArray,
  decodeBase64,
  decodeBase64url,
  decodeCanonical,
  decodeChoice,
  decodeObject,
  decodeString,
  encodeCanonical,
  FormatError,
} from "./encoding.ts";
import { ProofError } from "./tree.ts";

// Who signs or checks a statement needs the envelope with it.
export { parseEnvelope } from "./dsse.ts";
export type { StatementEnvelope, StatementSignature, WebauthnPart } from "./dsse.ts";

/** What can be decided on a pending message. */
export const decisions = ["approve", "reject", "revise"] as const;

/** One of {@link decisions}. */
export type Decision = (typeof decisions)[number];

const statementType = "https://in-toto.io/Statement/v1";

/** Seconds from issue to expiry. */
export const statementLifetime = 600;

/** Largest statement that is read: over ten thousand recipients at 67 bytes a commitment. */
export const maxStatementBytes = 1024 * 1024;
const maxElements = 12_000;

/** A person or system by kind and opaque id. */
export type StatementParty = { kind: string; id: string };

/** The message's content as hex commitments (`commit` of entry.ts), one per recipient and attachment. */
export type ContentCommitments = {
  to: readonly string[];
  subject: string;
  body: string;
  attachments: readonly string[];
};

/** What is decided, by whom, on which content, with which log head in view. */
export type DecisionPredicate = {
  decision: Decision;
  class: DecisionClass;
  mailbox: string;
  /** Origin of the log. */
  log: string;
  /** The latest checkpoint when the statement was made; the root in base64, as checkpoints write it. */
  log_size: number;
  log_root: string;
  content: ContentCommitments;
  /** Id of the policy that held the message; null when the mailbox's mode did. */
  policy: string | null;
  requester: StatementParty;
  approver: StatementParty;
  /** 16 random bytes, base64url. */
  nonce: string;
  /** Seconds since 1970. */
  iat: number;
  exp: number;
};

/** in-toto Statement v1 about one message. */
export type DecisionStatement = {
  _type: typeof statementType;
  /** The message's id and the hex SHA-256 content digest. */
  subject: [{ name: string; digest: { sha256: string } }];
  /** `https://<host>/decision/v1`. */
  predicateType: string;
  predicate: DecisionPredicate;
};

/** What {@link buildStatement} takes: the predicate, with bytes where the statement writes text. */
export type StatementInput = Omit<DecisionPredicate, "log_root" | "nonce" | "exp"> & {
  /** Host (and port) of the instance. */
  host: string;
  email_id: string;
  /** Hex SHA-256. */
  content_digest: string;
  log_root: Buffer;
  nonce: Buffer;
};

/** The statement's RFC 8785 bytes; throws FormatError when an input is not of its form. Expires 10 minutes after `iat`. */
export function buildStatement(input: StatementInput): Buffer {
  const { host, email_id, content_digest, log_root, nonce, ...rest } = input;
  const statement: DecisionStatement = {
    _type: statementType,
    subject: [{ name: email_id, digest: { sha256: content_digest } }],
    predicateType: `https://${host}/decision/v1`,
    predicate: {
      ...rest,
      log_root: log_root.toString("base64"),
      nonce: nonce.toString("base64url"),
      exp: input.iat + statementLifetime,
    },
  };
  checkStatement(statement);
  const bytes = encodeCanonical(statement, "statement");
  if (bytes.length > maxStatementBytes)
    throw new FormatError(`statement: longer than ${maxStatementBytes} bytes`);
  return bytes;
}

/** Reads statement bytes from anywhere; throws FormatError on any other form than {@link buildStatement} writes. */
export function parseStatement(bytes: Uint8Array): DecisionStatement {
  const value = decodeCanonical(bytes, maxStatementBytes, "statement");
  checkStatement(value);
  return value;
}

const hexDigest = /^[0-9a-f]{64}$/;
const predicateFields = [
  ["decision", "class", "mailbox", "log", "log_size", "log_root", "content"],
  ["policy", "requester", "approver", "nonce", "iat", "exp"],
].flat();

function checkStatement(value: unknown): asserts value is DecisionStatement {
  const statement = decodeObject(value, "statement", [
    "_type",
    "subject",
    "predicateType",
    "predicate",
  ]);
  if (statement["_type"] !== statementType)
    throw new FormatError("statement: not an in-toto Statement v1");
  decodeString(
    statement["predicateType"],
    "statement.predicateType",
    /^https:\/\/[^/\s]+\/decision\/v1$/,
  );
  const subjects = decodeArray(statement["subject"], "statement.subject", 1, (subject, what) => {
    const { name, digest } = decodeObject(subject, what, ["name", "digest"]);
    decodeString(name, `${what}.name`);
    decodeString(
      decodeObject(digest, `${what}.digest`, ["sha256"])["sha256"],
      `${what}.digest.sha256`,
      hexDigest,
    );
  });
  if (subjects.length !== 1) throw new FormatError("statement.subject: not exactly one");
  checkPredicate(statement["predicate"]);
}

function checkPredicate(value: unknown): void {
  const predicate = decodeObject(value, "predicate", predicateFields);
  decodeChoice(predicate["decision"], "predicate.decision", decisions);
  decodeChoice(predicate["class"], "predicate.class", decisionClasses);
  decodeString(predicate["mailbox"], "predicate.mailbox");
  decodeString(predicate["log"], "predicate.log");
  checkCount(predicate["log_size"], "predicate.log_size");
  checkLength(
    decodeBase64(decodeString(predicate["log_root"], "predicate.log_root"), "predicate.log_root"),
    32,
  );
  checkContent(predicate["content"]);
  if (predicate["policy"] !== null) decodeString(predicate["policy"], "predicate.policy");
  for (const role of ["requester", "approver"]) {
    const party = decodeObject(predicate[role], `predicate.${role}`, ["kind", "id"]);
    decodeString(party["kind"], `predicate.${role}.kind`);
    decodeString(party["id"], `predicate.${role}.id`);
  }
  checkLength(
    decodeBase64url(decodeString(predicate["nonce"], "predicate.nonce"), "predicate.nonce"),
    16,
  );
  const issued = checkCount(predicate["iat"], "predicate.iat");
  if (checkCount(predicate["exp"], "predicate.exp") !== issued + statementLifetime) {
    throw new FormatError(`predicate.exp: not ${statementLifetime} s after iat`);
  }
}

function checkContent(value: unknown): void {
  const content = decodeObject(value, "content", ["to", "subject", "body", "attachments"]);
  decodeArray(content["to"], "content.to", maxElements, checkCommitment);
  decodeArray(content["attachments"], "content.attachments", maxElements, checkCommitment);
  checkCommitment(content["subject"], "content.subject");
  checkCommitment(content["body"], "content.body");
}

function checkCommitment(value: unknown, what: string): void {
  decodeString(value, what, hexDigest);
}

function checkCount(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new FormatError(`${what}: not a whole number`);
  }
  return value;
}

function checkLength(bytes: Buffer, length: number): void {
  if (bytes.length !== length)
    throw new FormatError(`predicate: log_root or nonce is not ${length} bytes`);
}

/** SHA-256 over the PAE of the statement's bytes: the challenge that a passkey signs. 32 bytes. */
export function challenge(statement: Uint8Array): Buffer {
  return hash("sha256", pae(payloadType, statement), "buffer");
}

/** Hex SHA-256 of the statement's canonical bytes: its name in log entries and in the identity header. */
export function statementHash(statement: Uint8Array): string {
  return hash("sha256", statement, "hex");
}

/**
 * The service's ES256 signature (raw r ‖ s, over the PAE) for a class B or C statement. `keyid` is the key's RFC 7638
 * thumbprint. A class A statement is refused: only the approver's own device can sign that.
 */
export async function signStatement(
  statement: Buffer,
  keyid: string,
  privateKey: KeyObject,
): Promise<StatementEnvelope> {
  refuseClassA(parseStatement(statement));
  checkP256(privateKey);
  const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
  const signature = await new Promise<Buffer>((resolve, reject) => {
    sign("sha256", pae(payloadType, statement), key, (error, made) =>
      error ? reject(error) : resolve(made),
    );
  });
  return {
    payloadType,
    payload: statement.toString("base64"),
    signatures: [{ keyid, sig: signature.toString("base64") }],
  };
}

/**
 * Checks the service's ES256 signature of a class B or C statement and gives the statement with its bytes. Throws FormatError, or
 * ProofError `bad_signature` when none of the plain signatures is of `publicKey`. Says nothing of time, approver or content.
 */
export async function verifyStatementSignature(
  envelope: StatementEnvelope,
  publicKey: KeyObject,
): Promise<{ statement: DecisionStatement; bytes: Buffer }> {
  checkP256(publicKey);
  const { payload, signatures } = parseEnvelope(envelope);
  const bytes = Buffer.from(payload, "base64");
  const statement = parseStatement(bytes);
  refuseClassA(statement);
  const key = { key: publicKey, dsaEncoding: "ieee-p1363" } as const;
  for (const { sig, webauthn } of signatures) {
    const signature = Buffer.from(sig, "base64");
    if (webauthn !== undefined || signature.length !== 64) continue;
    const good = await new Promise<boolean>((resolve, reject) => {
      verify("sha256", pae(payloadType, bytes), key, signature, (error, ok) =>
        error ? reject(error) : resolve(ok),
      );
    });
    if (good) return { statement, bytes };
  }
  throw new ProofError("bad_signature", "the statement is not signed by this key");
}

function refuseClassA(statement: DecisionStatement): void {
  if (statement.predicate.class === "A")
    throw new ProofError("bad_signature", "a class A statement is signed by a passkey");
}

function checkP256(key: KeyObject): void {
  if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new FormatError("statement key: not an EC key on P-256");
  }
}

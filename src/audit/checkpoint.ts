/** Signed notes and log checkpoints (C2SP signed-note, tlog-checkpoint) with Ed25519 keys and verifier-key strings. */
import { createPublicKey, hash, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { decodeBase64, decodeDecimal, decodeUtf8, FormatError } from "./encoding.ts";
import { hashBytes, ProofError } from "./tree.ts";

/** Largest note that is read; sixteen post-quantum cosignatures take about 80 KB. */
export const maxNoteBytes = 256 * 1024;

/** Most signature lines that are read; the specification asks for at least 16. */
const maxSignatures = 100;

/** Signature type byte of plain Ed25519 (C2SP signed-note). */
const ed25519Type = 0x01;

/** A tree head as its log states it. */
export type Checkpoint = {
  origin: string;
  size: number;
  root: Buffer;
  /** Further lines of the body, opaque; ours has none. */
  extensions?: readonly string[];
};

/** One signature line: key name, four-byte key id, and the bytes after the id. */
export type NoteSignature = { name: string; keyId: Buffer; signature: Buffer };

/** A note: signed text (with its last line end) and every signature line, also those of unknown keys. */
export type SignedNote = { text: string; signatures: NoteSignature[] };

/** A parsed checkpoint with the note it came in; cosignatures are among `signatures`. */
export type SignedCheckpoint = SignedNote & Required<Checkpoint>;

/** A key that checks notes, out of a vkey string. */
export type VerifierKey = { name: string; keyId: Buffer; publicKey: KeyObject };

/** The origin of an operator's log, `<host>/audit/<operator>`; throws FormatError where it could not name a key. */
export function auditOrigin(host: string, operator: string): string {
  const origin = `${host}/audit/${operator}`;
  checkName(origin);
  return origin;
}

/** `name+hash+base64(0x01 ‖ public key)` for an Ed25519 key, public or private. */
export function formatVkey(name: string, key: KeyObject): string {
  checkName(name);
  const raw = rawPublicKey(key);
  const typed = Buffer.concat([Buffer.of(ed25519Type), raw]);
  return `${name}+${keyIdOf(name, raw).toString("hex")}+${typed.toString("base64")}`;
}

/** Reads a vkey string; throws FormatError when malformed, of another type than Ed25519, or when its hash is not the key's. */
export function parseVkey(vkey: string): VerifierKey {
  if (vkey.length > 2048) throw new FormatError("vkey: too long");
  const [name = "", id = "", ...rest] = vkey.split("+");
  checkName(name);
  const typed = decodeBase64(rest.join("+"), "vkey");
  const raw = typed.subarray(1);
  if (typed[0] !== ed25519Type || raw.length !== 32)
    throw new FormatError("vkey: not an Ed25519 key of type 0x01");
  const keyId = keyIdOf(name, raw);
  if (keyId.toString("hex") !== id)
    throw new FormatError("vkey: the key id is not that of name and key");
  return { name, keyId, publicKey: importPublicKey(raw) };
}

/** First four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ public key). */
function keyIdOf(name: string, raw: Buffer): Buffer {
  return hash(
    "sha256",
    Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ed25519Type), raw]),
    "buffer",
  ).subarray(0, 4);
}

function rawPublicKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== "ed25519") throw new FormatError("note key: not an Ed25519 key");
  const { x } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url");
}

function importPublicKey(raw: Buffer): KeyObject {
  return createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") },
    format: "jwk",
  });
}

/** Signs `text`, which ends in a line end, under `name` with an Ed25519 private key. */
export function signNote(text: string, name: string, privateKey: KeyObject): SignedNote {
  checkName(name);
  const keyId = keyIdOf(name, rawPublicKey(privateKey));
  return {
    text,
    signatures: [{ name, keyId, signature: sign(null, Buffer.from(text), privateKey) }],
  };
}

/** The note as text. Cosignatures are added by pushing to `signatures` first. */
export function formatNote(note: SignedNote): string {
  const lines = note.signatures.map(
    ({ name, keyId, signature }) =>
      `— ${name} ${Buffer.concat([keyId, signature]).toString("base64")}\n`,
  );
  return `${note.text}\n${lines.join("")}`;
}

/** Splits a note into text and signatures without checking any; throws FormatError on every deviation from the format. */
export function parseNote(note: string | Uint8Array): SignedNote {
  if (note.length > maxNoteBytes) throw new FormatError("note: too long");
  const whole = typeof note === "string" ? note : decodeUtf8(note, "note");
  if (!whole.isWellFormed()) throw new FormatError("note: not UTF-8");
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw new FormatError("note: control character");
  const blank = whole.lastIndexOf("\n\n");
  if (blank < 0 || !whole.endsWith("\n"))
    throw new FormatError("note: no blank line before the signatures, or no line end");
  const lines = whole.slice(blank + 2, -1).split("\n");
  if (lines.length > maxSignatures)
    throw new FormatError(`note: more than ${maxSignatures} signatures`);
  return { text: whole.slice(0, blank + 1), signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name = "", encoded = "", ...more] = line.split(" ");
  if (dash !== "—" || more.length > 0) throw new FormatError("note: malformed signature line");
  checkName(name);
  const bytes = decodeBase64(encoded, "note signature");
  if (bytes.length < 5) throw new FormatError("note: signature is too short");
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/**
 * Checks that `note` carries a signature of `key`, and that every signature under that name and id is good;
 * others are unknown and ignored. Throws FormatError or ProofError (`unknown_key`, `bad_signature`).
 */
export function verifyNote(note: string | Uint8Array, key: VerifierKey): SignedNote {
  const parsed = parseNote(note);
  const own = parsed.signatures.filter(
    ({ name, keyId }) => name === key.name && keyId.equals(key.keyId),
  );
  if (own.length === 0) throw new ProofError("unknown_key", `note is not signed by ${key.name}`);
  const text = Buffer.from(parsed.text);
  for (const { signature } of own) {
    if (signature.length !== 64 || !verify(null, text, key.publicKey, signature)) {
      throw new ProofError("bad_signature", `signature of ${key.name} does not hold`);
    }
  }
  return parsed;
}

/** The checkpoint as a signed note; its key name is the origin. */
export function signCheckpoint(checkpoint: Checkpoint, privateKey: KeyObject): string {
  const { origin, size, root, extensions = [] } = checkpoint;
  const text = [origin, String(size), root.toString("base64"), ...extensions]
    .map((line) => `${line}\n`)
    .join("");
  const note = formatNote(signNote(text, origin, privateKey));
  // What we sign must be what anybody reads: a size that is no integer or a line end in the origin stops here.
  const read = parseCheckpoint(note);
  if (read.origin !== origin || read.extensions.length !== extensions.length)
    throw new FormatError("checkpoint: line end in a line");
  return note;
}

/** Reads a checkpoint without checking any signature. */
export function parseCheckpoint(note: string | Uint8Array): SignedCheckpoint {
  return withBody(parseNote(note));
}

/**
 * Reads a checkpoint signed by `vkey` whose origin is `origin` (default: the key's name).
 * Throws FormatError or ProofError (`unknown_key`, `bad_signature`, `wrong_origin`).
 */
export function verifyCheckpoint(
  note: string | Uint8Array,
  vkey: string | VerifierKey,
  origin?: string,
): SignedCheckpoint {
  const key = typeof vkey === "string" ? parseVkey(vkey) : vkey;
  const checkpoint = withBody(verifyNote(note, key));
  if (checkpoint.origin !== (origin ?? key.name))
    throw new ProofError("wrong_origin", "checkpoint is of another log");
  return checkpoint;
}

function withBody(note: SignedNote): SignedCheckpoint {
  const lines = note.text.slice(0, -1).split("\n");
  const [origin = "", size = "", root = "", ...extensions] = lines;
  if (lines.length < 3 || lines.includes(""))
    throw new FormatError("checkpoint: fewer than three lines, or an empty one");
  const hashOfRoot = decodeBase64(root, "checkpoint root");
  if (hashOfRoot.length !== hashBytes) throw new FormatError("checkpoint root: not 32 bytes");
  return {
    ...note,
    origin,
    size: decodeDecimal(size, "checkpoint size"),
    root: hashOfRoot,
    extensions,
  };
}

/** Key names are not empty and have neither Unicode white space nor plus (C2SP signed-note). */
function checkName(name: string): void {
  if (name === "" || /[\p{White_Space}+\u0000-\u001f]/u.test(name) || !name.isWellFormed()) {
    throw new FormatError(
      "note: a key name is empty or has white space, plus or control characters",
    );
  }
}

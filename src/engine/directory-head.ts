/** The directory's head: what the operator signs with a key that is not here, so that no server can add approvers unseen. */
import { createHash } from "node:crypto";
import { formatHead, maxLiving } from "../audit/directory.ts";
import { FormatError } from "../audit/encoding.ts";
import { readDirectoryKey, sshNamespace, verifyDirectorySignature } from "../audit/sshsig.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { getLogOrigin } from "../store/audit-log.ts";
import type { Tx } from "../store/database.ts";
import { listDirectory } from "../store/decision-passkeys.ts";
import {
  getDirectoryKey,
  insertHead,
  listHeads,
  setDirectoryKey,
} from "../store/directory-heads.ts";
import { holdPerson } from "../store/people.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { assertFresh, assertPerson, assertUnbound } from "./person-rules.ts";
import { makeEntry } from "./record.ts";

/** The head as it is now, and whether the operator signed just this. */
export type DirectoryHeadView = {
  /** The operator's public key; null where they hold none. */
  key: string | null;
  /** The bytes to sign. */
  statement: string;
  /** How to sign them. */
  sign_with: string;
  /** The signature over this very statement; null while it is not signed. */
  signature: string | null;
  passkeys: number;
};

/** Puts the public key of the operator's own directory key, or with null takes it away. Owners only, freshly signed in. */
export async function putDirectoryKey(
  context: EngineContext,
  actor: Actor,
  text: string | null,
): Promise<DirectoryHeadView> {
  const personId = assertPerson(actor);
  const key = text === null ? null : readOrRefuse(() => readDirectoryKey(text), "public_key");
  assertFresh(context.now(), actor);
  const view = await context.database.transaction(actor.operator_id, async (tx) => {
    const person = await holdPerson(tx, personId);
    if (person?.role !== "owner")
      throw new Refusal("role_required", "Only an owner can change the directory's key.");
    const before = await getDirectoryKey(tx);
    if (before !== key) {
      await setDirectoryKey(tx, key);
      const entry = makeEntry(
        context,
        "directory.key_changed",
        actor,
        { resource: actor.operator_id },
        { from: before, to: key },
      );
      await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    }
    return headOf(tx);
  });
  context.wake.sequence();
  return view;
}

/** The head as it is now. */
export async function readDirectoryHead(
  context: EngineContext,
  actor: Actor,
): Promise<DirectoryHeadView> {
  assertUnbound(actor);
  return context.database.snapshot(actor.operator_id, headOf);
}

/**
 * Keeps a signature over the head as it is now. Throws `validation_failed` for one that is not by the directory's key, `stale_digest`
 * when the directory changed since it was signed, `not_found` without a key.
 */
export async function postDirectorySignature(
  context: EngineContext,
  actor: Actor,
  signed: { statement?: string | undefined; signature: string },
): Promise<DirectoryHeadView> {
  assertUnbound(actor);
  if (actor.test) throw liveThing("A test key signs no directory.");
  const view = await context.database.transaction(actor.operator_id, async (tx) => {
    const head = await headOf(tx);
    if (head.key === null)
      throw new Refusal("not_found", "The operator has no key for the directory yet.", {
        hint: "An owner puts its public half first: put_directory_key.",
      });
    const { key, statement } = head;
    if (signed.statement !== undefined && signed.statement.trimEnd() !== statement)
      throw new Refusal("stale_digest", "The directory changed since this was signed.", {
        field: "statement",
        hint: "Get the head again and sign that.",
      });
    const good = readOrRefuse(
      () => verifyDirectorySignature(statement, signed.signature, key),
      "signature",
    );
    if (!good)
      throw new Refusal(
        "validation_failed",
        "signature: not by the directory's key over the directory as it is now.",
        { field: "signature", hint: "Get the head again and sign that." },
      );
    if (head.signature !== null) return head;
    const id = context.new_id();
    const now = context.now();
    await insertHead(tx, { head_id: id, statement, signature: signed.signature, created_at: now });
    const sha256 = createHash("sha256").update(statement).digest("hex");
    const entry = makeEntry(
      context,
      "directory.signed",
      actor,
      { resource: actor.operator_id },
      { head: id, statement_sha256: sha256, passkeys: head.passkeys },
    );
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return headOf(tx);
  });
  context.wake.sequence();
  return view;
}

/** What was enrolled this moment is not in the log yet, and so in no head: then the next one has it. */
async function headOf(tx: Tx): Promise<DirectoryHeadView> {
  const rows = await listDirectory(tx, { revoked: false });
  const placed = rows.flatMap(({ idx, leaf_hash }) =>
    idx === null || leaf_hash === null ? [] : [{ index: idx, leaf: leaf_hash.toString("hex") }],
  );
  if (placed.length > maxLiving)
    throw new Refusal("unavailable", `The directory has more than ${maxLiving} passkeys.`);
  const key = await getDirectoryKey(tx);
  const statement = formatHead(await getLogOrigin(tx), placed);
  const signed = (await listHeads(tx, 100)).find(
    (head) => head.statement === statement && key !== null && holds(head, key),
  );
  return {
    key,
    statement,
    sign_with: `ssh-keygen -Y sign -n ${sshNamespace} -f <key> <file with the statement>`,
    signature: signed?.signature ?? null,
    passkeys: placed.length,
  };
}

/** True for a head that this key signed: after a change of the key, those of the old one count for nothing. */
function holds(head: { statement: string; signature: string }, key: string): boolean {
  return verifyDirectorySignature(head.statement, head.signature, key);
}

function readOrRefuse<T>(read: () => T, field: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new Refusal("validation_failed", `${field}: ${error.message}`, { field });
  }
}

/** Evidence: the bundle of one message, and the public keys that verifiers pin. */
import {
  type Bundle,
  type BundleEntry,
  type BundleOpening,
  type PublicKeys,
  bundleFormat,
} from "../audit/bundle-format.ts";
import { signCompleteness } from "../audit/bundle-completeness.ts";
import { directoryTypes, parseHead } from "../audit/directory.ts";
import { decodeEntry } from "../audit/entry.ts";
import { verifyDirectorySignature } from "../audit/sshsig.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { type EntryView, listEntries, loadOpenings } from "../store/audit-log.ts";
import type { Tx } from "../store/database.ts";
import { type DirectoryEntry, directoryEntries } from "../store/decision-passkeys.ts";
import { erasedAddress } from "../store/erasing.ts";
import { getDirectoryKey, listHeads } from "../store/directory-heads.ts";
import { type LoadedMessage, loadMessages, loadMime } from "../store/messages.ts";
import type { StatementEnvelope } from "../audit/statement.ts";
import type { EngineContext } from "./context.ts";
import { proveInclusion } from "./log-reader.ts";
import { assertVisible } from "./read-messages.ts";
import { openOpenings } from "./record.ts";
import { unsubscribeToken } from "./unsubscribe-token.ts";

/** Entries that one message can have in its bundle. */
const maxEntries = 1000;

/** Identity keys of the instance, DKIM records and log key of the operator. */
export async function publicKeys(context: EngineContext, operatorId: string): Promise<PublicKeys> {
  const keys = await context.keyring.of(operatorId);
  const { keys: identity } = await context.keyring.jwks();
  const dkim = { ...keys.dkim_records };
  const directory = await context.database.as(operatorId, getDirectoryKey);
  return {
    jwks: { keys: identity },
    dkim,
    logs: { [keys.log.origin]: keys.log.vkey },
    ...(directory === null ? {} : { directory: { [keys.log.origin]: directory } }),
  };
}

/** What the database holds of one message's story. */
type Collected = {
  /** From before the reading: what was committed by then is in it. */
  at: Date;
  message: LoadedMessage;
  mime: Buffer;
  entries: EntryView[];
  proven: Awaited<ReturnType<typeof proveInclusion>>;
  sealed: { entry_id: string; subject_id: string; sealed: Buffer }[];
  /** Enrolments and revocations of the passkeys that decided, and the heads that the operator signed. */
  directory: { entries: DirectoryEntry[]; heads: { statement: string; signature: string }[] };
};

/** The evidence bundle of one message that the actor may see. */
export async function evidenceOf(
  context: EngineContext,
  actor: Actor,
  emailId: string,
): Promise<Bundle> {
  const collected = await collectPlaced(context, actor, emailId);
  const { message, mime, entries, proven } = collected;
  const { row } = message;
  const bundle: Omit<Bundle, "completeness"> = {
    format: bundleFormat,
    created_at: collected.at.toISOString(),
    email: {
      id: row.message_id,
      mailbox_id: row.mailbox_id,
      thread_id: row.thread_id,
      message_id: row.rfc_message_id,
      status: row.status,
      test: row.test,
      oversight_mode: row.mode,
      gated: row.gated,
      approvals_required: row.required,
      author: { kind: row.author_kind, id: row.author_id },
    },
    digest: row.digest,
    mime: mime.toString("base64"),
    recipients: message.recipients.map(({ position, kind, address, status, receipt }) => ({
      position,
      kind,
      address: address === erasedAddress ? "" : address,
      token: unsubscribeToken(context.unsubscribe_key, {
        operator_id: row.operator_id,
        message_id: row.message_id,
        position,
      }),
      status,
      receipt,
    })),
    decisions: message.decisions.map((decision) => ({
      decision: decision.decision,
      class: decision.class,
      at: decision.created_at.toISOString(),
      entry_id: decision.entry_id,
      statement: decision.envelope as StatementEnvelope,
    })),
    ...extractOf(collected),
    entries: entries.map((entry) => entryOf(entry, proven)),
    openings: await openAll(context, actor.operator_id, collected.sealed),
    checkpoint: proven?.checkpoint ?? null,
    keys: await publicKeys(context, actor.operator_id),
  };
  const { identity } = await context.keyring.of(actor.operator_id);
  const key = { kid: identity.kid, privateKey: identity.private_key };
  return { ...bundle, completeness: await signCompleteness(bundle, key) };
}

function entryOf(
  entry: { entry_id: string; idx: number | null; body: Buffer },
  proven: Collected["proven"],
): BundleEntry {
  return {
    id: entry.entry_id,
    index: entry.idx,
    body: entry.body.toString("base64"),
    proof: entry.idx === null ? null : (proven?.proofs.get(entry.idx) ?? null),
  };
}

/** What a bundle carries of the approver directory: of each passkey the newest head that lists it. */
function extractOf({ directory, proven }: Collected): Pick<Bundle, "directory"> {
  const enrolled = directory.entries.filter(({ type }) => type === directoryTypes.enrolled);
  if (enrolled.length === 0) return {};
  const heads = enrolled.flatMap(({ idx }) => {
    const listing = directory.heads.find(({ statement }) =>
      parseHead(statement).entries.some(({ index }) => index === idx),
    );
    return listing ?? [];
  });
  return {
    directory: {
      passkeys: enrolled.map((entry) => {
        const revoked = directory.entries.find(
          (one) => one.type === directoryTypes.revoked && one.passkey_id === entry.passkey_id,
        );
        return {
          enrolled: entryOf(entry, proven),
          revoked: revoked ? entryOf(revoked, proven) : null,
        };
      }),
      heads: [...new Set(heads)].map(({ statement, signature }) => ({ statement, signature })),
    },
  };
}

/** How often, and how long apart in milliseconds, to look again while the sequencer is still behind the last entries. */
const looks = { most: 30, pause: 100 };

/** What there is once every entry has its place in the log, so that the bundle proves all of them. */
async function collectPlaced(
  context: EngineContext,
  actor: Actor,
  emailId: string,
): Promise<Collected> {
  for (let look = 1; ; look++) {
    const collected = await collect(context, actor, emailId);
    const placed = [...collected.entries, ...collected.directory.entries].every(
      (entry) => entry.idx !== null && collected.proven?.proofs.has(entry.idx) === true,
    );
    // A message that keeps changing, or a sequencer that stands still: the verifier will name what is missing.
    if (placed || look >= looks.most) return collected;
    context.wake.sequence();
    await new Promise((resolve) => setTimeout(resolve, looks.pause));
  }
}

/** Reads everything at one moment, so that proofs and entries are of one log. */
function collect(context: EngineContext, actor: Actor, emailId: string): Promise<Collected> {
  const at = context.now();
  return context.database.snapshot(actor.operator_id, async (tx) => {
    const [message] = await loadMessages(tx, [emailId], false);
    assertVisible(actor, message);
    if (message.row.direction === "inbound")
      throw new Refusal("not_found", "Received mail has no proof of sending.", {
        field: "email_id",
      });
    const entries = await listEntries(tx, {
      resource: emailId,
      limit: maxEntries + 1,
      order: "oldest",
    });
    // Before anybody asked to send it there is nothing to prove, and nothing that a verifier could call whole.
    if (!entries.some(({ body }) => decodeEntry(body).type === "message.submitted"))
      throw new Refusal("not_found", "A draft that was never sent has no proof.", {
        field: "email_id",
      });
    // A part of them would be signed as the whole.
    if (entries.length > maxEntries)
      throw new Refusal(
        "unavailable",
        `The log has more than ${maxEntries} entries of this message.`,
      );
    const directory = await collectDirectory(tx, message);
    const proven = await proveInclusion(
      tx,
      [...entries, ...directory.entries].flatMap((entry) =>
        entry.idx === null ? [] : [entry.idx],
      ),
    );
    const mime = (await loadMime(tx, [emailId])).get(emailId);
    if (!mime) throw new Error(`message ${emailId} has no content`);
    const ids = entries.map((entry) => entry.entry_id);
    const sealed = await loadOpenings(tx, ids);
    return { at, message, mime, entries, proven, sealed, directory };
  });
}

/** Heads that are looked through for those that list a passkey. */
const maxHeads = 1000;

async function collectDirectory(
  tx: Tx,
  { decisions }: LoadedMessage,
): Promise<Collected["directory"]> {
  const ids = [...new Set(decisions.flatMap(({ passkey_id }) => passkey_id ?? []))];
  if (ids.length === 0) return { entries: [], heads: [] };
  const key = await getDirectoryKey(tx);
  const heads = key === null ? [] : await listHeads(tx, maxHeads);
  return {
    entries: await directoryEntries(tx, ids),
    // Those of a key that was changed since vouch for nothing any more.
    heads: heads.filter(
      ({ statement, signature }) =>
        key !== null && verifyDirectorySignature(statement, signature, key),
    ),
  };
}

/** Opens what still can be opened; the openings of an erased subject are left out. */
async function openAll(
  context: EngineContext,
  operatorId: string,
  sealed: Collected["sealed"],
): Promise<BundleOpening[]> {
  const ids = new Set(sealed.map((opening) => opening.subject_id));
  const keys = await context.subjects.existing(operatorId, [...ids]);
  return sealed.flatMap(({ entry_id, subject_id, sealed: bytes }) => {
    const key = keys.get(subject_id);
    return key ? openOpenings(entry_id, key, bytes).map((one) => ({ entry_id, ...one })) : [];
  });
}

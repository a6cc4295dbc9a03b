/** What a change leaves behind: audit entries with commitments and sealed openings, and events. */
import { type EntryApproval, commit, encodeEntry } from "../audit/entry.ts";
import { leafHash } from "../audit/tree.ts";
import type { Actor } from "../core/actor.ts";
import type { EntryRow, EventRow, OpeningRow } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { seal, unseal } from "./seal.ts";
import type { Subject } from "./subjects.ts";

/** What a commitment hides: `r` in hex, `data` as text. */
export type Opening = { field: string; c: string; r: string; data: string };

/** What an entry speaks of. */
export type EntrySubject = {
  resource: string | null;
  mailbox_id?: string | null;
  thread_id?: string | null;
};

/** Who an entry names as the one who acted. */
export type EntryAuthor = Pick<Actor, "kind" | "credential_id" | "person_id">;

/** The product's own workers as authors of entries. */
export const worker: EntryAuthor = { kind: "system", credential_id: "worker", person_id: null };

/** Makes one audit entry and the hash of its leaf. Throws when it would be longer than the log allows. */
export function makeEntry(
  context: Pick<EngineContext, "now" | "new_id">,
  type: string,
  author: EntryAuthor,
  about: EntrySubject,
  data: Record<string, unknown>,
  approval?: readonly EntryApproval[],
): { row: EntryRow; leaf: Buffer } {
  const at = context.now();
  const actor = entryActor(author);
  const body = encodeEntry({
    v: 1,
    type,
    at: at.toISOString(),
    actor,
    resource: about.resource,
    mailbox: about.mailbox_id ?? null,
    thread: about.thread_id ?? null,
    ...(approval ? { approval } : {}),
    data,
  });
  return {
    row: {
      entry_id: context.new_id(),
      type,
      actor_kind: actor.kind,
      actor_id: actor.id,
      resource: about.resource,
      mailbox_id: about.mailbox_id ?? null,
      thread_id: about.thread_id ?? null,
      at,
      body,
    },
    leaf: leafHash(body),
  };
}

/** A person acts under their own id, not under that of a session. */
export function entryActor(author: EntryAuthor): { kind: string; id: string } {
  return author.kind === "person" && author.person_id !== null
    ? { kind: "person", id: author.person_id }
    : { kind: author.kind, id: author.credential_id };
}

/** Makes one event. */
export function makeEvent(
  context: Pick<EngineContext, "now" | "new_id">,
  type: string,
  about: { mailbox_id: string | null; message_id: string | null; thread_id: string | null },
  data: Record<string, unknown> = {},
): EventRow {
  return { event_id: context.new_id(), type, ...about, data, at: context.now() };
}

/** Commits to a field; the opening goes where {@link sealOpenings} puts it. */
export function commitTo(random: (length: number) => Buffer, field: string, data: string): Opening {
  const { c, r } = commit(field, data, random(32));
  return { field, c, r: r.toString("hex"), data };
}

/** Seals the openings of one entry that belong to one data subject. */
export function sealOpenings(
  entryId: string,
  subject: Subject,
  openings: readonly Opening[],
  random: (length: number) => Buffer,
): OpeningRow {
  return {
    entry_id: entryId,
    subject_id: subject.subject_id,
    sealed: seal(subject.key, Buffer.from(JSON.stringify(openings)), `opening/${entryId}`, random),
  };
}

/** Opens what {@link sealOpenings} sealed. */
export function openOpenings(entryId: string, key: Buffer, sealed: Buffer): Opening[] {
  return JSON.parse(unseal(key, sealed, `opening/${entryId}`).toString()) as Opening[];
}

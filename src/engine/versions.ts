/** The versions of a message: what was proposed, what it became by edits, and what each of them changed. */
import { type Actor, principal } from "../core/actor.ts";
import type { Tx } from "../store/database.ts";
import { heldAmong } from "../store/legal-holds.ts";
import { insertVersion, lastVersion, listVersions } from "../store/message-versions.ts";
import { loadMarkdowns } from "../store/messages.ts";
import { shareOperator } from "../store/operators.ts";
import type { EngineContext } from "./context.ts";
import { visibleMessage } from "./read-messages.ts";
import type { StoredMessage } from "./stored-draft.ts";
import { type VersionDiff, diffVersions } from "./version-diff.ts";

/** One version as it is told of. The last one is the message as it is. */
export type Version = {
  version: number;
  digest: string;
  subject: string;
  markdown: string;
  to: string[];
  cc: string[];
  bcc: string[];
  /** Principal who wrote it. */
  written_by: string;
  /** Who replaced it, when and why; null for the present one. */
  replaced_by: string | null;
  replaced_at: string | null;
  reason: string | null;
  /** What changed from the version before; null for the first. */
  diff: VersionDiff | null;
};

/** A message's history. */
export type Versions = {
  versions: Version[];
  /** From what was proposed to what stands now; null where nothing was edited. */
  diff: VersionDiff | null;
};

/**
 * Keeps what the message was before an edit. A draft that nobody but its author has seen has no versions: only what was
 * submitted once is a proposal. While a legal hold covers it, it keeps them all the same.
 */
export async function keepVersion(
  tx: Tx,
  actor: Actor,
  { loaded: { row, recipients }, mime, markdown }: StoredMessage,
  edit: { digest: string; reason: string | null; now: Date },
): Promise<void> {
  if (edit.digest === row.digest) return;
  if (row.status === "draft" && !row.gated) {
    // Holds are placed under the same row: there is none between this look and the commit.
    await shareOperator(tx);
    if ((await heldAmong(tx, [row.message_id])).size === 0) return;
  }
  const earlier = await lastVersion(tx, row.message_id);
  await insertVersion(tx, {
    message_id: row.message_id,
    digest: row.digest,
    subject: row.subject,
    markdown,
    mime,
    recipients: recipients
      .filter(({ kind }) => kind !== "copy")
      .map(({ kind, address, name }) => ({ kind, address, name })),
    attachments: row.attachments,
    written_by: earlier?.replaced_by ?? row.authors[0] ?? "",
    replaced_by: principal(actor),
    reason: edit.reason,
    created_at: edit.now,
  });
}

/** Every version of a message that the actor may see, oldest first, the present one last. Throws `not_found`. */
export function versionsOf(
  context: Pick<EngineContext, "database">,
  actor: Actor,
  emailId: string,
  mailboxId?: string,
): Promise<Versions> {
  return context.database.as(actor.operator_id, async (tx) => {
    const { row, recipients } = await visibleMessage(tx, actor, emailId, mailboxId);
    const [kept, markdown] = await Promise.all([
      listVersions(tx, emailId),
      loadMarkdowns(tx, [emailId]),
    ]);
    const present = {
      digest: row.digest,
      subject: row.subject,
      markdown: markdown.get(emailId) ?? "",
      recipients,
      attachments: row.attachments,
      written_by: kept.at(-1)?.replaced_by ?? row.authors[0] ?? "",
      replaced_by: null,
      created_at: null,
      reason: null,
    };
    const all = [...kept, present];
    const [first] = kept;
    return {
      versions: all.map((one, i) => {
        const before = all[i - 1];
        const of = (kind: string): string[] =>
          one.recipients.filter((each) => each.kind === kind).map(({ address }) => address);
        return {
          version: "version" in one ? one.version : (kept.at(-1)?.version ?? 0) + 1,
          digest: one.digest,
          subject: one.subject,
          markdown: one.markdown,
          to: of("to"),
          cc: of("cc"),
          bcc: of("bcc"),
          written_by: one.written_by,
          replaced_by: one.replaced_by,
          replaced_at: one.created_at?.toISOString() ?? null,
          reason: one.reason,
          diff: before ? diffVersions(before, one) : null,
        };
      }),
      diff: first ? diffVersions(first, present) : null,
    };
  });
}

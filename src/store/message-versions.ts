/** What messages were before they were edited: each earlier version whole, never changed. */
import type { Selectable } from "kysely";
import { type Tx, sqlBuilder as db } from "./database.ts";
import type { OversightTables } from "./oversight-tables.ts";

/** A row of `message_version` without its bytes. */
export type VersionRow = Omit<Selectable<OversightTables["message_version"]>, "mime">;

/** A version about to be kept; its number is the next one. */
export type NewVersion = Omit<VersionRow, "operator_id" | "version"> & { mime: Buffer };

/** Keeps a version as the message's next. The message is locked by the caller. */
export async function insertVersion(tx: Tx, version: NewVersion): Promise<void> {
  await tx.named(
    "insert_message_version",
    `INSERT INTO message_version (operator_id, message_id, version, digest, subject, markdown, mime, recipients, attachments,
       written_by, replaced_by, reason, created_at)
     SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
     FROM message_version WHERE operator_id = $1 AND message_id = $2`,
    [
      tx.operator_id,
      version.message_id,
      version.digest,
      version.subject,
      version.markdown,
      version.mime,
      JSON.stringify(version.recipients),
      JSON.stringify(version.attachments),
      version.written_by,
      version.replaced_by,
      version.reason,
      version.created_at.toISOString(),
    ],
  );
}

/** The version that the present one replaced; null where nothing was edited. */
export async function lastVersion(tx: Tx, messageId: string): Promise<VersionRow | null> {
  const [row] = await tx.run(versions(tx, messageId).orderBy("version", "desc").limit(1));
  return row ?? null;
}

/** Versions that are read back, beside the first: a message that is edited without end is not read whole. */
const maxListed = 20;

/** The earlier versions of a message, oldest first: the first one and the last twenty. */
export function listVersions(tx: Tx, messageId: string): Promise<VersionRow[]> {
  return tx.run(
    versions(tx, messageId)
      .where((eb) =>
        eb.or([
          eb("version", "=", 1),
          eb(
            "version",
            ">",
            eb
              .selectFrom("message_version as last")
              .select(({ fn, val }) => eb(fn.max("last.version"), "-", val(maxListed)).as("after"))
              .where("last.operator_id", "=", tx.operator_id)
              .where("last.message_id", "=", messageId),
          ),
        ]),
      )
      .orderBy("version"),
  );
}

function versions(tx: Tx, messageId: string) {
  return db
    .selectFrom("message_version")
    .select([
      "operator_id",
      "message_id",
      "version",
      "digest",
      "subject",
      "markdown",
      "recipients",
      "attachments",
      "written_by",
      "replaced_by",
      "reason",
      "created_at",
    ])
    .where("operator_id", "=", tx.operator_id)
    .where("message_id", "=", messageId);
}

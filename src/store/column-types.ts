/** Column types that the tables are described with. */
import type { ColumnType, JSONColumnType } from "kysely";

/** Written as a Date or ISO text, read as a Date. */
export type Time = ColumnType<Date, Date | string, Date | string>;

/** A {@link Time} that may be missing. */
export type MaybeTime = ColumnType<
  Date | null,
  Date | string | null | undefined,
  Date | string | null
>;

/** Written as JSON text, read as its value. */
export type Json<T> = JSONColumnType<T & object, string, string>;

/** Where a recipient stands; `copy` is the oversight address of a monitored mailbox. */
export type RecipientKind = "to" | "cc" | "bcc" | "copy";

/** What is kept of an attachment beside its bytes in the MIME. */
export type AttachmentMeta = {
  filename: string;
  content_type: string;
  size_bytes: number;
  /** Of received mail: meant to stand inside the HTML, and under which id. */
  inline?: boolean;
  content_id?: string | null;
};

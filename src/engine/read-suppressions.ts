/** Reading suppressions: lists and single addresses, within the caller's mailboxes. */
import type { Actor } from "../core/actor.ts";
import { invalidCursor } from "./paging.ts";
import { type SuppressionRow, listSuppressions } from "../store/suppressions.ts";
import type { EngineContext } from "./context.ts";
import { formsOf } from "./erased-people.ts";
import type { Page, PageRequest } from "./paging.ts";

/** Which suppressions a list shows. */
export type SuppressionList = {
  reason?: string | undefined;
  /** `""` for those that hold for all mailboxes. */
  mailbox_id?: string | undefined;
  /** Beginning of the address, lower case. */
  prefix?: string | undefined;
};

/** Reads suppressions. Those for all mailboxes concern every caller, so every caller sees them. */
export function suppressionReaders(context: EngineContext) {
  const { database } = context;
  return {
    suppressions: async (
      actor: Actor,
      filter: SuppressionList,
      page: PageRequest,
    ): Promise<Page<SuppressionRow>> => {
      const rows = await database.as(actor.operator_id, (tx) =>
        listSuppressions(tx, {
          ...filter,
          mailbox_ids: actor.mailbox_ids,
          after: readPlace(page.cursor),
          limit: page.limit + 1,
        }),
      );
      const shown = rows.slice(0, page.limit);
      const last = rows.length > page.limit ? shown.at(-1) : undefined;
      return {
        rows: shown,
        next_cursor: last
          ? Buffer.from(`${last.mailbox_id} ${last.address}`).toString("base64url")
          : null,
      };
    },

    /** What holds for one address (lower case). */
    suppressionsOf: (
      actor: Actor,
      address: string,
      mailboxId?: string,
    ): Promise<SuppressionRow[]> =>
      database.as(actor.operator_id, async (tx) => {
        const rows = await listSuppressions(tx, {
          mailbox_ids: actor.mailbox_ids,
          addresses: formsOf(context, tx, address),
          limit: 1000,
        });
        return rows.filter(
          (row) => mailboxId === undefined || row.mailbox_id === "" || row.mailbox_id === mailboxId,
        );
      }),
  };
}

/** Address and mailbox of the last row seen. */
function readPlace(
  cursor: string | undefined,
): { address: string; mailbox_id: string } | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, "base64url").toString();
  const space = text.indexOf(" ");
  const mailboxId = text.slice(0, Math.max(0, space));
  const address = text.slice(space + 1);
  if (
    !/^(?:[0-9A-Z]{26})?$/.test(mailboxId) ||
    space < 0 ||
    address.includes("\0") ||
    !address.isWellFormed()
  )
    throw invalidCursor();
  return { address, mailbox_id: mailboxId };
}

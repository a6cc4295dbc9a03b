/** Everything of an operator as lines of JSON: what they take along when they leave. */
import type { Actor } from "../core/actor.ts";
import { seesWithheld } from "../core/inbound-status.ts";
import { Refusal } from "../core/refusal.ts";
import { appendRecords } from "../store/records.ts";
import { exportRows, exportedTables } from "../store/exporting.ts";
import { assertWholeOperator } from "./compliance-rules.ts";
import type { EngineContext } from "./context.ts";
import { makeEntry } from "./record.ts";

/** The form of the lines; a reader refuses another one. */
export const exportFormat = "multimail-export/1";

/**
 * Records that it is exported, and gives the lines in parts: `{"type":"export",…}`, then `{"type":<table>,"data":{…}}`, and at
 * last `{"type":"end","counts":{…}}`, without which an export is not whole. Secrets are not in it, nor what leads to mail that is
 * withheld from the caller; the first line says whether it would be. Each part is a statement of its own. Throws `scope_required`,
 * `role_required`, `test_key`.
 */
export async function exportOperator(
  context: EngineContext,
  actor: Actor,
): Promise<AsyncGenerator<string>> {
  assertWholeOperator(actor);
  assertMayExport(actor);
  const at = context.now();
  const entry = makeEntry(
    context,
    "operator.exported",
    actor,
    { resource: actor.operator_id },
    { format: exportFormat },
  );
  await context.database.transaction(actor.operator_id, (tx) =>
    appendRecords(tx, { entries: [entry.row], openings: [], events: [] }),
  );
  context.wake.sequence();
  return lines(context, actor, at);
}

/** Auditors read and export; keys need `admin`, since a key for the log alone is not one for the mail. */
function assertMayExport(actor: Actor): void {
  const may =
    actor.kind === "person"
      ? actor.role === "owner" || actor.role === "admin" || actor.role === "auditor"
      : actor.scopes.includes("admin");
  if (!may)
    throw new Refusal("scope_required", "Exporting everything needs the scope admin.", {
      hint: "Owners, admins and auditors export it too.",
    });
}

async function* lines(context: EngineContext, actor: Actor, at: Date): AsyncGenerator<string> {
  const { operator_id } = actor;
  // That of the caller, whatever there is: how much was left out is not for them to learn.
  const withheld = seesWithheld(actor);
  const head = { type: "export", format: exportFormat, operator_id, at, withheld_mail: withheld };
  yield `${JSON.stringify(head)}\n`;
  const counts: Record<string, number> = {};
  for (const exported of exportedTables) {
    const { table } = exported;
    counts[table] = 0;
    let after: string[] | null = null;
    for (;;) {
      const behind: string[] | null = after;
      const { rows, last }: Awaited<ReturnType<typeof exportRows>> = await context.database.as(
        operator_id,
        (tx) => exportRows(tx, exported, behind, withheld),
      );
      if (last === null) break;
      counts[table] += rows.length;
      after = last;
      yield rows.map((row) => `{"type":"${table}","data":${row}}\n`).join("");
    }
  }
  yield `${JSON.stringify({ type: "end", counts })}\n`;
}

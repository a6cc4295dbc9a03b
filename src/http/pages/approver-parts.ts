/** Whom a mailbox names to be asked first: boxes to tick for members who may decide, and what of them was changed. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { member } from "../../contract/people.ts";
import { nextCursor } from "../../contract/resources.ts";
import { type Html, line } from "./display.ts";
import { typed } from "./form.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

const members = z.object({ members: z.array(member), next_cursor: nextCursor });

/** Somebody who may decide. */
export type Approver = Pick<z.output<typeof member>, "id" | "name" | "email">;

const field = "approver_ids";

/** All who may decide; nobody for visitors who see no members. */
export async function approversOf(visit: MemberVisit): Promise<Approver[]> {
  if (!allowed(visit, "list_members")) return [];
  const found: Approver[] = [];
  let cursor: string | null = null;
  do {
    const input: object = { limit: 100, ...(cursor === null ? {} : { cursor }) };
    const { body } = await call(visit, "list_members", input, members);
    found.push(...body.members.filter(({ role }) => role !== "auditor"));
    cursor = body.next_cursor;
  } while (cursor !== null);
  return found;
}

/** The boxes, where there is anybody to name: `values` says who is ticked, `current` whom the mailbox names by now. */
export function approverBoxes(
  approvers: readonly Approver[],
  form: { values: Readonly<Record<string, string>>; current: Readonly<Record<string, string>> },
): Html | false {
  if (approvers.length === 0) return false;
  const idsOf = (fields: Readonly<Record<string, string>>) =>
    new Set((fields[field] ?? "").split(" "));
  const ticked = idsOf(form.values);
  const named = idsOf(form.current);
  // Of whom the mailbox names, those who left have no box: that they have none is no change.
  const was = approvers.map(({ id }) => id).filter((id) => named.has(id));
  return markup`<fieldset><legend>Who is asked first</legend><input type="hidden" name="was_${field}" value="${was.join(" ")}">
<p class="quiet small">Nobody ticked: everybody who may decide. The others are asked when four fifths of a message's time are over. Changing this needs a recent sign-in.</p>
${approvers.map(
  ({ id, name, email }) =>
    markup`<div class="choice"><input type="checkbox" name="${field}" value="${id}" id="approver-${id}"${
      ticked.has(id) && markup` checked`
    }><label for="approver-${id}">${line(name, 200)}</label> <span class="quiet small">${line(email, 320)}</span></div>`,
)}</fieldset>`;
}

/** The ids that are ticked, with spaces between; undefined for a form without boxes. */
export function tickedApprovers(form: URLSearchParams): string | undefined {
  return form.has(`was_${field}`) ? form.getAll(field).join(" ") : undefined;
}

/** Whom the mailbox is to name by now, null for everybody; undefined where nobody changed it. */
export function changedApprovers(form: URLSearchParams): string[] | null | undefined {
  const ticked = tickedApprovers(form);
  if (ticked === undefined || ticked === typed(form, `was_${field}`)) return undefined;
  return ticked === "" ? null : ticked.split(" ");
}

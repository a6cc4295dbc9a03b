/** Those whom a mailbox names to be asked first about what waits in it, and the words in which a change of them is put to a person. */
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import { listDeciders } from "../store/notices.ts";
import { getPeople } from "../store/people.ts";
import type { Loosened } from "./mailbox-loosening.ts";

type Named = Pick<MailboxRow, "approver_ids">;

/** Those who are to be named from now on, in words too; nothing where they are those of before. */
export type ApproversChange = {
  approver_ids?: string[] | null;
  words: { from?: string[] | null; to?: string[] | null };
  loosened: Loosened[];
};

/**
 * Reads whom a mailbox is to name: members who may decide, or null for everybody who may. Who is asked is oversight: any change of it
 * needs a person. Throws `validation_failed` for who is no such member.
 */
export async function readApprovers(
  tx: Tx,
  { approver_ids: before }: Named,
  asked: readonly string[] | null | undefined,
): Promise<ApproversChange> {
  const wanted = asked ? [...new Set(asked)].toSorted() : asked;
  const same = wanted === undefined || (wanted ?? []).join(" ") === (before ?? []).join(" ");
  if (same) return { words: {}, loosened: [] };
  const deciders = new Set((await listDeciders(tx)).map(({ person_id }) => person_id));
  const stranger = wanted?.find((id) => !deciders.has(id));
  if (stranger !== undefined || wanted?.length === 0)
    throw new Refusal(
      "validation_failed",
      stranger === undefined
        ? "approver_ids: name somebody, or give null for everybody who may decide."
        : `approver_ids: ${stranger} is no member who may decide.`,
      { field: "approver_ids", hint: "Owners, admins and approvers may decide; see the members." },
    );
  const people = await getPeople(tx, [...(before ?? []), ...(wanted ?? [])]);
  const inWords = (ids: readonly string[] | null): string[] | null =>
    ids &&
    ids.map((id) => {
      const person = people.find(({ person_id }) => person_id === id);
      return person ? `${person.name} <${person.email}>` : id;
    });
  return {
    approver_ids: wanted,
    words: { from: inWords(before), to: inWords(wanted) },
    loosened: [["approver_ids", "Changing who is asked to decide needs a person."]],
  };
}

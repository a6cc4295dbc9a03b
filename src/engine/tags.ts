/** Tags of a message, sent or received: labels of the operator's own, which change nothing of the message. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { updateRow } from "../store/message-edits.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { liveThing } from "./credentials.ts";
import { about } from "./machine-row.ts";
import { visibleMessage } from "./read-messages.ts";
import { makeEntry } from "./record.ts";

/** Most tags of one message. */
const maxTags = 50;

/** Which message. */
type TagPlace = { mailbox_id?: string | undefined; email_id: string };

/** The tags of a message that the actor may see. */
function getTags(
  context: EngineContext,
  actor: Actor,
  place: TagPlace,
): Promise<Record<string, string>> {
  return context.database.as(
    actor.operator_id,
    async (tx) => (await visibleMessage(tx, actor, place.email_id, place.mailbox_id)).row.tags,
  );
}

/** Adds tags and changes those of the same name; throws `validation_failed` for more than 50. */
function setTags(
  context: EngineContext,
  actor: Actor,
  place: TagPlace,
  tags: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  return change(context, actor, place, (before) => {
    const after = { ...before, ...tags };
    if (Object.keys(after).length > maxTags)
      throw new Refusal(
        "validation_failed",
        `tags: the message would have more than ${maxTags} tags.`,
        { field: "tags", hint: "Delete some first." },
      );
    return after;
  });
}

/** Takes one tag away; throws `not_found` where there is none of that name. */
function deleteTag(
  context: EngineContext,
  actor: Actor,
  place: TagPlace,
  key: string,
): Promise<Record<string, string>> {
  return change(context, actor, place, (before) => {
    if (!Object.hasOwn(before, key))
      throw new Refusal("not_found", "The message has no tag of that name.", { field: "key" });
    return Object.fromEntries(Object.entries(before).filter(([name]) => name !== key));
  });
}

async function change(
  context: EngineContext,
  actor: Actor,
  place: TagPlace,
  of: (before: Record<string, string>) => Record<string, string>,
): Promise<Record<string, string>> {
  const tags = await context.database.transaction(actor.operator_id, async (tx) => {
    const { row } = await visibleMessage(tx, actor, place.email_id, place.mailbox_id, true);
    if (actor.test && !row.test) throw liveThing("A test key tags messages of test keys only.");
    const after = of(row.tags);
    const names = [...new Set([...Object.keys(row.tags), ...Object.keys(after)])].toSorted();
    const changed = names.filter((name) => row.tags[name] !== after[name]);
    if (changed.length === 0) return row.tags;
    await updateRow(tx, row.message_id, { tags: after }, context.now());
    // Values may be about people: names only. Beside the message, not of it: its evidence is no longer for its labels.
    const subject = { ...about(row), resource: `tags/${row.message_id}` };
    const entry = makeEntry(context, "message.tagged", actor, subject, { tags: changed });
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    return after;
  });
  context.wake.sequence();
  return tags;
}

/** The same, bound to one context. */
export function tagCalls(context: EngineContext) {
  return {
    getTags: (actor: Actor, place: TagPlace) => getTags(context, actor, place),
    setTags: (actor: Actor, place: TagPlace, tags: Record<string, string>) =>
      setTags(context, actor, place, tags),
    deleteTag: (actor: Actor, place: TagPlace, key: string) =>
      deleteTag(context, actor, place, key),
  };
}

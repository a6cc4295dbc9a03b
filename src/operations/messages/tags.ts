/** `get_tags`, `set_tags`, `tag_email`, `delete_tag`: labels of sent and received mail. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { labels } from "./writing.ts";

const tagged = z.object({ id, tags: z.record(z.string(), z.string()) });
const place = { mailbox_id: id.optional(), email_id: id };
const path = "/v1/mailboxes/{mailbox_id}/emails/{email_id}/tags";

export const getTags = operation({
  name: "get_tags",
  tag: "messages",
  summary: "Read an email's tags",
  description: "Answers the tags of an email, sent or received.",
  method: "GET",
  path,
  effect: "read",
  access: "read",
  input: z.strictObject(place),
  output: tagged,
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: true,
  foreign_words: "fields",
  async handle({ engine, actor }, input) {
    return { id: input.email_id, tags: await engine.getTags(actor, input) };
  },
});

/** One call under two names: they differ in method and words. */
function settingTags(
  name: string,
  method: "PUT" | "POST",
  of: { summary: string; description: string },
) {
  return operation({
    name,
    tag: "messages",
    ...of,
    method,
    path,
    effect: "write",
    access: "send",
    input: z.strictObject({ ...place, tags: labels }),
    output: tagged,
    status: 200,
    refusals: ["validation_failed", "not_found", "test_key"],
    tool: true,
    foreign_words: "fields",
    async handle({ engine, actor }, { tags, ...where }) {
      return { id: where.email_id, tags: await engine.setTags(actor, where, tags) };
    },
  });
}

export const setTags = settingTags("set_tags", "PUT", {
  summary: "Set tags of an email",
  description:
    "Adds tags to an email, sent or received, and changes those of the same name; others stay. At most 50 tags. Tags never leave with the mail and change nothing of it.",
});

export const tagEmail = settingTags("tag_email", "POST", {
  summary: "Tag an email",
  description: "The same as set_tags, by the name that existing clients call.",
});

export const deleteTag = operation({
  name: "delete_tag",
  tag: "messages",
  summary: "Delete a tag of an email",
  description: "Takes one tag away from an email, sent or received; answers those that are left.",
  method: "DELETE",
  path: `${path}/{key}`,
  effect: "destroy",
  access: "send",
  input: z.strictObject({ ...place, key: z.string().min(1).max(64) }),
  output: tagged,
  status: 200,
  refusals: ["validation_failed", "not_found", "test_key"],
  tool: true,
  foreign_words: "fields",
  async handle({ engine, actor }, { key, ...where }) {
    return { id: where.email_id, tags: await engine.deleteTag(actor, where, key) };
  },
});

/** Completion of arguments in prompts and resource templates: ids of what the caller reaches, and nothing else. */
import type { CompleteRequestParams, CompleteResult } from "@modelcontextprotocol/server";
import { idPattern } from "../core/id.ts";
import type { CallContext, Caller } from "./call.ts";
import { mailboxIds, reads, recentMail } from "./resource-list.ts";

/** Most values in an answer (MCP, utilities, completion). */
const most = 100;

/** Ids that begin with what was typed. An argument that we cannot complete gets an empty list. */
export async function complete(
  context: CallContext,
  caller: Caller,
  { argument, context: known }: CompleteRequestParams,
): Promise<CompleteResult> {
  const typed = argument.value.toUpperCase();
  const all = reads(context, caller)
    ? await candidates(context, caller, argument.name, known?.arguments?.["mailbox_id"])
    : [];
  const values = all.filter((id) => id.startsWith(typed));
  return {
    completion: {
      values: values.slice(0, most),
      total: values.length,
      hasMore: values.length > most,
    },
  };
}

async function candidates(
  context: CallContext,
  caller: Caller,
  name: string,
  chosen: string | undefined,
): Promise<string[]> {
  if (name === "mailbox_id") return mailboxIds(context, caller);
  if (name !== "email_id") return [];
  const mailboxes = await mailboxIds(context, caller);
  const wanted = chosen ?? caller.default_mailbox_id;
  // Without a mailbox the first few do: a person who completes an id looks for what is new.
  const among =
    wanted !== null && idPattern.test(wanted)
      ? mailboxes.filter((id) => id === wanted)
      : mailboxes.slice(0, 3);
  const found = await Promise.all(among.map((id) => recentMail(context, caller, id)));
  return found.flat().toSorted().toReversed();
}

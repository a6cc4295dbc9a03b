/** Each tool has been looked at: outsiders' words are in its answer and are fenced, or all that it says is ours. */
import { expect, test } from "vitest";
import { toolTable } from "../src/mcp/tools.ts";
import { allOperations } from "../src/operations/all.ts";

/**
 * Tools whose answers nobody outside can put a sentence into: ids, addresses, times, states, and what members and their
 * keys chose. Before a tool is added here, every string of its answer is followed to who may write it.
 */
const ours = [
  "add_allowlist_entry add_suppression apply_upgrade cancel_message check_suppression configure_mailbox",
  "create_api_key create_domain create_mailbox create_policy create_webhook decide_email delete_account",
  "delete_domain delete_mailbox delete_webhook get_account get_domain get_usage list_allowlist list_api_keys",
  "list_domains list_mailboxes list_policies list_suppression list_webhooks mark_email not_spam refuse_email",
  "release_email remove_allowlist_entry remove_suppression report_spam request_upgrade resume_sending",
  "revoke_api_key revoke_policy rotate_dkim setup_multimail stop_sending undo_decision update_account",
  "update_domain update_mailbox update_policy verify_domain",
]
  .join(" ")
  .split(" ");

test("the answer of every other tool is fenced", () => {
  const table = toolTable(allOperations);
  const unfenced = allOperations
    .filter(({ name, output, tool }) => tool && !("content_type" in output) && table.get(name))
    .filter(({ name }) => table.get(name)?.foreign_words === undefined)
    .map(({ name }) => name);
  expect(unfenced.toSorted()).toEqual(ours.toSorted());
});

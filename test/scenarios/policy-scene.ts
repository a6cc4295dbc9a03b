/** An instance for the tests of standing policies: rules made by its owner, and what messages, log and evidence say of them. */
import type { Bundle } from "../../src/audit/bundle-format.ts";
import { verifyBundle } from "../../src/audit/bundle.ts";
import type { Actor } from "../../src/core/actor.ts";
import type { NewPolicy } from "../../src/engine/policies.ts";
import { firstOwner } from "../../src/store/people.ts";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import type { Answer } from "./running.ts";

/** The instance, and short ways to what these tests ask of it. */
export type PolicyScene = Awaited<ReturnType<typeof policyScene>>;

/** ISO 8601, so many days from now. */
export const inDays = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString();

/** Starts it. */
export async function policyScene() {
  const it: ModedInstance = await modedInstance();
  const person = await it.node.as((tx) => firstOwner(tx));
  const owner = (): Actor => ({
    kind: "person",
    operator_id: it.node.operator_id,
    credential_id: "session",
    person_id: person?.person_id ?? "",
    role: "owner",
    scopes: ["read", "admin", "oversight", "audit"],
    mailbox_ids: null,
    test: false,
    signed_in_at: new Date().toISOString(),
  });
  return {
    it,
    /** The owner, who has just signed in. */
    owner,

    /** A rule made by the owner. */
    make: (mailboxId: string | null, rule: Partial<NewPolicy>): Promise<{ policy_id: string }> =>
      it.node.engine.createPolicy(owner(), {
        mailbox_id: mailboxId,
        name: "Legal",
        match: {},
        outcome: "hold",
        required: null,
        ...(rule.outcome === "allow" ? { expires_at: inDays(7) } : {}),
        ...rule,
      }),

    revoke: (policyId: string): Promise<unknown> => it.node.engine.revokePolicy(owner(), policyId),

    asAdmin: (path: string, body?: unknown, method?: string): Promise<Answer> =>
      it.running.call(
        it.running.known.admin_key,
        path,
        body,
        method === undefined ? {} : { method },
      ),

    /** What message and hand-off say of rules. */
    rowOf: async (id: string): Promise<Record<string, unknown>> =>
      (
        await it.node.as((tx) =>
          tx.named<Record<string, unknown>>(
            "row_of",
            `SELECT m.policy_id, m.required, m.passkey, m.gated, h.policy_id AS handed_by FROM message m
             LEFT JOIN handoff h ON h.operator_id = m.operator_id AND h.message_id = m.message_id WHERE m.message_id = $1`,
            [id],
          ),
        )
      )[0] ?? {},

    /** The data of the last entry of a type about something. */
    entryOf: async (id: string, type: string): Promise<Record<string, unknown>> => {
      const [row] = await it.node.as((tx) =>
        tx.named<{ body: Buffer }>(
          "entry_of",
          "SELECT body FROM log_entry WHERE resource = $1 AND type = $2 ORDER BY entry_id DESC LIMIT 1",
          [id, type],
        ),
      );
      return (JSON.parse(row?.body.toString() ?? "{}") as { data: Record<string, unknown> }).data;
    },

    /** The evidence of a message, and what an outsider finds wrong with it. */
    async proven(box: string, id: string): Promise<{ bundle: Bundle; faults: unknown[] }> {
      const path = `/v1/mailboxes/${box}/emails/${id}/proof`;
      const bundle = (await it.running.call(it.running.known.agent_key, path)).body as Bundle;
      const report = await verifyBundle(bundle, { pinned: bundle.keys, now: new Date() });
      return { bundle, faults: report.checks.filter(({ status }) => status === "fail") };
    },

    /** What waits for its time leaves now. */
    release: (id: string): Promise<void> =>
      it.node.asOwner(
        `UPDATE due SET due_at = now() WHERE kind = 'release' AND message_id = '${id}';
         UPDATE message SET send_at = now() WHERE message_id = '${id}'`,
      ),
  };
}

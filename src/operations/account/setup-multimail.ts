/** `setup_multimail`: what an agent that is new here can do, what is missing, and who can mend it. */
import { z } from "zod";
import { heldScope, id, mode } from "../../contract/resources.ts";
import { type Actor, holds } from "../../core/actor.ts";
import { readMode } from "../../core/oversight/mode.ts";
import { operation } from "../context.ts";

/** One thing that has to be there before mail goes round. */
type Step = { step: string; done: boolean; what: string; how: string | null };

export const setupMultimail = operation({
  name: "setup_multimail",
  tag: "account",
  summary: "See how MultiMail is set up",
  description:
    "Start here. Answers what this credential may do, the mailboxes it reaches and what each mode means for sending, and the steps that are still to be taken, each with the tool to call or the person to ask. Changes nothing.",
  method: "GET",
  path: "/v1/setup",
  effect: "read",
  access: "read",
  input: z.strictObject({}),
  output: z.object({
    ready: z.boolean().describe("True where every step is done"),
    steps: z.array(
      z.object({
        step: z.string(),
        done: z.boolean(),
        what: z.string(),
        how: z.string().nullable().describe("What to do, where it is not done"),
      }),
    ),
    scopes: z.array(heldScope),
    test: z.boolean().describe("True for a test key: nothing it sends leaves"),
    mailboxes: z
      .array(z.object({ id, address: z.string(), oversight_mode: mode, sending: z.string() }))
      .describe("The first hundred"),
    mcp_url: z.string(),
    docs_url: z.string(),
  }),
  status: 200,
  refusals: [],
  tool: true,
  cli: { command: "setup" },
  async handle({ read, actor, instance }) {
    const operator = await read.operator(actor);
    const { rows } = await read.mailboxes(actor, { deleted: false }, { limit: 100 });
    const steps = stepsOf(actor, {
      stopped: operator.stopped_at !== null,
      oversight_address: operator.oversight_address,
      modes: rows.map((row) => readMode(row.mode)),
    });
    return {
      ready: steps.every(({ done }) => done),
      steps,
      scopes: [...actor.scopes],
      test: actor.test,
      mailboxes: rows.map((row) => ({
        id: row.mailbox_id,
        address: row.address,
        oversight_mode: readMode(row.mode),
        sending: sending[readMode(row.mode)],
      })),
      mcp_url: `${instance.public_url}/mcp`,
      docs_url: `${instance.public_url}/docs`,
    };
  },
});

/** What a mode means for whoever sends. */
const sending = {
  read_only: "Nothing can be sent; request_upgrade asks a person for more.",
  gated_all: "Each message waits for a person's decision, and received mail too.",
  gated_send: "Each message waits for a person's decision: wait_for_decision tells.",
  monitored: "Messages leave at once; a person gets a copy of each.",
  autonomous: "Messages leave at once.",
} as const;

function stepsOf(
  actor: Actor,
  is: {
    stopped: boolean;
    oversight_address: string | null;
    modes: readonly (keyof typeof sending)[];
  },
): Step[] {
  const step = (name: string, done: boolean, what: string, how: string): Step => ({
    step: name,
    done,
    what,
    how: done ? null : how,
  });
  return [
    step(
      "mailbox",
      is.modes.length > 0,
      "There is a mailbox that this credential reaches.",
      holds(actor, "admin")
        ? "Call create_mailbox."
        : "Ask whoever gave you the key for one, or for a key that reaches one.",
    ),
    step(
      "sending",
      holds(actor, "send") && is.modes.some((one) => one !== "read_only"),
      "This credential may send from one of them.",
      holds(actor, "send")
        ? "Every mailbox is read_only: call request_upgrade, and a person decides."
        : "The credential has no scope send. Ask for a key that has it, if sending is wanted.",
    ),
    step(
      "oversight_address",
      is.oversight_address !== null,
      "There is a person who is told of mail that waits for a decision.",
      "A person sets the oversight address, in the dashboard or with update_account and the mailed code.",
    ),
    step(
      "not_stopped",
      !is.stopped,
      "Sending is not stopped.",
      "A person pulled the kill switch. Only a person resumes sending.",
    ),
  ];
}

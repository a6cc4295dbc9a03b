/** The command `multimail erase`: what a deleted account left behind, erased by whoever runs the instance. */
import { UsageError } from "./cli/flags.ts";
import { exitCodes } from "./cli/help.ts";
import { type LocalIo, parseLocal } from "./cli/local-io.ts";
import { plainText, safeJson } from "./cli/print.ts";
import { configOf, command } from "./data-commands.ts";
import { ControlRefused, callControl } from "./control.ts";
import type { ClosedErasure } from "./engine/closed-erasure.ts";
import type { Engine } from "./engine/engine.ts";

const eraseHelp = `Usage: multimail erase --operator <id> (--address <address> | --everything) [--flag value …]

Erases what a deleted account left behind. Nobody else can: its keys are revoked and its people signed out. The running
instance does it, with a leaf in the account's log for all that goes; the log itself stays and still verifies. Mail under
a legal hold, or that must be kept, stays: call it again later. This cannot be undone, and backups keep what they have.

Options:
  --operator <id>      The account's id; it must have been deleted. A wrong one lists those that were
  --address <address>  One person: every message with them, and what the log hides about them
  --everything         All that names people: messages, contacts, members, and what the log hides
  --reference <text>   With --address: your own reference, kept with the erasure
  --data <folder>      Data folder, else MULTIMAIL_DATA or ./data
  --json               Print what became of it as JSON

Exit codes:
  0  done, or begun with --address
  1  refused, or something has to stay for now; what, is on standard output or standard error
  2  the command was not called rightly
`;

/** What the command asks of the instance. */
type Wanted = { operator: string; address: string | null; reference: string | null };

/** What the instance answers. */
type Answer =
  | { begun: true; erasure_id: string; status: string; remaining: number }
  | (Omit<ClosedErasure, "retained_until"> & { begun: false; retained_until: string | null });

/** The instance's side of the command. Throws refusals of the engine. */
export async function eraseCommand(
  engine: Pick<Engine, "eraseClosed" | "eraseFromClosed">,
  input: string,
): Promise<string> {
  const { operator, address, reference } = JSON.parse(input) as Wanted;
  if (address === null)
    return JSON.stringify({ begun: false, ...(await engine.eraseClosed(operator)) });
  const row = await engine.eraseFromClosed(operator, { address, reference });
  const { erasure_id, status, remaining } = row;
  return JSON.stringify({ begun: true, erasure_id, status, remaining });
}

/** A large account takes its time. */
const longest = 24 * 3_600_000;

/** `multimail erase`. */
export function runErase(args: readonly string[], io: LocalIo): Promise<number> {
  return command(io, async () => {
    const { values } = parseLocal(
      args,
      {
        operator: { type: "string" },
        address: { type: "string" },
        everything: { type: "boolean" },
        reference: { type: "string" },
        data: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
      0,
    );
    if (values.help) {
      io.stdout.write(eraseHelp);
      return exitCodes.ok;
    }
    const { operator, address = null, everything = false, reference = null } = values;
    if (operator === undefined || operator === "")
      throw new UsageError("Say whose data: --operator <id>.");
    if ((address === null) !== everything)
      throw new UsageError("Say what is to be erased: either --address <address> or --everything.");
    if (reference !== null && everything)
      throw new UsageError("--reference goes with --address only.");
    const { data } = configOf(io, values.data);
    const asked = JSON.stringify({ operator, address, reference } satisfies Wanted);
    try {
      const answer = JSON.parse(await callControl(data, "erase", asked, longest)) as Answer;
      io.stdout.write(values.json ? `${safeJson(answer)}\n` : words(answer));
      return answer.begun || answer.done ? exitCodes.ok : exitCodes.refused;
    } catch (error) {
      const { message } = error as Error;
      const hint =
        error instanceof ControlRefused
          ? error.hint
          : `Is the instance running, and is ${data} its data folder?`;
      const refused = error instanceof ControlRefused;
      io.stderr.write(
        `error: ${plainText(refused ? message : `No instance answers: ${message}.`)}\n`,
      );
      if (hint !== undefined) io.stderr.write(`hint: ${plainText(hint)}\n`);
      return exitCodes.refused;
    }
  });
}

function words(answer: Answer): string {
  if (answer.begun)
    return `Erasure ${answer.erasure_id} is ${answer.status}; the instance carries it on. Call again to see how far it is.\n`;
  const { messages, openings, done, held, retained_until, waiting } = answer;
  const gone = `${messages} messages and ${openings} openings of the log were erased.\n`;
  if (done) return `${gone}Nothing is left of the account that names people.\n`;
  const stays = [
    held > 0 ? `${held} are under legal hold` : "",
    retained_until === null ? "" : `some must be kept until ${retained_until}`,
    waiting > 0 ? `${waiting} have yet to come to their end` : "",
  ].filter((one) => one !== "");
  return `${gone}The rest stays for now: ${stays.join(", ")}. Call again then.\n`;
}

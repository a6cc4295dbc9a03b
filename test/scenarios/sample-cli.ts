/** Runs the command line in this process against a sample door, and keeps what it printed. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../src/cli/main.ts";
import { startSample } from "./sample-door.ts";
import { operations } from "./sample-operations.ts";

type Settings = { env?: Record<string, string>; stdin?: string; columns?: number };

async function runIn(url: string, args: string[], { env, stdin = "", columns }: Settings = {}) {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const sink = (chunks: Buffer[]) => ({
    write: (chunk: string | Uint8Array) => chunks.push(Buffer.from(chunk as string)),
  });
  const ran: string[][] = [];
  const code = await runCli(args, {
    env: env ?? {
      MULTIMAIL_API_URL: url,
      MULTIMAIL_API_KEY: "mm_test_all",
      MULTIMAIL_DATA: "/nonexistent",
    },
    stdout: { ...sink(out), ...(columns === undefined ? {} : { columns }) },
    stderr: sink(err),
    stdin: (async function* () {
      yield stdin;
    })(),
    operations,
    local: {
      serve: {
        summary: "Start everything",
        run: async (rest) => (ran.push(["serve", ...rest]), 0),
      },
      "sign-in-link": {
        summary: "Make a link",
        help: "Asks the instance here.",
        run: async (rest) => (ran.push(["sign-in-link", ...rest]), 0),
      },
      "audit verify": {
        summary: "Verify a log",
        run: async (rest) => (ran.push(["audit verify", ...rest]), 20),
      },
    },
    fetch,
  });
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString(), ran };
}

/** A door, a folder with `first-run.json` and `mail.md`, and a way to run commands with an environment that names the door. */
export async function startCli() {
  const sample = await startSample();
  const folder = await mkdtemp(join(tmpdir(), "cli-"));
  const first = {
    url: sample.url,
    admin_key: "mm_test_admin",
    agent_key: "mm_test_agent",
    oversight_key: "mm_test_oversight",
    mailbox_id: "first-box",
  };
  await writeFile(join(folder, "first-run.json"), JSON.stringify(first));
  await writeFile(join(folder, "mail.md"), "# From a file");
  return {
    ...sample,
    folder,
    /** The environment of a person beside the data of the first run. */
    first_run: { MULTIMAIL_DATA: folder },
    run: (args: string[], settings?: Settings) => runIn(sample.url, args, settings),
    async end() {
      await sample.close();
      await rm(folder, { recursive: true });
    },
  };
}

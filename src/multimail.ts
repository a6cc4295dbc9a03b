/** The composition root of the command `multimail`: commands computed from operations, and those that run here. */
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { runAuditExport, runAuditVerify } from "./cli/audit-verify.ts";
import { initFlags, runInit, settingFlag } from "./cli/init.ts";
import { runCli } from "./cli/main.ts";
import { runVerify } from "./cli/verify.ts";
import { describeSettings, processEnvironment, readConfig } from "./config.ts";
import { serve } from "./main.ts";
import { runStdio } from "./mcp/stdio.ts";
import { allOperations } from "./operations/all.ts";
import { signInLink } from "./control.ts";

const env = processEnvironment();
const { stdout, stderr, stdin } = process;
const io = {
  env,
  stdout,
  stderr,
  stdin,
  fetch: globalThis.fetch,
  now: () => new Date(),
  read_file: (path: string) => readFile(path),
  write_file: (path: string, content: string | Uint8Array) => writeFile(path, content),
};

// Whoever reads the output may have had enough, as `| head` has. That is no verdict, so it does not end like one: 141 is
// what a shell says of a program that SIGPIPE ended. The server goes on without readers.
if (process.argv[2] !== "serve")
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(141);
  });

/** One question on standard error; what is hidden is not shown as it is typed. */
async function askAtTerminal(question: string, hidden = false): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  stderr.write(question);
  const lines = createInterface({
    input: stdin,
    output: hidden ? nowhere : stderr,
    terminal: true,
  });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    if (hidden) stderr.write("\n");
  }
}

/** Runs a program of the checkout on this Node; ends as it ends. */
function runScript(path: string, args: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL(path, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, file, ...args], {
      stdio: "inherit",
    });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  ...io,
  operations: allOperations,
  local: {
    serve: {
      summary: "Run the server",
      help: "As npm start does. Settings come from the environment and multimail.config.json; multimail settings lists them.",
      run: () => serve(env),
    },
    "sign-in-link": {
      summary: "Make a one-time sign-in link for the owner of the running instance",
      help: "Asks the instance that runs here on the data folder MULTIMAIL_DATA (./data). No API key can make such a link.",
      run: () => signInLink(env, stdout, stderr),
    },
    settings: {
      summary: "List the server's settings",
      help: "Each with its default and meaning. They are set in the environment or in multimail.config.json, a JSON object of them.",
      async run() {
        for (const { name, value, meaning } of describeSettings())
          stdout.write(`${name}${value === null ? "" : ` (${value})`}\n    ${meaning}\n`);
        return 0;
      },
    },
    doctor: {
      summary: "Say what is wrong with an instance, and how to mend it",
      flags: ["data", "url", "key", "json"],
      run: async (args) => (await import("./doctor-command.ts")).runDoctor(args, io),
    },
    init: {
      summary: "Connect to a server, or write the settings of a new one",
      flags: [...initFlags, ...describeSettings().map(({ name }) => settingFlag(name))],
      run: (args) =>
        runInit(args, io, {
          settings: describeSettings(),
          check: (path) => void readConfig({ MULTIMAIL_CONFIG: path }),
          ...(stdin.isTTY && stderr.isTTY ? { ask: askAtTerminal } : {}),
        }),
    },
    backup: {
      summary: "Write a backup of database and keys, while the server goes on",
      flags: ["data", "without-keys", "json"],
      run: async (args) => (await import("./backup-command.ts")).runBackup(args, io),
    },
    restore: {
      summary: "Put a backup into a new data folder",
      flags: ["data", "json"],
      run: async (args) => (await import("./restore-command.ts")).runRestore(args, io),
    },
    migrate: {
      summary: "Bring the database's schema up to this release",
      flags: ["data", "check", "json"],
      run: async (args) => (await import("./migrate-command.ts")).runMigrate(args, io),
    },
    erase: {
      summary: "Erase what a deleted account left behind",
      flags: ["operator", "address", "everything", "reference", "data", "json"],
      run: async (args) => (await import("./erase-command.ts")).runErase(args, io),
    },
    demo: {
      summary: "One gated send told step by step, on data of its own",
      help: "Takes under a minute, and leaves nothing behind.",
      run: () => runScript("../scripts/demo.ts", []),
    },
    bench: {
      summary: "Measure this machine; bench/README.md says what and how",
      flags: [],
      run: (args) => runScript("../bench/main.ts", args),
    },
    verify: {
      summary: "Verify an email or an evidence bundle, offline",
      flags: ["bundle", "keys", "witness", "json"],
      run: (args) => runVerify(args, io),
    },
    "audit verify": {
      summary: "Verify the whole audit log, live or exported",
      flags: ["url", "key", "keys", "vkey", "save-checkpoint", "json"],
      run: (args) => runAuditVerify(args, io),
    },
    "audit export": {
      summary: "Export the audit log into a folder",
      flags: ["url", "key"],
      run: (args) => runAuditExport(args, io),
    },
    mcp: {
      summary: "MCP server on standard input and output, for a running instance",
      help: "Takes the server from MULTIMAIL_API_URL, the key from MULTIMAIL_API_KEY, and the mailbox where a call names none from MULTIMAIL_MAILBOX_ID.",
      run: () =>
        runStdio({
          api_url: env["MULTIMAIL_API_URL"],
          api_key: env["MULTIMAIL_API_KEY"],
          mailbox_id: env["MULTIMAIL_MAILBOX_ID"],
          stdin,
          stdout,
          stderr,
          fetch: globalThis.fetch,
        }),
    },
  },
});

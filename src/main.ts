/** The composition root of the server: reads the configuration, starts the instance, says what a person needs, stops in order. */
import { pino } from "pino";
import {
  type Config,
  ConfigError,
  type Environment,
  processEnvironment,
  readConfig,
} from "./config.ts";
import { PortTaken } from "./http/server.ts";
import { type Instance, startInstance } from "./instance.ts";
import { isUnavailable } from "./store/database.ts";
import { DatabaseUnusable } from "./store/migrate.ts";
import { DataFolderLocked, PostgresUnavailable } from "./store/postgres-launcher.ts";

/** Runs the server until it is told to stop. Resolves to the exit code. */
export async function serve(env: Environment): Promise<number> {
  // Listened for from the beginning: a start that is told to stop ends in order, with its database.
  const stop = told();
  let instance: Instance;
  let roles: Config["roles"];
  try {
    const config = readConfig(env);
    ({ roles } = config);
    const log = pino({ level: config.log_level }, pino.destination({ dest: 2, sync: true }));
    instance = await startInstance(config, log);
  } catch (error) {
    const line = oneLine(error);
    if (line === null) throw error;
    process.stderr.write(`multimail: ${line}\n`);
    return 1;
  }
  process.stdout.write(greeting(instance, roles));
  await stop;
  process.stdout.write("\nStopping: finishing what was begun…\n");
  await instance.stop();
  return 0;
}

/** Repeats of a signal within this many milliseconds are one: npm, a launcher and a terminal may each hand it on. */
const echo = 1000;

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; when somebody insists later, the process ends at once. */
function told(): Promise<void> {
  return new Promise((resolve) => {
    let first: number | null = null;
    const signal = (): void => {
      const now = performance.now();
      if (first === null) {
        first = now;
        resolve();
      } else if (now - first > echo) process.exit(130);
    };
    process.on("SIGINT", signal);
    process.on("SIGTERM", signal);
    process.on("SIGHUP", signal);
  });
}

/** The message of an error that a person can mend; null for bugs. */
function oneLine(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (
    error instanceof ConfigError ||
    error instanceof PortTaken ||
    error instanceof DataFolderLocked
  )
    return error.message;
  if (error instanceof PostgresUnavailable) return `${error.message}: ${error.hint}`;
  if (error instanceof DatabaseUnusable) return `${error.message} ${error.hint}`;
  const code = "code" in error ? String(error.code) : "";
  if (code === "EADDRINUSE")
    return `A port is already in use: ${error.message}. Free it, or set MULTIMAIL_PORT, MULTIMAIL_SMTP_PORT, MULTIMAIL_SUBMISSION_PORT or MULTIMAIL_CATCHER_PORT to another.`;
  if (["EADDRNOTAVAIL", "ENOTFOUND"].includes(code) && "syscall" in error)
    return `MULTIMAIL_HOST or MULTIMAIL_SMTP_HOST is no address of this machine: ${error.message}.`;
  // The system's words for it, and PostgreSQL's.
  if (["ENOSPC", "EDQUOT", "53100"].includes(code))
    return "The disk is full: free some space and start again.";
  if (isUnavailable(error))
    return `The database is unavailable: ${error.message}. Try again when it is back.`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return error.message;
  return null;
}

function greeting(instance: Instance, roles: Config["roles"]): string {
  const { url, catcher, dashboard_link: link, agent_key: key, mailbox_id: mailbox } = instance;
  const mail = catcher
    ? `  Mail is caught here and does not leave: ${url}/catcher (SMTP on ${catcher.host}:${catcher.port}, files in ${catcher.folder})`
    : "  Mail leaves through the relay, or straight to its recipients.";
  const { smtp } = instance;
  const doors = smtp
    ? `  Mail for our mailboxes: SMTP on ${smtp.inbound.host}:${smtp.inbound.port}; programs send with an API key on ${smtp.submission.host}:${smtp.submission.port}`
    : "";
  if (!roles.has("api"))
    return `\n  MultiMail is ready (${[...roles].join(", ")}; requests are for other nodes)\n\n${[mail, ...(doors === "" ? [] : [doors])].join("\n")}\n\n`;
  const lines = [
    "",
    `  MultiMail is ready at ${url}`,
    "",
    "  Sign in (the link works once, for a day; `npx multimail sign-in-link` makes another):",
    `    ${link ?? "-"}`,
    "",
    `  Keys and ids: ${instance.first_run_file ?? "first-run.json in the data folder of the node that was started first"}`,
    mail,
    ...(doors === "" ? [] : [doors]),
  ];
  if (key !== null && mailbox !== null)
    lines.push(
      "",
      "  Send a first message, then approve it on the page above:",
      `    curl -sS ${url}/v1/mailboxes/${mailbox}/send \\`,
      `      -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\`,
      `      -d '{"to": ["ada@example.com"], "subject": "Hello", "markdown": "A **first** message."}'`,
    );
  return `${lines.join("\n")}\n\n`;
}

if (import.meta.main) process.exitCode = await serve(processEnvironment());

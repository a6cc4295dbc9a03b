/** The command `multimail init`: connects this person to a server, or writes the settings of a new one; asks, or takes flags. */
import { access, readFile, rm } from "node:fs/promises";
import type { parseArgs } from "node:util";
import { baseOf, environmentKey } from "./connection.ts";
import { UsageError } from "./flags.ts";
import { exitCodes } from "./help.ts";
import { type LocalIo, parseLocal, readInput, withExitCode } from "./local-io.ts";
import { plainText } from "./print.ts";
import { type Profile, writeProfile, writeWhole } from "./profile.ts";
import { CannotConnect } from "./request.ts";

/** A setting of the server. */
export type Setting = { name: string; value: string | null; meaning: string };

/** What `init` needs beside the machine. */
export type InitParts = {
  settings: readonly Setting[];
  /** Throws an Error with one line where the server would not start with the file. */
  check(path: string): void;
  /** Asks a person at the terminal; absent where there is none. */
  ask?: (question: string, hidden?: boolean) => Promise<string>;
};

const help = `Usage: multimail init [--flag value …]

With --url: keeps server, key and mailbox in a profile (~/.config/multimail/profile.json, readable by you alone), which
every command then uses. The key is checked first; --key - reads it from standard input, so that no history keeps it.

Without --url: writes the settings of a new server into a file. Asks for the most important ones at a terminal; each
setting is a flag too (--domain, --delivery …; multimail settings lists them).

Options:
  --url <url>       Server to connect to
  --key <key>       API key, or - for standard input
  --mailbox <id>    Mailbox where a command needs one; the only one the key reaches, where it is left out
  --config <file>   File for the settings, else multimail.config.json
  --yes             Ask nothing: defaults for what is not given
  --force           Replace a file that is there
  --<setting> <…>   Any setting of the server

Exit codes:
  0  done
  1  the server refused the key
  2  the command was not called rightly, or a setting is wrong
  3  the server cannot be reached
`;

/** What a person is asked for a new server. */
const asked = [
  "MULTIMAIL_OPERATOR_NAME",
  "MULTIMAIL_POSTAL_ADDRESS",
  "MULTIMAIL_DOMAIN",
  "MULTIMAIL_OVERSIGHT_ADDRESS",
  "MULTIMAIL_DELIVERY",
];

/** `MULTIMAIL_SMTP_PORT` as `smtp-port`, `DATABASE_URL` as `database-url`. */
export function settingFlag(name: string): string {
  return name
    .replace(/^MULTIMAIL_/, "")
    .toLowerCase()
    .replaceAll("_", "-");
}

/** The options of `init` that are no settings. */
export const initFlags = ["url", "key", "mailbox", "config", "yes", "force"] as const;

/** Runs the command with the words behind it; gives the exit code. */
export function runInit(args: readonly string[], io: LocalIo, parts: InitParts): Promise<number> {
  return withExitCode(io, async () => {
    const options: NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]> = {
      url: { type: "string" },
      key: { type: "string" },
      mailbox: { type: "string" },
      config: { type: "string" },
      yes: { type: "boolean" },
      force: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    };
    for (const { name } of parts.settings) options[settingFlag(name)] ??= { type: "string" };
    const { values } = parseLocal(args, options, 0);
    const text = (name: string): string | undefined =>
      typeof values[name] === "string" ? values[name] : undefined;
    if (values["help"] === true) {
      io.stdout.write(help);
      return exitCodes.ok;
    }
    const url = text("url");
    if (url !== undefined)
      return connect(io, parts, { url: baseOf(url), key: text("key"), mailbox: text("mailbox") });
    const more = { yes: values["yes"] === true, force: values["force"] === true };
    return writeSettings(
      io,
      parts,
      { file: text("config") ?? "multimail.config.json", ...more },
      text,
    );
  });
}

type Account = { name?: unknown; credential?: { scopes?: unknown } };

async function connect(
  io: LocalIo,
  { ask }: InitParts,
  given: { url: string; key: string | undefined; mailbox: string | undefined },
): Promise<number> {
  const { url } = given;
  const key = (
    given.key === "-"
      ? (await readInput(io, "-")).toString("utf8")
      : (given.key ?? environmentKey(io.env, url) ?? (await ask?.("API key: ", true)) ?? "")
  ).trim();
  if (!/^[\x21-\x7e]{1,500}$/.test(key))
    throw new UsageError("There is no key to connect with.", "Give --key, or --key - and pipe it.");
  const account = await get(io, url, key, "/v1/account");
  if (account.status !== 200) {
    const { error } = (account.body ?? {}) as { error?: unknown };
    io.stderr.write(
      `error: ${url} does not take the key: ${plainText(typeof error === "string" ? error : String(account.status))}\n`,
    );
    return exitCodes.refused;
  }
  const { name, credential } = account.body as Account;
  const mailbox_id = given.mailbox ?? (await onlyMailbox(io, url, key));
  const profile: Profile = { url, key, ...(mailbox_id === undefined ? {} : { mailbox_id }) };
  const path = await writeProfile(io.env, profile);
  const scopes = Array.isArray(credential?.scopes) ? credential.scopes.join(", ") : "?";
  io.stdout.write(
    `Connected to ${plainText(String(name))} at ${url}, with the scopes ${plainText(scopes)}.\nKept in ${plainText(path)}.\n`,
  );
  return exitCodes.ok;
}

async function onlyMailbox(io: LocalIo, url: string, key: string): Promise<string | undefined> {
  const { status, body } = await get(io, url, key, "/v1/mailboxes?limit=2");
  const { mailboxes } = (body ?? {}) as { mailboxes?: { id?: unknown }[] };
  const [only, ...others] = status === 200 && Array.isArray(mailboxes) ? mailboxes : [];
  return others.length === 0 && typeof only?.id === "string" ? only.id : undefined;
}

async function get(
  io: LocalIo,
  url: string,
  key: string,
  path: string,
): Promise<{ status: number; body: unknown }> {
  try {
    const response = await io.fetch(url + path, {
      headers: { authorization: `Bearer ${key}` },
      // A redirect would carry the key to an address that nobody named.
      redirect: "error",
      signal: AbortSignal.timeout(15_000),
    });
    const body = await response.json().catch(() => null);
    return { status: response.status, body };
  } catch (error) {
    throw new CannotConnect(url, error);
  }
}

async function writeSettings(
  io: LocalIo,
  parts: InitParts,
  { file, yes, force }: { file: string; yes: boolean; force: boolean },
  text: (name: string) => string | undefined,
): Promise<number> {
  if (!force && (await exists(file)))
    throw new UsageError(
      `${file} is there already.`,
      "Change it there, or replace it with --force.",
    );
  const values: Record<string, string> = {};
  for (const { name } of parts.settings) {
    const value = text(settingFlag(name));
    if (value !== undefined) values[name] = value;
  }
  if (!yes && parts.ask) await askFor(parts, parts.ask, values);
  else if (!yes && Object.keys(values).length === 0)
    throw new UsageError(
      "There is no terminal to ask at.",
      "Give settings as flags, or --yes for the defaults; see multimail init --help.",
    );
  const draft = `${file}.draft`;
  await writeWhole(draft, values);
  const content = JSON.parse(await readFile(draft, "utf8")) as object;
  try {
    parts.check(draft);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  } finally {
    await removeFile(draft);
  }
  await writeWhole(file, content);
  io.stdout.write(
    `Written: ${plainText(file)} (${Object.keys(values).length} settings; the rest are defaults).\nStart: multimail serve. Look: multimail doctor.\n`,
  );
  return exitCodes.ok;
}

async function askFor(
  { settings }: InitParts,
  ask: NonNullable<InitParts["ask"]>,
  values: Record<string, string>,
): Promise<void> {
  const relay = ["MULTIMAIL_RELAY_URL"];
  for (const name of asked) await askOne(name);
  if (values["MULTIMAIL_DELIVERY"] === "relay") for (const name of relay) await askOne(name);

  async function askOne(name: string): Promise<void> {
    const setting = settings.find((one) => one.name === name);
    if (!setting || values[name] !== undefined) return;
    const usual = setting.value === null ? "" : ` [${setting.value}]`;
    const answer = (await ask(`${setting.meaning}${usual}: `)).trim();
    if (answer !== "") values[name] = answer;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

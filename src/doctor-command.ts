/** The command `multimail doctor`: looks at an instance's machine, or at a server from afar, and says what is wrong and how to mend it. */
import { randomBytes } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { baseOf } from "./cli/connection.ts";
import { exitCodes } from "./cli/help.ts";
import { type LocalIo, parseLocal, withExitCode } from "./cli/local-io.ts";
import { plainText, safeJson } from "./cli/print.ts";
import { readProfile } from "./cli/profile.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { filesIn, openOwner, silent } from "./data-commands.ts";
import { ask, lookAfar, lookAtKey } from "./doctor-afar.ts";
import { createKeyring } from "./engine/keyring.ts";
import {
  type Finding,
  checkCertificateFiles,
  checkClock,
  checkFolder,
  checkHost,
  checkHttps,
  checkPort,
  checkSecrets,
  wordsOf,
} from "./maintenance/checks.ts";
import { lockHolder } from "./store/data-folder-lock.ts";
import { openDatabase } from "./store/database.ts";
import { releaseMigrations } from "./store/migrate.ts";
import { listOperators } from "./store/operators.ts";
import { examineDatabase } from "./store/whole-database.ts";

const help = `Usage: multimail doctor [--flag value …]

Looks at settings, data folder, database, keys, ports, TLS, DNS and clock of the instance on this machine, beside a
running server or without one, and changes nothing. With --url it looks at a server from afar.

Options:
  --data <folder>  Data folder, else MULTIMAIL_DATA or ./data
  --url <url>      A server to look at from afar, else MULTIMAIL_API_URL where there is no data here
  --key <key>      Its API key, else MULTIMAIL_API_KEY or that of the profile
  --json           Print the findings as JSON

Exit codes:
  0  nothing is wrong; there may be warnings
  1  something is wrong
  2  the command was not called rightly
`;

/** Runs the command with the words behind it; gives the exit code: 0, 1 or 2. */
export function runDoctor(args: readonly string[], io: LocalIo): Promise<number> {
  return withExitCode(io, async () => {
    const { values } = parseLocal(
      args,
      {
        data: { type: "string" },
        url: { type: "string" },
        key: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
      0,
    );
    if (values.help) {
      io.stdout.write(help);
      return exitCodes.ok;
    }
    const env = values.data === undefined ? io.env : { ...io.env, MULTIMAIL_DATA: values.data };
    const url = values.url ?? (await remoteOf(env));
    const findings =
      url === null ? await lookHere(env, io) : await lookAfar(baseOf(url), values.key, io);
    const wrong = findings.filter(({ state }) => state === "wrong").length;
    if (values.json) io.stdout.write(`${safeJson({ wrong, findings })}\n`);
    else io.stdout.write(report(findings));
    return wrong > 0 ? exitCodes.refused : exitCodes.ok;
  });
}

const marks = { ok: "ok     ", warning: "warning", wrong: "WRONG  ", skipped: "-      " } as const;

function report(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ area, state, says, mend }) => [
    `${marks[state]}  ${area.padEnd(8)}  ${plainText(says)}`,
    ...(mend === undefined ? [] : [`${" ".repeat(19)}${plainText(mend)}`]),
  ]);
  const count = (state: Finding["state"]): number =>
    findings.filter((finding) => finding.state === state).length;
  return `${lines.join("\n")}\n\n${count("wrong")} wrong, ${count("warning")} to look at.\n`;
}

/** A server that the environment or the profile names, where nothing on this machine is meant. */
async function remoteOf(env: LocalIo["env"]): Promise<string | null> {
  const here = (await filesIn(env["MULTIMAIL_DATA"] || "data").catch(() => [])).length > 0;
  if (here || env["MULTIMAIL_DATA"] || env["DATABASE_URL"]) return null;
  return env["MULTIMAIL_API_URL"] || (await readProfile(env))?.url || null;
}

/** What the instance's own machine shows. */
async function lookHere(env: LocalIo["env"], io: LocalIo): Promise<Finding[]> {
  let config: Config;
  try {
    config = readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [
      {
        area: "settings",
        state: "wrong",
        says: error.message,
        mend: "multimail settings lists all.",
      },
    ];
  }
  const first = await firstRunOf(config.data);
  const process = await lockHolder(config.data);
  const at = await answering(config, io, first, process !== null);
  const running = process !== null || at !== null;
  // A key goes to the address that it was written down with, never to whatever has the port of the settings.
  const reached = first && at === first.url ? first : null;
  return [
    { area: "settings", state: "ok", says: "The settings can be read." },
    serverFinding(config, process, at),
    ...(await checkFolder(config.data)),
    ...(await lookAtDatabase(config, io)),
    ...(await checkSecrets(config.data, ["master.key", "first-run.json", "smtp-tls.pem"])),
    ...(reached ? await lookAtKey(io, reached.url, reached.admin_key) : []),
    ...(await lookAtPorts(config, running)),
    ...(await lookAtTls(config, io)),
    ...(await lookAtNames(config, io, reached)),
  ];
}

/** Where the server answers on this machine: at the door of the settings, or where the first run said; null for nowhere. */
async function answering(
  config: Config,
  io: LocalIo,
  first: FirstRun | null,
  locked: boolean,
): Promise<string | null> {
  const host = ["0.0.0.0", "::"].includes(config.host) ? "127.0.0.1" : config.host;
  const door = `http://${host.includes(":") ? `[${host}]` : host}:${config.port}`;
  // Where nothing runs here, another instance may have the usual port.
  for (const url of [first?.url, locked && config.port !== 0 ? door : undefined])
    if (url !== undefined && (await ask(io, url, "/health", null)).status === 200) return url;
  return null;
}

function serverFinding(config: Config, process: number | null, at: string | null): Finding {
  if (at !== null) return { area: "server", state: "ok", says: `A server answers at ${at}.` };
  if (process === null)
    return { area: "server", state: "skipped", says: "No server of this data folder answers." };
  if (!config.roles.has("api"))
    return { area: "server", state: "ok", says: `Process ${process} runs, without the HTTP door.` };
  return {
    area: "server",
    state: "warning",
    says: `Process ${process} uses this data folder, and its HTTP door was not found.`,
    mend: "Run the doctor with the settings of the server.",
  };
}

type FirstRun = { url: string; admin_key: string };

async function firstRunOf(folder: string): Promise<FirstRun | null> {
  try {
    const value = JSON.parse(await readFile(join(folder, "first-run.json"), "utf8")) as FirstRun;
    return typeof value.url === "string" ? value : null;
  } catch {
    return null;
  }
}

async function lookAtDatabase(config: Config, io: LocalIo): Promise<Finding[]> {
  const isNew = config.database_url === null && (await filesIn(config.data)).length === 0;
  if (isNew)
    return [
      { area: "database", state: "skipped", says: "There is none yet: the first start makes it." },
    ];
  try {
    const owner = await openOwner(config);
    try {
      const facts = await examineDatabase(owner.connection);
      const known = await releaseMigrations();
      const missing = known.filter((name) => !facts.migrations.includes(name));
      const newer = facts.migrations.filter((name) => !known.includes(name));
      return [
        {
          area: "database",
          state: "ok",
          says: `PostgreSQL ${facts.server_version} answers${owner.running ? ", beside the server" : ""}.`,
        },
        newer.length > 0
          ? {
              area: "database",
              state: "wrong",
              says: `It was written by a newer release (${newer.join(", ")}).`,
              mend: "Start that release or a later one.",
            }
          : missing.length > 0
            ? {
                area: "database",
                state: "warning",
                says: `It lacks ${missing.join(", ")}.`,
                mend: "Make a backup; the next start, or multimail migrate, brings it up to date.",
              }
            : { area: "database", state: "ok", says: "Its schema is that of this release." },
        checkClock(io.now(), facts.now, "the database"),
        ...(missing.length > 0 || newer.length > 0 ? [] : await lookAtMasterKey(config, owner)),
      ];
    } finally {
      await owner.close();
    }
  } catch (error) {
    const hint = error instanceof Error && "hint" in error ? String(error.hint) : null;
    return [
      {
        area: "database",
        state: "wrong",
        says: `The database does not answer: ${wordsOf(error)}.`,
        mend: hint ?? "Check DATABASE_URL, and postgres.log in the data folder.",
      },
    ];
  }
}

/** That the master key opens the private keys in the database. */
async function lookAtMasterKey(
  config: Config,
  { connection }: Awaited<ReturnType<typeof openOwner>>,
): Promise<Finding[]> {
  const file = join(config.data, "master.key");
  const text = config.master_key ?? (await readFile(file, "utf8").catch(() => ""));
  const database = openDatabase(connection, silent);
  try {
    const operators = await listOperators(database);
    if (operators.length === 0) return [];
    if (!/^[0-9a-f]{64}$/.test(text.trim()))
      return [
        {
          area: "keys",
          state: "wrong",
          says: "There is no master key, and the database holds keys that are sealed with it.",
          mend: `Restore ${file} from a backup, or set MULTIMAIL_MASTER_KEY.`,
        },
      ];
    const keyring = createKeyring(database, Buffer.from(text.trim(), "hex"), randomBytes);
    for (const { operator_id } of operators) await keyring.of(operator_id);
    return [{ area: "keys", state: "ok", says: "The master key opens the private keys." }];
  } catch {
    return [
      {
        area: "keys",
        state: "wrong",
        says: "The master key does not open the keys in the database.",
        mend: "Set MULTIMAIL_MASTER_KEY to the key they were made with, the same on every node.",
      },
    ];
  } finally {
    await database.close();
  }
}

async function lookAtPorts(config: Config, running: boolean): Promise<Finding[]> {
  const doors: [string, string, number | null, string][] = [];
  if (config.roles.has("api")) doors.push(["HTTP", config.host, config.port, "MULTIMAIL_PORT"]);
  // Where no port is set another one is taken by itself: then only what was set can be wrong.
  if (config.roles.has("smtp")) {
    doors.push(["Mail in", config.smtp_host, config.smtp_port, "MULTIMAIL_SMTP_PORT"]);
    const submission = config.submission_port;
    doors.push(["Submission", config.smtp_host, submission, "MULTIMAIL_SUBMISSION_PORT"]);
  }
  const findings: Finding[] = [];
  for (const [purpose, host, port, setting] of doors)
    if (port !== null && port !== 0)
      findings.push(await checkPort(purpose, host, port, running, setting));
  if (config.delivery !== "capture" && config.roles.has("smtp") && config.smtp_port !== 25)
    findings.push({
      area: "ports",
      state: "warning",
      says: "Mail from the Internet comes to port 25, and the inbound door is not there.",
      mend: "Set MULTIMAIL_SMTP_PORT=25 and MULTIMAIL_SMTP_HOST=0.0.0.0, or forward the port.",
    });
  return findings;
}

async function lookAtTls(config: Config, io: LocalIo): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (config.tls)
    findings.push(await checkCertificateFiles(config.tls, config.smtp_name, io.now()));
  else
    findings.push({
      area: "tls",
      state: config.delivery === "capture" ? "skipped" : "warning",
      says: "The certificate for SMTP is one that was made here.",
      ...(config.delivery === "capture"
        ? {}
        : {
            mend: "Set MULTIMAIL_TLS_CERT and MULTIMAIL_TLS_KEY: senders with MTA-STS want a real one.",
          }),
    });
  const url = config.public_url === null ? null : new URL(config.public_url);
  if (url?.protocol === "https:") findings.push(await checkHttps(url, io.now()));
  else if (url && config.delivery !== "capture")
    findings.push({
      area: "tls",
      state: "warning",
      says: `${url.origin} is not https: keys and sign-in links travel in the clear.`,
      mend: "Put a proxy with a certificate before it, and set MULTIMAIL_PUBLIC_URL.",
    });
  return findings;
}

/** Names of ours in DNS, and the domains with what their last check found. */
async function lookAtNames(
  config: Config,
  io: LocalIo,
  first: FirstRun | null,
): Promise<Finding[]> {
  if (config.delivery === "capture")
    return [
      {
        area: "dns",
        state: "skipped",
        says: "Mail is caught here (MULTIMAIL_DELIVERY=capture): no DNS is needed.",
      },
    ];
  const findings: Finding[] = [];
  if (config.dns) findings.push(await checkResolver(config.dns, config.domain));
  findings.push(await checkHost(config.smtp_name, "This host's name in SMTP"));
  if (config.relay_url !== null)
    findings.push(await checkHost(new URL(config.relay_url).hostname, "The relay"));
  const answer = first ? await ask(io, first.url, "/v1/domains?limit=100", first.admin_key) : null;
  const { domains = [] } = (answer?.body ?? {}) as {
    domains?: { id: string; domain?: string; name?: string; status: string }[];
  };
  for (const { id, domain, name, status } of domains)
    findings.push(
      status === "verified"
        ? { area: "dns", state: "ok", says: `The records of ${domain ?? name} are right.` }
        : {
            area: "dns",
            state: "warning",
            says: `The domain ${domain ?? name} is ${status}.`,
            mend: `multimail domain ${id} shows which records are missing.`,
          },
    );
  return findings;
}

async function checkResolver(servers: readonly string[], name: string): Promise<Finding> {
  const resolver = new Resolver({ timeout: 3000, tries: 1 });
  resolver.setServers(servers);
  try {
    await resolver.resolveMx(name);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    // That there is no such record is an answer.
    if (!["ENODATA", "ENOTFOUND"].includes(code))
      return {
        area: "dns",
        state: "wrong",
        says: `The DNS servers ${servers.join(", ")} do not answer: ${code || wordsOf(error)}.`,
        mend: "Set MULTIMAIL_DNS to servers that answer from here, or leave it out.",
      };
  }
  return { area: "dns", state: "ok", says: `The DNS servers ${servers.join(", ")} answer.` };
}

/** The first start: founds the operator and keeps its secrets in first-run.json, which no crash can tear from the database. */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Config, ConfigError } from "./config.ts";
import { type Founded, foundFirstOperator } from "./engine/bootstrap.ts";
import type { EngineContext } from "./engine/context.ts";
import type { Engine } from "./engine/engine.ts";
import { getMailbox } from "./store/mailboxes.ts";
import { type OperatorRow, listOperators } from "./store/operators.ts";

/** What `first-run.json` holds. */
export type FirstRunFile = {
  url: string;
  admin_key: string;
  agent_key: string;
  oversight_key: string;
  mailbox_id: string;
  mailbox_address: string;
  dashboard_link: string;
};

/** What a start knows of the first one. Keys are null where another node founded, or the file was taken away. */
export type FirstRun = {
  /** Null where this node has no such file. */
  file: string | null;
  operator_ids: string[];
  dashboard_link: string | null;
  agent_key: string | null;
  mailbox_id: string | null;
};

/** Founds the operator where there is none; else finds everything. Each start makes a fresh sign-in link. */
export async function settleFirstRun(
  config: Config,
  context: EngineContext,
  engine: Engine,
  publicUrl: string,
): Promise<FirstRun> {
  const file = join(config.data, "first-run.json");
  const prepared = `${file}.prepared`;
  let operators = await listOperators(context.database);
  if (operators.length === 0) {
    // The secrets are on disk before the commit that makes them valid, under a name that says "perhaps".
    await foundFirstOperator(context, founding(config), (founded) =>
      writeDurably(prepared, fileOf(founded, publicUrl, "")),
    );
    operators = await listOperators(context.database);
  }
  const [first] = operators;
  if (!first) throw new Error("the operator vanished after it was founded");
  await assertMasterKey(context, operators);
  await settlePrepared(context, operators, prepared, file);
  const link = await engine.mintSignInLink(first.operator_id);
  const known = await readFirstRun(file);
  if (known) await writeDurably(file, { ...known, url: publicUrl, dashboard_link: link });
  return {
    file: known ? file : null,
    operator_ids: operators.map((operator) => operator.operator_id),
    dashboard_link: link,
    agent_key: known?.agent_key ?? null,
    mailbox_id: known?.mailbox_id ?? null,
  };
}

/** The private keys in the database open with this node's master key only if it is the one that sealed them. */
async function assertMasterKey(
  context: EngineContext,
  operators: readonly OperatorRow[],
): Promise<void> {
  try {
    for (const { operator_id } of operators) await context.keyring.of(operator_id);
  } catch (error) {
    // OpenSSL's words for a tag that does not fit; there is no code.
    if (!(error instanceof Error && error.message.includes("unable to authenticate"))) throw error;
    throw new ConfigError(
      "The master key does not open the keys in the database: set MULTIMAIL_MASTER_KEY to the key they were made with, the same on every node (it is in master.key in the data folder of the first).",
    );
  }
}

/**
 * What was prepared, just now or before a crash, gets its name if its founding was committed. It was not where a crash came
 * before the commit and another node has founded since.
 */
async function settlePrepared(
  context: EngineContext,
  operators: readonly OperatorRow[],
  prepared: string,
  file: string,
): Promise<void> {
  const waiting = await readFirstRun(prepared);
  if (!waiting) return;
  const mailboxes = await Promise.all(
    operators.map(({ operator_id }) =>
      context.database.as(operator_id, (tx) => getMailbox(tx, waiting.mailbox_id)),
    ),
  );
  if (mailboxes.some((mailbox) => mailbox !== null)) await rename(prepared, file);
  else await rm(prepared);
}

/** Public keys for verifiers, beside the data: `multimail verify` reads them without a server. */
export async function keepPublicKeys(
  config: Config,
  engine: Engine,
  operatorIds: readonly string[],
): Promise<void> {
  const all = await Promise.all(operatorIds.map((operatorId) => engine.publicKeys(operatorId)));
  await writeDurably(join(config.data, "public-keys.json"), {
    jwks: all[0]?.jwks ?? { keys: [] },
    dkim: Object.assign({}, ...all.map((keys) => keys.dkim)) as Record<string, string>,
    logs: Object.assign({}, ...all.map((keys) => keys.logs)) as Record<string, string>,
    directory: Object.assign({}, ...all.map((keys) => keys.directory ?? {})) as Record<
      string,
      string
    >,
  });
}

function founding(config: Config): Parameters<typeof foundFirstOperator>[1] {
  const slug = config.operator_name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return {
    name: config.operator_name,
    slug: slug.replaceAll(/^-|-$/g, "") || "operator",
    postal_address: config.postal_address,
    oversight_address: config.oversight_address,
    owner: { name: config.owner_name, email: config.oversight_address },
    domain: config.domain,
    mailbox_local_part: "agent",
  };
}

function fileOf(founded: Founded, url: string, link: string): FirstRunFile {
  const { admin_key, agent_key, oversight_key, mailbox_id, mailbox_address } = founded;
  return {
    url,
    admin_key,
    agent_key,
    oversight_key,
    mailbox_id,
    mailbox_address,
    dashboard_link: link,
  };
}

async function readFirstRun(file: string): Promise<FirstRunFile | null> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as FirstRunFile;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    // Its content is secret: what the parser says of it would quote it.
    if (error instanceof SyntaxError)
      throw new ConfigError(`${file} is damaged: restore it from a backup, or move it away.`);
    throw error;
  }
}

/** Writes a JSON file that is whole or absent, readable by its owner alone. */
async function writeDurably(file: string, content: object): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, "w", 0o600);
  await handle.writeFile(`${JSON.stringify(content, null, 2)}\n`);
  await handle.sync();
  await handle.close();
  await rename(temporary, file);
  const folder = await open(dirname(file), "r");
  await folder.sync();
  await folder.close();
}

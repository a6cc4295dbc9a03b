/** Makes the engine's context: clock, ids, keys, and the address the instance is known by. */
import { createHmac, randomBytes } from "node:crypto";
import { link, open, readFile, unlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Logger } from "pino";
import { type Config, ConfigError } from "./config.ts";
import type { SendingHost } from "./core/domain-records.ts";
import { idMaker } from "./core/id.ts";
import { usualSchedule } from "./core/webhook-retry.ts";
import type { EngineContext } from "./engine/context.ts";
import { createKeyring } from "./engine/keyring.ts";
import { createSubjects } from "./engine/subjects.ts";
import { type Reading, openReading } from "./mail-reading.ts";
import type { Storage } from "./storage.ts";
import { listOperators } from "./store/operators.ts";

/** The context, the port the HTTP door will take, and the origin the world uses. */
export async function createEngineContext(
  config: Config,
  storage: Storage,
  log: Logger,
  wake: EngineContext["wake"],
): Promise<{ context: EngineContext; reading: Reading; port: number; public_url: string }> {
  const port = config.port === 0 ? await freePort(config.host) : config.port;
  const publicUrl = config.public_url ?? `http://localhost:${port}`;
  const masterKey = await readMasterKey(config, storage);
  const now = (): Date => new Date();
  const reading = openReading(config, now, log);
  const context: EngineContext = {
    database: storage.database,
    now,
    new_id: idMaker(Date.now, randomBytes),
    random: randomBytes,
    keyring: createKeyring(storage.database, masterKey, randomBytes),
    subjects: createSubjects(storage.database, masterKey, now, randomBytes),
    public_url: publicUrl,
    unsubscribe_key: createHmac("sha256", masterKey).update("unsubscribe").digest(),
    link_key: createHmac("sha256", masterKey).update("decision link").digest(),
    instance_domain: config.domain,
    code_key: createHmac("sha256", masterKey).update("one-time-code").digest(),
    log,
    webhooks: {
      key: createHmac("sha256", masterKey).update("webhook secrets").digest(),
      targets: { allow_private: config.private_webhooks, allow_http: config.private_webhooks },
      schedule: usualSchedule,
    },
    domains: { resolver: reading.live_resolver, host: sendingHost(config, publicUrl) },
    mail: reading.mail,
    daily_quota: config.daily_quota,
    limits: config.limits,
    wake,
  };
  return { context, reading, port, public_url: publicUrl };
}

/** What the instance is to the world, as records of domains name it. */
function sendingHost(config: Config, publicUrl: string): SendingHost {
  return {
    smtp_name: config.smtp_name,
    web_host: new URL(publicUrl).hostname.replaceAll(/[[\]]/g, ""),
    source_addresses: config.source_addresses,
    delivery: config.delivery,
  };
}

/** The key that seals private keys: from the configuration, else from a file made once in the data folder. */
async function readMasterKey(config: Config, storage: Storage): Promise<Buffer> {
  if (config.master_key !== null) return Buffer.from(config.master_key, "hex");
  const file = join(config.data, "master.key");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  if (text !== null) {
    if (!/^[0-9a-f]{64}$/.test(text.trim()))
      throw new ConfigError(`${file} does not hold a key: restore it from a backup.`);
    return Buffer.from(text.trim(), "hex");
  }
  // Another key would open nothing of what is there, and would look as if it were the right one.
  if ((await listOperators(storage.database)).length > 0)
    throw new ConfigError(
      `${file} is missing, and the database holds keys that are sealed with it: restore it from a backup, or set MULTIMAIL_MASTER_KEY.`,
    );
  const key = randomBytes(32);
  // Whole or absent, never overwritten, and on disk before anything is sealed with it.
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, "w", 0o600);
  await handle.writeFile(`${key.toString("hex")}\n`);
  await handle.sync();
  await handle.close();
  await link(temporary, file);
  await unlink(temporary);
  return key;
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

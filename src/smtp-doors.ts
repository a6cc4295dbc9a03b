/** The SMTP doors of an instance: mail for our mailboxes, and programs that send with an API key. */
import { link, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { Logger } from "pino";
import { availability } from "./availability.ts";
import { type Config, ConfigError } from "./config.ts";
import type { Actor } from "./core/actor.ts";
import type { Engine } from "./engine/engine.ts";
import { toWire } from "./operations/messages/views.ts";
import { startInbound } from "./smtp/inbound.ts";
import { type SelfSigned, selfSignedCertificate } from "./smtp/self-signed.ts";
import type { Door } from "./smtp/smtp-door.ts";
import { startSubmission } from "./smtp/submission.ts";

/** Where the doors listen. */
export type SmtpDoors = {
  inbound: { host: string; port: number };
  submission: { host: string; port: number };
  close(): Promise<void>;
};

const usualPorts = { inbound: 2525, submission: 2587 };

/** Opens both doors. */
export async function openSmtpDoors(
  config: Config,
  engine: Engine,
  now: () => Date,
  log: Logger,
): Promise<SmtpDoors> {
  const shared = {
    host: config.smtp_host,
    name: config.smtp_name,
    tls: await certificateOf(config, now()),
    limits: {
      messages_per_minute: config.smtp_rate,
      messages_per_recipient: config.smtp_rate,
    },
    now,
    log,
  };
  const guard = availability(log);
  const authenticate = guard.of(engine.authenticate);
  const submit = guard.of(engine.submitRaw);
  const takeRate = guard.of(engine.rate.take);
  const inbox = { recipient: guard.of(engine.inboundRecipient), accept: guard.of(engine.accept) };
  const inbound = await listen(config.smtp_port, usualPorts.inbound, (port) =>
    startInbound({
      ...shared,
      port,
      inbox: { ...inbox, recipient: (address) => inbox.recipient(address) },
    }),
  );
  try {
    const submission = await listen(config.submission_port, usualPorts.submission, (port) =>
      startSubmission<Actor>({
        ...shared,
        port,
        async authenticate(key) {
          const actor = await authenticate(key);
          return actor && { actor };
        },
        async submit(actor, mail) {
          await takeRate(actor);
          const { id, status } = await submit(actor, mail);
          return { id, status: toWire(status) };
        },
      }),
    );
    return {
      inbound: { host: inbound.host, port: inbound.port },
      submission: { host: submission.host, port: submission.port },
      async close() {
        await Promise.all([inbound.close(config.stop_grace), submission.close(config.stop_grace)]);
      },
    };
  } catch (error) {
    await inbound.close(0);
    throw error;
  }
}

/** On the port that was asked for; where none was, on the usual one, or a free one where that is taken. */
async function listen(
  wanted: number | null,
  usual: number,
  start: (port: number) => Promise<Door>,
): Promise<Door> {
  if (wanted !== null) return start(wanted);
  try {
    return await start(usual);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    return start(0);
  }
}

/** The certificate that was brought, else one that is made once and kept in the data folder. */
async function certificateOf(config: Config, now: Date): Promise<SelfSigned> {
  if (config.tls !== null) {
    const [cert, key] = await Promise.all([
      readPem("MULTIMAIL_TLS_CERT", config.tls.cert),
      readPem("MULTIMAIL_TLS_KEY", config.tls.key),
    ]);
    try {
      createSecureContext({ cert, key });
    } catch (error) {
      throw new ConfigError(
        `MULTIMAIL_TLS_CERT and MULTIMAIL_TLS_KEY: are no certificate and its key in PEM: ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
    return { cert, key };
  }
  const file = join(config.data, "smtp-tls.pem");
  const kept = await readFile(file, "utf8").catch(() => null);
  const end = kept?.indexOf("-----BEGIN CERTIFICATE-----") ?? -1;
  if (kept !== null && end > 0) return { key: kept.slice(0, end), cert: kept.slice(end) };
  const made = selfSignedCertificate(config.smtp_name, now);
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, "w", 0o600);
  await handle.writeFile(`${made.key.trim()}\n${made.cert.trim()}\n`);
  await handle.sync();
  await handle.close();
  await link(temporary, file).catch(() => undefined);
  await unlink(temporary);
  return made;
}

async function readPem(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new ConfigError(
      `${name}: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

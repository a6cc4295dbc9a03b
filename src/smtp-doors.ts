/** The SMTP doors of an instance: mail for our mailboxes, and programs that send with an API key. */
import { link, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import type { Logger } from "pino";
import { availability } from "./availability.ts";
import { type Config, ConfigError } from "./config.ts";
import type { Actor } from "./core/actor.ts";
import { maxRecipients } from "./engine/composition.ts";
import type { Engine } from "./engine/engine.ts";
import { toWire } from "./operations/messages/views.ts";
import { startInbound } from "./smtp/inbound.ts";
import { type SelfSigned, selfSignedCertificate } from "./smtp/self-signed.ts";
import type { Door } from "./smtp/smtp-door.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "./smtp/session-limits.ts";
import { type SubmissionOptions, startSubmission } from "./smtp/submission.ts";

/** Where the doors listen. */
export type SmtpDoors = {
  inbound: { host: string; port: number };
  submission: { host: string; port: number };
  /** For mail from this node itself, where it delivers directly. */
  own: { host: string; port: number } | null;
  close(): Promise<void>;
};

/** The own door is for this process and listens nowhere else. */
const ownHost = "127.0.0.1";

const usualPorts = { inbound: 2525, submission: 2587 };

/**
 * This node's own mail is kept apart from the Internet's: one tenant's wrong addresses must not turn away what others here write to each
 * other, as they would turn away a stranger's.
 */
const ownLimits: Partial<SessionLimits> = {
  connections_per_source: DEFAULT_SESSION_LIMITS.connections,
  messages_per_minute: Infinity,
  strikes: Infinity,
  tarpit_ms: 0,
};

/** As many as one message may have: told at RCPT, a client sends to the others in a transaction of their own (RFC 5321 §4.5.3.1.10). */
const deskLimits: Partial<SessionLimits> = { recipients: maxRecipients };

/** Opens the doors. */
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
  const recipient = guard.of(engine.inboundRecipient);
  const inbox = {
    recipient: (address: string) => recipient(address),
    accept: guard.of(engine.accept),
  };
  const doors: Door[] = [];
  const opened = (door: Door): { host: string; port: number } => {
    doors.push(door);
    return { host: door.host, port: door.port };
  };
  const close = async (grace: number): Promise<void> => {
    await Promise.all(doors.map((door) => door.close(grace)));
  };
  try {
    const inbound = opened(
      await listen(config.smtp_port, usualPorts.inbound, (port) =>
        startInbound({ ...shared, port, inbox }),
      ),
    );
    const submission = opened(
      await listen(config.submission_port, usualPorts.submission, (port) =>
        startSubmission<Actor>({
          ...shared,
          port,
          limits: { ...shared.limits, ...deskLimits },
          ...deskOf(engine, guard),
        }),
      ),
    );
    const sends = config.delivery === "direct" && config.roles.has("worker");
    const own = sends
      ? opened(
          await startInbound({
            ...shared,
            host: ownHost,
            port: 0,
            limits: { ...shared.limits, ...ownLimits },
            inbox,
          }),
        )
      : null;
    return { inbound, submission, own, close: () => close(config.stop_grace) };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** What the submission door asks of the engine. */
function deskOf(
  engine: Engine,
  guard: ReturnType<typeof availability>,
): Pick<SubmissionOptions<Actor>, "authenticate" | "submit"> {
  const authenticate = guard.of(engine.authenticate);
  const submit = guard.of(engine.submitRaw);
  const takeRate = guard.of(engine.rate.take);
  return {
    async authenticate(key) {
      const actor = await authenticate(key);
      return actor && { actor };
    },
    async submit(actor, mail) {
      await takeRate(actor);
      const { id, status } = await submit(actor, mail);
      return { id, status: toWire(status) };
    },
  };
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

/** The SMTP doors of an instance: mail for our mailboxes, and programs that send with an API key. */
import type { Logger } from "pino";
import { availability } from "./availability.ts";
import type { Config } from "./config.ts";
import type { Actor } from "./core/actor.ts";
import { maxRecipients } from "./engine/composition.ts";
import type { Engine } from "./engine/engine.ts";
import { toWire } from "./operations/messages/views.ts";
import { certificateOf, watchCertificate } from "./smtp-certificate.ts";
import { type InboundOptions, startInbound } from "./smtp/inbound.ts";
import type { Door } from "./smtp/smtp-door.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "./smtp/session-limits.ts";
import { type SubmissionOptions, startSubmission } from "./smtp/submission.ts";

/** Where the doors listen. */
export type SmtpDoors = {
  inbound: { host: string; port: number };
  submission: { host: string; port: number };
  /** For mail from this node itself, where it delivers directly. */
  own: { host: string; port: number } | null;
  /** Has a renewed certificate used at once; each hour it is looked for anyway. */
  lookForCertificate(): Promise<void>;
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
  const doors: Door[] = [];
  // Before the files are read, so that no change of them goes unseen.
  const certificate = await watchCertificate(
    config.tls,
    (renewed) => doors.forEach((door) => door.renew(renewed)),
    log,
  );
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
  const opened = (door: Door): { host: string; port: number } => {
    doors.push(door);
    return { host: door.host, port: door.port };
  };
  const close = async (grace: number): Promise<void> => {
    certificate.stop();
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
    const own = await startOwn(config, { ...shared, inbox });
    return {
      inbound,
      submission,
      own: own && opened(own),
      lookForCertificate: certificate.look,
      close: () => close(config.stop_grace),
    };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** The own door; null where this node delivers nothing directly. */
async function startOwn(
  config: Config,
  options: Omit<InboundOptions, "host" | "port">,
): Promise<Door | null> {
  if (config.delivery !== "direct" || !config.roles.has("worker")) return null;
  const limits = { ...options.limits, ...ownLimits };
  return startInbound({ ...options, host: ownHost, port: 0, limits });
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

/** The submission door (RFC 6409): for programs that speak only SMTP; the password is an API key, the rest is the engine's. */
import type { SMTPServerAuthentication, SMTPServerSession } from "smtp-server";

import { Refusal } from "../core/refusal.ts";
import type { RefusalCode } from "../core/refusal.ts";
import { MessageIntake, answer } from "./message-intake.ts";
import { SourceBook } from "./session-limits.ts";
import type { SessionLimits } from "./session-limits.ts";
import { SmtpAnswer, replyText } from "./smtp-answer.ts";
import {
  envelopeAddress,
  envelopeOf,
  limitsOf,
  mailSession,
  mayBegin,
  punish,
  serverOptions,
} from "./smtp-door.ts";
import type { Door, DoorOptions, MailSession } from "./smtp-door.ts";
import { StrictServer } from "./strict-server.ts";

export interface SubmittedMail {
  /** Envelope sender as on the wire; '' is the null sender. */
  readonly from: string;
  /** Envelope recipients as on the wire, of any domain. */
  readonly to: readonly string[];
  /** Exactly the octets sent, stuffing removed; every line ends in CRLF, and there is no NUL. */
  readonly raw: Buffer;
  readonly session: MailSession & {
    /** The user name said at AUTH, which proves nothing; '' if none. */
    readonly user_name: string;
  };
}

export interface SubmissionOptions<Actor> extends DoorOptions {
  /** From which addresses AUTH may come without TLS; default {@link isLoopback}. Never behind a proxy on this machine. */
  readonly clear_auth?: (remote_address: string) => boolean;
  /** Whose key this is; null where it is nobody's. Thrown errors become 454 or, of a {@link Refusal}, its reply. */
  authenticate(key: string, remote_address: string): Promise<{ readonly actor: Actor } | null>;
  /** Resolves when the message is on disk. A thrown {@link Refusal} becomes its reply, anything else 451. */
  submit(
    actor: Actor,
    mail: SubmittedMail,
  ): Promise<{ readonly id: string; readonly status: string }>;
}

/**
 * Starts the submission door. AUTH PLAIN and LOGIN come before MAIL; outside the loopback only under TLS.
 * @throws the listen error, such as EADDRINUSE
 */
export async function startSubmission<Actor>(options: SubmissionOptions<Actor>): Promise<Door> {
  const limits = limitsOf(options);
  const sources = new SourceBook(limits, options.now);
  const { log } = options;
  const desk = new Desk(options, limits, sources);
  const server = new StrictServer(
    {
      ...serverOptions(options, limits),
      onAuth: (auth, session, callback) => void answer(desk.signIn(auth, session), callback, log),
      onMailFrom: (sender, session, callback) =>
        void answer(desk.sender(sender.address, session), callback, log),
      onRcptTo: (recipient, session, callback) =>
        void answer(desk.recipient(recipient.address, session), callback, log),
      onData: (stream, session, callback) =>
        void answer(
          desk.intake.take(stream, session.remoteAddress, (raw) => desk.message(raw, session)),
          callback,
          log,
        ),
    },
    { limits, sources, log, clear_auth: options.clear_auth ?? isLoopback },
  );
  const address = await server.open(options.host, options.port);
  return {
    host: address.address,
    port: address.port,
    renew: (tls) => server.updateSecureContext(tls),
    close: async (grace_ms = 10_000) => await server.stop(grace_ms),
  };
}

/** Whether the peer is this machine, so that a key in the clear crosses no network. */
export function isLoopback(remote_address: string): boolean {
  return remote_address === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(remote_address);
}

interface SignedIn<Actor> {
  readonly actor: Actor;
  readonly user_name: string;
  readonly key: string;
}

/** What the submission door answers, command by command. */
class Desk<Actor> {
  readonly intake: MessageIntake;
  readonly #options: SubmissionOptions<Actor>;
  readonly #sources: SourceBook;

  constructor(options: SubmissionOptions<Actor>, limits: SessionLimits, sources: SourceBook) {
    this.#options = options;
    this.#sources = sources;
    this.intake = new MessageIntake(limits, options.now);
  }

  async signIn(
    auth: SMTPServerAuthentication,
    session: SMTPServerSession,
  ): Promise<{ user: SignedIn<Actor> }> {
    const remote = session.remoteAddress;
    if (this.#sources.struckOut(remote))
      throw new SmtpAnswer(421, "4.7.0", "too many failed attempts, try again later");
    const found = await answered(this.#options.authenticate(auth.password ?? "", remote));
    if (found === null) {
      this.#options.log.warn({ remote_address: remote }, "submission: wrong key");
      await punish(this.#sources, remote);
      throw new SmtpAnswer(535, "5.7.8", "the password is no valid API key");
    }
    return {
      user: { actor: found.actor, user_name: auth.username ?? "", key: auth.password ?? "" },
    };
  }

  async sender(address: string, session: SMTPServerSession): Promise<void> {
    await Promise.resolve();
    signedIn(session);
    envelopeAddress(address, session);
    mayBegin(this.#sources, session.remoteAddress);
  }

  async recipient(address: string, session: SMTPServerSession): Promise<void> {
    await Promise.resolve();
    signedIn(session);
    envelopeAddress(address, session);
  }

  async message(raw: Buffer, session: SMTPServerSession): Promise<string> {
    const { user_name, key } = signedIn<Actor>(session);
    // Asked again: a session may outlive its key by half an hour, and nothing leaves by a key that was revoked.
    const found = await answered(this.#options.authenticate(key, session.remoteAddress));
    if (found === null)
      throw new SmtpAnswer(535, "5.7.8", "the API key of this session is no longer valid");
    const mail = {
      ...envelopeOf(session),
      raw,
      session: { ...mailSession(session, this.#options.now()), user_name },
    };
    const { id, status } = await answered(this.#options.submit(found.actor, mail));
    this.#options.log.info({ id, status, size: raw.length }, "submission: message taken");
    return `queued as ${id} (${status})`;
  }
}

function signedIn<Actor>(session: SMTPServerSession): SignedIn<Actor> {
  const user = session.user as SignedIn<Actor> | false | undefined;
  if (user) return user;
  throw new SmtpAnswer(
    530,
    "5.7.0",
    "authentication required: AUTH PLAIN or LOGIN, after STARTTLS unless it is offered without; the password is an API key",
  );
}

/** Turns a thrown Refusal into its SMTP reply. */
async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof Refusal ? refusalAnswer(error) : error;
  }
}

const NOT_ALLOWED = [550, "5.7.1"] as const;
const BAD_CONTENT = [550, "5.6.0"] as const;
const WRONG_STATE = [554, "5.5.0"] as const;

/** Reply by refusal code; what may work later without change is 4xx. */
const REPLIES: Readonly<Record<RefusalCode, readonly [code: number, enhanced: string]>> = {
  validation_failed: BAD_CONTENT,
  invalid_json: BAD_CONTENT,
  invalid_idempotency_key: BAD_CONTENT,
  invalid_cursor: BAD_CONTENT,
  payload_too_large: [552, "5.3.4"],
  unsupported_media_type: [550, "5.6.1"],
  method_not_allowed: WRONG_STATE,
  unauthenticated: [535, "5.7.8"],
  scope_required: NOT_ALLOWED,
  role_required: NOT_ALLOWED,
  fresh_sign_in_required: NOT_ALLOWED,
  invalid_passkey: NOT_ALLOWED,
  passkeys_unavailable: NOT_ALLOWED,
  csrf_failed: NOT_ALLOWED,
  invalid_link: NOT_ALLOWED,
  invalid_code: NOT_ALLOWED,
  invalid_proof: NOT_ALLOWED,
  sign_up_closed: NOT_ALLOWED,
  self_approval: NOT_ALLOWED,
  key_not_narrower: NOT_ALLOWED,
  test_key: NOT_ALLOWED,
  scopes_exclude_each_other: NOT_ALLOWED,
  not_found: [550, "5.1.0"],
  address_taken: WRONG_STATE,
  unknown_domain: [550, "5.1.8"],
  domain_taken: WRONG_STATE,
  domain_in_use: WRONG_STATE,
  domain_not_verified: [550, "5.1.8"],
  already_exists: WRONG_STATE,
  last_owner: WRONG_STATE,
  thread_locked: WRONG_STATE,
  duplicate_reply: WRONG_STATE,
  not_inbound: WRONG_STATE,
  idempotency_conflict: WRONG_STATE,
  mode_forbids_send: NOT_ALLOWED,
  mode_raise_needs_person: NOT_ALLOWED,
  not_pending: WRONG_STATE,
  stale_digest: WRONG_STATE,
  already_decided: WRONG_STATE,
  passkey_required: WRONG_STATE,
  needs_sign_in: WRONG_STATE,
  not_cancellable: WRONG_STATE,
  not_scheduled: WRONG_STATE,
  not_editable: WRONG_STATE,
  not_queued: WRONG_STATE,
  not_sending: WRONG_STATE,
  not_in_scan: WRONG_STATE,
  recipient_suppressed: NOT_ALLOWED,
  content_blocked: NOT_ALLOWED,
  not_resendable: WRONG_STATE,
  operator_stopped: NOT_ALLOWED,
  quota_exceeded: [552, "5.2.2"],
  digest_mismatch: WRONG_STATE,
  legal_hold: WRONG_STATE,
  content_erased: WRONG_STATE,
  rate_limited: [451, "4.7.1"],
  unavailable: [451, "4.3.0"],
  // A fault of ours, not of the message: the client may keep it and try again.
  internal: [451, "4.3.0"],
};

/** Leaves room for the code behind it. */
const MAX_SENTENCE = 340;

/** A refusal as an SMTP reply: its sentence, the field at fault and the hint, on one line, and the code to search for. */
export function refusalAnswer(refusal: Refusal): SmtpAnswer {
  const [code, enhanced] = REPLIES[refusal.code];
  const { field, hint, retry_after } = refusal.detail;
  const parts = [
    refusal.message,
    ...(field === undefined ? [] : [`field: ${field}`]),
    ...(hint === undefined ? [] : [hint]),
    ...(retry_after === undefined ? [] : [`retry after ${retry_after} s`]),
  ];
  const sentence = replyText(parts.join("; ")).slice(0, MAX_SENTENCE);
  return new SmtpAnswer(code, enhanced, `${sentence} [${refusal.code}]`);
}

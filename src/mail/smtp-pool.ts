/** The connections to one SMTP destination: opened by demand, reused, bounded, and served in the order of asking. */
import type { SmtpReply } from "./smtp-reply.ts";
import { SmtpFailure } from "./smtp-result.ts";
import type { PeerInfo, RecipientResult, SendResult } from "./smtp-result.ts";
import { openSession } from "./smtp-session.ts";
import type { SessionOptions, SmtpSession } from "./smtp-session.ts";
import { joinTranscripts } from "./smtp-transcript.ts";
import { transact } from "./smtp-transaction.ts";
import type { CheckedMessage } from "./smtp-transaction.ts";

export interface PoolOptions extends SessionOptions {
  readonly max_connections: number;
  readonly max_per_connection: number;
  readonly idle_ms: number;
  /** How long a message may wait for a connection; then it is answered `congested`, untried. */
  readonly max_wait_ms: number;
  /** Told of each session that came about, and of each that did not. */
  readonly on_open?: (opened: SessionOpened) => void;
}

/** A session that is ready for mail, or why there is none. */
export type SessionOpened = { readonly peer: PeerInfo } | { readonly failure: SmtpFailure };

/** The bytes of a message, looked at. */
export type Content = Pick<CheckedMessage, "data" | "facts">;

/** A message that waits for a connection; its content is made when it has one. */
export interface WaitingMessage extends Omit<CheckedMessage, keyof Content> {
  readonly content: () => Promise<Content>;
  /** Asked when it is the message's turn; false keeps it here, as `recalled`. */
  readonly wanted?: (() => boolean | Promise<boolean>) | undefined;
}

interface Job {
  readonly message: WaitingMessage;
  readonly resolve: (result: SendResult) => void;
  readonly reject: (error: unknown) => void;
  /** What was said over a connection that turned out to be dead. */
  before?: string;
  /** Ends the waiting. */
  timer?: NodeJS.Timeout;
}

interface Idle {
  readonly session: SmtpSession;
  readonly served: number;
  readonly timer: NodeJS.Timeout;
}

/** A first-in first-out queue whose `take` does not move what is left. Who waits too long drops out. */
class Queue {
  readonly #max_wait_ms: number;
  readonly #too_long: (job: Job) => void;
  #jobs: Job[] = [];
  #head = 0;

  constructor(max_wait_ms: number, too_long: (job: Job) => void) {
    this.#max_wait_ms = max_wait_ms;
    this.#too_long = too_long;
  }

  get length(): number {
    return this.#jobs.length - this.#head;
  }

  add(job: Job): void {
    this.#jobs.push(job);
    job.timer = setTimeout(() => {
      const at = this.#jobs.indexOf(job, this.#head);
      if (at === -1) return;
      this.#jobs.splice(at, 1);
      this.#too_long(job);
    }, this.#max_wait_ms);
  }

  take(): Job | undefined {
    const job = this.#jobs[this.#head];
    if (job === undefined) return undefined;
    clearTimeout(job.timer);
    this.#head++;
    if (this.#head === this.#jobs.length || this.#head > 1024) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }
}

/** Serves sends over at most `max_connections` sessions at a time. */
export class SmtpPool {
  readonly #options: PoolOptions;
  readonly #waiting: Queue;
  /** Jobs that must have a new connection; they go first. */
  readonly #fresh: Queue;
  readonly #idle: Idle[] = [];
  readonly #busy = new Set<SmtpSession>();
  readonly #closing = new AbortController();
  #size = 0;
  #opening = 0;
  /** A further session was refused while others worked: they must do until one of them ends. */
  #full = false;
  #on_empty: (() => void) | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    const tooLong = (job: Job): void =>
      this.#fail(job, new SmtpFailure("congested", "no connection came free in time; not tried"));
    this.#waiting = new Queue(options.max_wait_ms, tooLong);
    this.#fresh = new Queue(options.max_wait_ms, tooLong);
  }

  /** Queues one message. The promise does not reject for what a server does; see `SendResult`. */
  send(message: WaitingMessage): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      const job: Job = { message, resolve, reject };
      if (this.#closing.signal.aborted) return this.#fail(job, closedFailure());
      this.#waiting.add(job);
      this.#pump();
    });
  }

  /**
   * Takes no more messages, answers those not begun with `transport_closed`, lets those under way end for at most `grace_ms`,
   * and resolves when no socket is left.
   */
  async close(grace_ms: number): Promise<void> {
    this.#closing.abort();
    this.#failAll(closedFailure());
    for (const idle of this.#idle.splice(0)) this.#leave(idle);
    if (this.#size === 0) return;
    const timer = setTimeout(() => {
      for (const session of this.#busy) session.wire.fail(closedFailure());
    }, grace_ms);
    await new Promise<void>((resolve) => {
      const earlier = this.#on_empty;
      this.#on_empty = () => {
        earlier?.();
        resolve();
      };
    });
    clearTimeout(timer);
  }

  /** Puts idle sessions to work and opens new ones while there is more to do than is being opened. */
  #pump(): void {
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const idle = this.#idle.pop()!;
      this.#wake(idle);
      void this.#serve(idle.session, idle.served);
      // `serve` has taken its job by now: it runs up to its first wait before it returns.
    }
    while (
      !this.#full &&
      this.#fresh.length + this.#waiting.length > this.#opening &&
      this.#size < this.#options.max_connections
    )
      void this.#open();
  }

  async #open(): Promise<void> {
    this.#size++;
    this.#opening++;
    let session: SmtpSession;
    try {
      session = await openSession(this.#options, this.#closing.signal);
    } catch (error) {
      this.#opening--;
      this.#size--;
      const failure =
        error instanceof SmtpFailure ? error : new SmtpFailure("connect_failed", String(error));
      this.#options.on_open?.({ failure });
      // Servers limit connections: who waits is served by those there are, or that are about to be.
      this.#full = this.#size > 0;
      if (this.#opening === 0) this.#failQueue(this.#fresh, failure);
      // With none at all, this is the destination's answer to all: they would only dial in vain, one by one.
      if (this.#size === 0) this.#failQueue(this.#waiting, failure);
      this.#settled();
      return;
    }
    this.#opening--;
    this.#options.on_open?.({ peer: session.peer });
    await this.#serve(session, 0);
  }

  /** Sends message after message over one session, then leaves it idle or ends it. */
  async #serve(session: SmtpSession, served: number): Promise<void> {
    this.#busy.add(session);
    let usable = true;
    while (usable && !this.#worn(served)) {
      const job = (served === 0 ? this.#fresh.take() : undefined) ?? this.#waiting.take();
      if (job === undefined) break;
      served++;
      try {
        usable = await this.#deliver(job, session, served > 1);
      } catch (error) {
        // A defect of ours, which its caller must hear of; the session is in no known state.
        job.reject(error);
        session.wire.fail(closedFailure());
        usable = false;
      }
    }
    this.#busy.delete(session);
    const wanted = usable && !this.#worn(served) && !this.#closing.signal.aborted;
    if (wanted && session.wire.clean) this.#rest(session, served);
    else await this.#quit(session);
  }

  /** Whether a session has done its part: its count is full, or a job needs a new one and the house is full of old ones. */
  #worn(served: number): boolean {
    if (served >= this.#options.max_per_connection) return true;
    const crowded =
      this.#fresh.length > this.#opening && this.#size >= this.#options.max_connections;
    return served > 0 && crowded;
  }

  /** Sends one message and answers its caller. True if the session is good for another one. */
  async #deliver(job: Job, session: SmtpSession, reused: boolean): Promise<boolean> {
    let content: Content;
    try {
      content = await job.message.content();
    } catch (error) {
      // Nothing was said yet: the session is as good as before.
      job.reject(error);
      return true;
    }
    if ((await job.message.wanted?.()) === false) {
      this.#fail(job, new SmtpFailure("recalled", "kept back before it was sent"));
      return true;
    }
    const { transcript } = session.wire;
    if (reused) {
      // What ended the message before, and is told there, or an RSET since.
      transcript.take();
      transcript.note(`over a connection that was open, to ${session.peer.address}`);
    }
    const { from, recipients } = job.message;
    const end = await transact(session, { from, recipients, ...content }, this.#options.timeouts);
    const said = joinTranscripts(job.before, transcript.take());
    if (end.unheard && reused && !this.#closing.signal.aborted) {
      job.before = said;
      this.#retry(job);
    } else this.#finish(job, end.recipients, session.peer, said);
    return end.session === "reuse" || (end.session === "reset" && (await this.#reset(session)));
  }

  /** A connection that died while idle says nothing about the message: it goes again, once, over a new one. */
  #retry(job: Job): void {
    // Only a new session takes from this queue, so it cannot come here twice.
    this.#fresh.add(job);
    // What idled beside it has most likely died as well.
    for (const idle of this.#idle.splice(0)) this.#leave(idle);
  }

  /** RSET, so that nothing of a failed transaction stays (RFC 5321 §4.1.1.5). True if the session is good for another message. */
  async #reset(session: SmtpSession): Promise<boolean> {
    session.wire.write("RSET\r\n", 1);
    try {
      return (await session.wire.reply(this.#options.timeouts.command)).code === 250;
    } catch (error) {
      if (error instanceof SmtpFailure) return false;
      throw error;
    }
  }

  #rest(session: SmtpSession, served: number): void {
    const idle: Idle = {
      session,
      served,
      timer: setTimeout(() => this.#drop(idle), this.#options.idle_ms),
    };
    session.wire.on_end = () => this.#drop(idle);
    this.#idle.push(idle);
    this.#pump();
  }

  #wake(idle: Idle): void {
    clearTimeout(idle.timer);
    idle.session.wire.on_end = null;
  }

  #drop(idle: Idle): void {
    const at = this.#idle.indexOf(idle);
    if (at === -1) return;
    this.#idle.splice(at, 1);
    this.#leave(idle);
  }

  #leave(idle: Idle): void {
    this.#wake(idle);
    void this.#quit(idle.session);
  }

  /** Says good-bye if there is somebody to say it to, and gives the place free. */
  async #quit(session: SmtpSession): Promise<void> {
    const { wire } = session;
    if (wire.clean) {
      wire.write("QUIT\r\n", 1);
      await wire.reply(this.#options.timeouts.quit).catch((error: unknown): SmtpReply | null => {
        if (error instanceof SmtpFailure) return null;
        throw error;
      });
    }
    wire.fail(closedFailure());
    this.#size--;
    this.#full = false;
    this.#settled();
  }

  #settled(): void {
    this.#pump();
    if (this.#size === 0) this.#on_empty?.();
  }

  #finish(
    job: Job,
    recipients: readonly RecipientResult[],
    peer: PeerInfo,
    transcript: string,
  ): void {
    const { host, address, port, tls } = peer;
    const at = this.#options.now().toISOString();
    const said = transcript === "" ? {} : { transcript };
    job.resolve({ recipients, connection: { host, address, port, tls, at, ...said } });
  }

  #fail(job: Job, failure: SmtpFailure): void {
    const { host, port } = this.#options;
    const { reply, stage, reason } = failure;
    const recipients = job.message.recipients.map((address): RecipientResult => ({
      address,
      outcome: "temporary",
      reply,
      stage,
      reason,
    }));
    const said = joinTranscripts(job.before, failure.transcript);
    this.#finish(job, recipients, { host, address: null, port, tls: null }, said);
  }

  #failAll(failure: SmtpFailure): void {
    this.#failQueue(this.#fresh, failure);
    this.#failQueue(this.#waiting, failure);
  }

  #failQueue(queue: Queue, failure: SmtpFailure): void {
    for (let job = queue.take(); job !== undefined; job = queue.take()) this.#fail(job, failure);
  }
}

function closedFailure(): SmtpFailure {
  return new SmtpFailure("transport_closed", "transport closed");
}

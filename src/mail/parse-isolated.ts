/** Opens received mail in a thread of its own with bounded memory and time, so that no message can stop the process. */
import { Worker } from "node:worker_threads";

import { unreadableMail } from "./parse.ts";
import type { ParseLimits } from "./parse.ts";
import type { WorkerAnswer } from "./parse-worker.ts";
import type { ParsedMail } from "./parsed-mail.ts";

export interface ParserOptions {
  /** Milliseconds that one message may take; 10 seconds. */
  timeoutMs?: number;
  /** Milliseconds after the last message until the thread is ended; 30 seconds. */
  idleMs?: number;
  /** MiB of JavaScript heap for the thread; 512. Buffers stand outside and are bounded by the size of the message. */
  heapMb?: number;
  limits?: Partial<ParseLimits>;
  /** Told why a message came back unopened. */
  onFailure?: (reason: string) => void;
}

export interface Parser {
  /**
   * Opens one message. Never rejects for what the message is: one that takes too long, too much memory or breaks the
   * thread comes back as {@link unreadableMail}. Messages are opened one after another. `eml` stays the caller's.
   */
  parse(eml: Buffer): Promise<ParsedMail>;
  /** Finishes what was given, then ends the thread. */
  close(): Promise<void>;
}

interface Job {
  eml: Buffer;
  done: (mail: ParsedMail) => void;
}

const WORKER = new URL("./parse-worker.ts", import.meta.url);
const STARTUP_MS = 60_000;

/** Bytes in memory of their own, that can be moved to the thread. */
function movable(eml: Buffer): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(new ArrayBuffer(eml.length));
  copy.set(eml);
  return copy;
}

/** Contents arrive as plain byte arrays. */
function revive(mail: ParsedMail): ParsedMail {
  for (const attachment of mail.attachments) {
    const { buffer, byteOffset, byteLength } = attachment.content;
    attachment.content = Buffer.from(buffer, byteOffset, byteLength);
  }
  return mail;
}

class IsolatedParser implements Parser {
  readonly #options: ParserOptions;
  readonly #queue: Job[] = [];
  #worker: Worker | null = null;
  #running: Promise<void> | null = null;
  #idle: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: ParserOptions) {
    this.#options = options;
  }

  async parse(eml: Buffer): Promise<ParsedMail> {
    if (this.#closed) throw new Error("the parser is closed");
    const { promise, resolve } = Promise.withResolvers<ParsedMail>();
    this.#queue.push({ eml, done: resolve });
    this.#running ??= this.#run();
    return promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    await this.#end();
  }

  async #run(): Promise<void> {
    if (this.#idle) clearTimeout(this.#idle);
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      try {
        job.done(await this.#open(job.eml));
      } catch (error) {
        this.#options.onFailure?.(error instanceof Error ? error.message : String(error));
        job.done(unreadableMail(job.eml));
      }
    }
    this.#running = null;
    // Neither the resting thread nor its timer keeps the process alive.
    this.#worker?.unref();
    this.#idle = setTimeout(() => void this.#end(), this.#options.idleMs ?? 30_000).unref();
  }

  async #open(eml: Buffer): Promise<ParsedMail> {
    const worker = this.#worker ?? (await this.#start());
    worker.ref();
    const bytes = movable(eml);
    const answer = this.#answerOf(worker, this.#options.timeoutMs ?? 10_000);
    worker.postMessage(bytes, [bytes.buffer]);
    const given = await answer;
    if (given !== null && "mail" in given) return revive(given.mail);
    throw new Error(given?.failure ?? "the parser answered nothing");
  }

  async #start(): Promise<Worker> {
    const worker = new Worker(WORKER, {
      workerData: this.#options.limits ?? {},
      resourceLimits: { maxOldGenerationSizeMb: this.#options.heapMb ?? 512 },
      // The thread needs nothing of the process: no environment, no arguments, no standard streams.
      env: {},
      argv: [],
      execArgv: ["--no-warnings"],
      stdout: true,
      stderr: true,
    });
    // Errors are read where an answer is waited for; between answers the thread is only replaced.
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = null;
    });
    this.#worker = worker;
    await this.#answerOf(worker, STARTUP_MS);
    return worker;
  }

  /** The thread's next answer. On its death, or after `within` milliseconds, it is put away and this rejects. */
  async #answerOf(worker: Worker, within: number): Promise<WorkerAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkerAnswer>();
    const timer = setTimeout(
      () => reject(new Error(`the message was not opened within ${within} ms`)),
      within,
    );
    const died = (code: number): void => reject(new Error(`the parser ended with code ${code}`));
    worker.once("message", resolve).once("error", reject).once("exit", died);
    try {
      return await promise;
    } catch (error) {
      this.#worker = null;
      await worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
      worker.off("message", resolve).off("error", reject).off("exit", died);
    }
  }

  async #end(): Promise<void> {
    if (this.#idle) clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}

/** A parser that starts its thread at the first message and ends it when nothing came for a while. */
export function openParser(options: ParserOptions = {}): Parser {
  return new IsolatedParser(options);
}

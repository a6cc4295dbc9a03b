/** The thread in which received mail is opened: takes a message, gives what it says, and moves the bytes both ways. */
import { parentPort, workerData } from "node:worker_threads";

import { parseMail } from "./parse.ts";
import type { ParseLimits } from "./parse.ts";
import type { ParsedMail } from "./parsed-mail.ts";

/** What the thread answers: `null` once when it is ready, then one answer for each message. */
export type WorkerAnswer = { mail: ParsedMail } | { failure: string } | null;

const port = parentPort;
if (!port) throw new Error("this file runs as a worker thread");
const limits = workerData as Partial<ParseLimits>;

async function answer(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    const mail = await parseMail(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      limits,
    );
    // Contents are views of the message or memory of their own, never of Node's pool: all can be moved.
    const memories = new Set(mail.attachments.map(({ content }) => content.buffer as ArrayBuffer));
    port?.postMessage({ mail } satisfies WorkerAnswer, [...memories]);
  } catch (error) {
    const failure = error instanceof Error ? error.message : "the message could not be opened";
    port?.postMessage({ failure } satisfies WorkerAnswer);
  }
}

port.on("message", (bytes: Uint8Array<ArrayBuffer>) => void answer(bytes));
port.postMessage(null satisfies WorkerAnswer);

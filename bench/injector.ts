/** The load generator as seen from the bench: one process, so that its CPU is never counted as the server's. */
import { type ChildProcess, fork } from "node:child_process";
import { stop } from "./child.ts";
import type { LoadJob, LoadResult } from "./load.ts";
import type { Server } from "./multimail.ts";

/** Messages of a kind: bytes of markdown and of an attachment. */
export type Size = { name: string; markdown: number; attachment: number; payload: number };

/**
 * 256 bytes of markdown make a message of 2.2 KB: plain text, HTML, footer and headers, before signatures. smtp-source sends
 * `payload` bytes in all.
 */
export const small: Size = { name: "2 KB", markdown: 256, attachment: 0, payload: 2048 };
/** 36,000 bytes of attachment are 48,600 in base64. */
export const large: Size = { name: "50 KB", markdown: 600, attachment: 36_000, payload: 51_200 };

/** A process that generates load. */
export type Injector = {
  pid: number;
  run(job: LoadJob): Promise<LoadResult>;
  close(): Promise<void>;
};

/** Starts the process; it serves one job after another. */
export function openInjector(): Injector {
  const child: ChildProcess = fork(new URL("load.ts", import.meta.url).pathname, [], {
    serialization: "advanced",
  });
  return {
    pid: child.pid ?? 0,
    run: (job) =>
      new Promise((resolve, reject) => {
        const failed = (code: number | null): void =>
          reject(new Error(`the load generator ended with ${code}`));
        child.once("exit", failed);
        child.once("message", (result) => {
          child.off("exit", failed);
          resolve(result as LoadResult);
        });
        child.send(job);
      }),
    close: () => stop(child),
  };
}

/** A job against a server's first mailbox. */
export function jobFor(
  server: Server,
  kind: LoadJob["kind"],
  count: number,
  connections: number,
  size: Size,
): LoadJob {
  const { url, mailbox_id, agent_key, oversight_key } = server;
  const { markdown, attachment } = size;
  return {
    kind,
    url,
    mailbox_id,
    agent_key,
    oversight_key,
    count,
    connections,
    markdown,
    attachment,
  };
}

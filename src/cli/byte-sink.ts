/** Where an answer's bytes go as they come: a file that appears when it is whole, or standard output. */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { UsageError } from "./flags.ts";
import type { Output } from "./output.ts";
import { plainText } from "./print.ts";
import { byteBar } from "./progress.ts";

/** Takes bytes; `end` when they were all, `abort` when not. */
export type ByteSink = {
  write(chunk: Uint8Array): Promise<void>;
  end(): Promise<void>;
  abort(): Promise<void>;
};

/** A file by way of `<path>.partial`; its folder must be there. A bar shows on a terminal how much has come. */
export function fileSink(path: string, stderr: Output): ByteSink {
  const partial = `${path}.partial`;
  const bar = byteBar({ stderr, now: () => new Date() }, "download");
  let handle: FileHandle | undefined;
  let count = 0;
  const failed = (error: unknown): never => {
    throw new UsageError(
      `Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}.`,
    );
  };
  return {
    async write(chunk) {
      handle ??= await open(partial, "w", 0o600).catch(failed);
      await handle.writeFile(chunk).catch(failed);
      count += chunk.length;
      bar.at(count, null);
    },
    async end() {
      bar.done();
      handle ??= await open(partial, "w", 0o600).catch(failed);
      await handle.close();
      await rename(partial, path).catch(failed);
      stderr.write(`${count} bytes written to ${path}\n`);
    },
    async abort() {
      bar.done();
      if (!handle) return;
      await handle.close().catch(() => undefined);
      await rm(partial, { force: true });
    },
  };
}

/** Standard output where it is no terminal: at the pace at which it is read. */
export function outputSink(stdout: Output): ByteSink {
  const stream: Partial<NodeJS.WriteStream> & Output = stdout as NodeJS.WriteStream;
  return {
    async write(chunk) {
      if (stream.write(chunk) || !stream.once) return;
      if (stream.writableNeedDrain)
        await new Promise<void>((resolve) => void stream.once?.("drain", () => resolve()));
    },
    end: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  };
}

/** A terminal: as text, as it comes, without what could be commands to it. */
export function terminalSink(stdout: Output): ByteSink {
  const decoder = new TextDecoder();
  let held = "";
  const show = (text: string): void => {
    // Half of a line's end waits for the other half.
    held = text.endsWith("\r") ? "\r" : "";
    stdout.write(plainText(text.slice(0, text.length - held.length), true));
  };
  return {
    write: (chunk) => Promise.resolve(show(held + decoder.decode(chunk, { stream: true }))),
    end: () => Promise.resolve(void stdout.write(plainText(held + decoder.decode(), true))),
    abort: () => Promise.resolve(),
  };
}

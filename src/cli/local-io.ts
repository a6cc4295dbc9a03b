/** What commands that run here are given of the machine, and how they read files, keys and arguments with it. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { PublicKeys } from "../audit/bundle-format.ts";
import { parsePublicKeys } from "../audit/bundle-parse.ts";
import { FormatError } from "../audit/encoding.ts";
import { nearest } from "./command.ts";
import { UsageError } from "./flags.ts";
import { exitCodes } from "./help.ts";
import type { Output } from "./output.ts";
import { plainText } from "./print.ts";
import { CannotConnect } from "./request.ts";

/** The machine as a local command sees it. */
export type LocalIo = {
  env: Readonly<Record<string, string | undefined>>;
  stdout: Output;
  stderr: Output;
  stdin: AsyncIterable<Uint8Array | string>;
  read_file(path: string): Promise<Buffer>;
  /** Into a folder that exists. */
  write_file(path: string, content: string | Uint8Array): Promise<void>;
  fetch: typeof globalThis.fetch;
  now(): Date;
};

/** Most bytes that are read of one file or of standard input: a bundle of the largest message. */
const maxInputBytes = 160 * 1024 * 1024;

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>["options"]>;

/** Splits arguments into options and at most `most` words. Throws {@link UsageError}. */
export function parseLocal<const T extends Options>(
  args: readonly string[],
  options: T,
  most: number,
): {
  values: ReturnType<typeof parseArgs<{ args: string[]; options: T }>>["values"];
  words: string[];
} {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
    if (positionals.length > most)
      throw new UsageError(`Unexpected argument ${JSON.stringify(positionals[most])}.`);
    return { values, words: positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const message = (error as Error).message.split(". ")[0] ?? "";
    const unknown = /Unknown option '(?:--)?([^']+)'/.exec(message)?.[1];
    if (unknown === undefined) throw new UsageError(`${message.replace(/\.$/, "")}.`);
    const near = nearest(unknown, Object.keys(options));
    throw new UsageError(
      `There is no option --${unknown.replace(/^-+/, "")}.`,
      near === null ? undefined : `Did you mean --${near}?`,
    );
  }
}

/** Runs a command and turns mistakes of its caller into 2 and an unreachable server into 3; bugs are thrown. */
export async function withExitCode(io: LocalIo, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof CannotConnect)) throw error;
    const hint = error instanceof UsageError ? error.hint : undefined;
    io.stderr.write(`error: ${plainText(error.message)}\n`);
    if (hint !== undefined) io.stderr.write(`hint: ${plainText(hint)}\n`);
    return error instanceof UsageError ? exitCodes.usage : exitCodes.cannot_connect;
  }
}

/** A file, or standard input for `-`. Throws {@link UsageError} where it cannot be read or is too long. */
export async function readInput(io: LocalIo, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  const add = (chunk: Buffer): void => {
    length += chunk.length;
    if (length > maxInputBytes)
      throw new UsageError(`${path === "-" ? "Standard input" : path} is longer than 160 MB.`);
    chunks.push(chunk);
  };
  if (path === "-") for await (const chunk of io.stdin) add(Buffer.from(chunk as Uint8Array));
  else add(await readOrRefuse(io, path));
  return Buffer.concat(chunks);
}

async function readOrRefuse(io: LocalIo, path: string): Promise<Buffer> {
  const found = await readIfThere(io, path);
  if (found === null) throw new UsageError(`Cannot read ${path}: there is no such file.`);
  return found;
}

/** A file's bytes, null where there is none. Throws {@link UsageError} where it cannot be read. */
export async function readIfThere(io: LocalIo, path: string): Promise<Buffer | null> {
  try {
    return await io.read_file(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    if (code === undefined) throw error;
    throw new UsageError(`Cannot read ${path}: ${message}.`);
  }
}

/** Keys that a verifier holds to, with the file they are from. */
export type Pinned = { keys: PublicKeys; path: string };

/** The keys of `--keys`, else those that the server on this machine keeps beside its data; null where there are none. */
export async function readPinned(io: LocalIo, given: string | undefined): Promise<Pinned | null> {
  const path = given ?? join(io.env["MULTIMAIL_DATA"] || "data", "public-keys.json");
  const bytes = given === undefined ? await readIfThere(io, path) : await readOrRefuse(io, path);
  if (bytes === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
    return { keys: parsePublicKeys(value, path), path };
  } catch (error) {
    if (error instanceof FormatError) throw new UsageError(`${error.message}.`, keysHint);
    if (error instanceof SyntaxError) throw new UsageError(`${path} is not JSON.`, keysHint);
    throw error;
  }
}

/** How to come by a file of keys. */
export const keysHint =
  "Keys are a file as GET /v1/public-keys answers it, had from the instance at an earlier time.";

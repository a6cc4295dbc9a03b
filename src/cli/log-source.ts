/** Where a whole log is read from: an exported folder, or a running server over HTTP. */
import { join } from "node:path";
import { maxNoteBytes } from "../audit/checkpoint.ts";
import type { LogSource } from "../audit/log-verify.ts";
import { maxBundleBytes } from "../audit/tile.ts";
import { connectionOf } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { UsageError } from "./flags.ts";
import { readIfThere } from "./local-io.ts";
import type { LocalIo } from "./local-io.ts";
import { CannotConnect } from "./request.ts";

/** The server and a key that may read the log: of the first run's keys, the overseer's before the admin's. */
export async function auditConnection(
  given: { url?: string | undefined; key?: string | undefined },
  env: LocalIo["env"],
): Promise<Connection> {
  const named = { url: given.url, key: given.key };
  const overseer = await connectionOf(named, env, "oversight");
  return overseer.key === undefined ? connectionOf(named, env, "audit") : overseer;
}

/** A folder as `multimail audit export` writes it: `checkpoint` and `tile/…`. */
export function folderSource(io: LocalIo, folder: string): LogSource {
  return {
    async checkpoint() {
      const note = await readIfThere(io, join(folder, "checkpoint"));
      if (note === null)
        throw new UsageError(
          `${folder} holds no checkpoint: it is not an exported log.`,
          `Make one with: multimail audit export ${folder}`,
        );
      return note.toString("utf8");
    },
    tile: (path) => readIfThere(io, join(folder, path)),
  };
}

/** A server's log, by the credential's operator. Throws CannotConnect, or UsageError where the key may not read it. */
export function httpSource(
  fetch: typeof globalThis.fetch,
  connection: Pick<Connection, "url" | "key">,
): LogSource {
  const get = (path: string, longest: number) => read(fetch, connection, path, longest);
  return {
    async checkpoint() {
      const note = await get("/audit/checkpoint", maxNoteBytes);
      if (note === null)
        throw new UsageError(
          `${connection.url} has no checkpoint of a log for this key.`,
          "A new log has one a moment after its first entry.",
        );
      return note.toString("utf8");
    },
    tile: (path) => get(`/audit/${path}`, maxBundleBytes),
  };
}

/** The body, null for 404. */
async function read(
  fetch: typeof globalThis.fetch,
  { url, key }: Pick<Connection, "url" | "key">,
  path: string,
  longest: number,
): Promise<Buffer | null> {
  let status: number;
  try {
    const response = await fetch(url + path, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      // A redirect would carry the key to an address that nobody named.
      redirect: "error",
    });
    ({ status } = response);
    if (status === 200) return await bodyOf(response, longest);
    await response.body?.cancel();
  } catch (error) {
    throw new CannotConnect(url, error);
  }
  if (status === 404) return null;
  if (status === 401 || status === 403)
    throw new UsageError(
      `${url} does not let this key read the log (${status}).`,
      "Give --key with a key that has the scope audit.",
    );
  throw new CannotConnect(url, new Error(`it answered ${status}`));
}

/** Reads no more than `longest` bytes, whatever the server says. */
async function bodyOf(response: Response, longest: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > longest) throw new Error(`an answer is longer than ${longest} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

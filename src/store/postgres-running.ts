/** The private PostgreSQL of a data folder while a server uses it: how another process connects to it. */
import { join } from "node:path";
import { port, readPidFile } from "./postgres-process.ts";
import type { PostgresConnection } from "./postgres-launcher.ts";

/**
 * The owner's connection to the database that runs for `folder`; null where none is ready. Only the user that the server runs as,
 * and root, get through its socket.
 */
export async function runningPostgres(folder: string): Promise<PostgresConnection | null> {
  const file = await readPidFile(join(folder, "postgres", "data"));
  if (file?.status !== "ready" || !isAlive(file.pid)) return null;
  return {
    host: file.socket_folder,
    port,
    user: "multimail_owner",
    database: "multimail",
    ssl: false,
  };
}

/** Signal 0 asks; EPERM says that there is one, of another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

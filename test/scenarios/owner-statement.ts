/** A statement as the owner of an instance's own database, whom no wall holds: somebody with the disk in hand. */
import pg from "pg";
import { openClusterHome } from "../../src/store/postgres-cluster.ts";
import { lastSocketFolder, port } from "../../src/store/postgres-process.ts";

/** Runs it in the database that lies in the data folder. */
export async function ownerStatement(folder: string, text: string): Promise<void> {
  const { data } = await openClusterHome(folder);
  const host = await lastSocketFolder(data);
  if (host === null) throw new Error("the instance's database has no socket");
  const client = new pg.Client({
    host,
    port,
    user: "multimail_owner",
    database: "multimail",
    ssl: false,
  });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** Nobody wants mail of what waits, so that the peers of a test see what the test sends, and nothing else. */
export function noNotices(folder: string): Promise<void> {
  return ownerStatement(folder, `UPDATE person SET notify = '{"mail": "none"}'`);
}

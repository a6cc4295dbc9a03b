/** A PostgreSQL of the user's own, as DATABASE_URL points to one: over TCP on loopback, with passwords, Debian's or ours. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { findPackage, prepareBinaries, thisHost } from "../../src/store/postgres-binaries.ts";
import { freePort } from "./load.ts";

/** The server, and what a superuser does on it. */
export type OwnServer = {
  /** Statements of the superuser, each by itself, in the database `postgres` or another. */
  asSuperuser(text: string, database?: string): Promise<pg.QueryResultRow[]>;
  /** The URL of a user's database. */
  url(user: string, database: string): string;
  /** Makes a user with rights such as `CREATEROLE` and a database, owned by that user unless told otherwise; answers its URL. */
  makeDatabase(name: string, rights: string, owner?: string): Promise<string>;
  stop(): Promise<void>;
};

const password = "only on loopback";
const asRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };

/** The folders with PostgreSQL programs on this machine, by the name of who packed them; Debian's where it is installed. */
export function knownServers(): string[] {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian)
    ? readdirSync(debian).filter((version) => existsSync(join(debian, version, "bin", "initdb")))
    : [];
  return [...versions.map((version) => join(debian, version, "bin")), "embedded"];
}

async function programsIn(
  name: string,
  home: string,
): Promise<{ initdb: string; postgres: string }> {
  if (name === "embedded")
    return prepareBinaries(await findPackage(thisHost()), asRoot ? nobody : null, home);
  return { initdb: join(name, "initdb"), postgres: join(name, "postgres") };
}

/** Starts a server of {@link knownServers} with a cluster of its own. */
export async function startOwnServer(name: string): Promise<OwnServer> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "multimail-own-")));
  chmodSync(home, 0o755);
  const data = join(home, "data");
  mkdirSync(data, { mode: 0o700 });
  const secret = join(home, "password");
  writeFileSync(secret, password);
  if (asRoot) for (const path of [data, secret]) chownSync(path, nobody.uid, nobody.gid);
  const programs = await programsIn(name, home);
  const how = { ...(asRoot && nobody), cwd: "/", env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } };
  const options = ["--username=postgres", `--pwfile=${secret}`, "--auth=scram-sha-256"];
  execFileSync(programs.initdb, ["-D", data, ...options, "--encoding=UTF8", "--no-sync"], {
    ...how,
    stdio: "ignore",
  });
  const port = await freePort();
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    "fsync=off",
  ];
  const child = spawn(
    programs.postgres,
    ["-D", data, ...settings.flatMap((setting) => ["-c", setting])],
    { ...how, stdio: "ignore" },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));

  const url = (user: string, database: string): string =>
    `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  const asSuperuser: OwnServer["asSuperuser"] = async (text, database = "postgres") => {
    const client = new pg.Client({ connectionString: url("postgres", database) });
    await client.connect();
    try {
      return (await client.query<pg.QueryResultRow>(text)).rows;
    } finally {
      await client.end();
    }
  };
  for (const end = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 30)))
    try {
      await asSuperuser("SELECT 1");
      break;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  return {
    asSuperuser,
    url,
    async makeDatabase(database, rights, owner = database) {
      await asSuperuser(`CREATE ROLE ${database} LOGIN PASSWORD '${password}' ${rights}`);
      await asSuperuser(`CREATE DATABASE ${database} OWNER ${owner}`);
      return url(database, database);
    },
    async stop() {
      child.kill("SIGQUIT");
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

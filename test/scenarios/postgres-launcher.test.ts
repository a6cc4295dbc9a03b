/** The private PostgreSQL: started, locked, killed, adopted and stopped, with real servers. */
import { spawn } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import pg from "pg";
import { describe, expect, test, vi } from "vitest";
import { lockDataFolder, processStartTime } from "../../src/store/data-folder-lock.ts";
import { DataFolderLocked, type PostgresOptions } from "../../src/store/postgres-launcher.ts";
import {
  asRoot,
  children,
  failure,
  kill9,
  killServers,
  nobody,
  postmasterPid,
  query,
  runProgram,
  serverProcesses,
  start,
  place,
} from "./postgres-fixture.ts";

describe("starting", () => {
  test("the first start makes a durable UTF-8 database with checksums, the next ones find its rows again", async () => {
    const times: number[] = [];
    for (const run of [1, 2, 3]) {
      const began = performance.now();
      const postgres = await start();
      times.push(Math.round(performance.now() - began));
      expect(postgres.adopted).toBe(false);
      if (run === 1) {
        await query(postgres, "CREATE TABLE kept (word text)");
        expect(
          await query(
            postgres,
            `SELECT name || '=' || setting FROM pg_settings WHERE name IN
             ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses', 'jit') ORDER BY name`,
          ),
        ).toEqual([
          "data_checksums=on",
          "fsync=on",
          "full_page_writes=on",
          "jit=off",
          "listen_addresses=",
          "synchronous_commit=on",
        ]);
        expect(
          await query(
            postgres,
            `SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale, rolname, rolsuper, rolcreaterole, rolcanlogin
             FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE datname = current_database()`,
          ),
        ).toEqual([["UTF8", "b", "C.UTF-8", "multimail_owner", false, true, true]]);
      }
      await query(postgres, `INSERT INTO kept VALUES ('run ${run}')`);
      expect((await query(postgres, "SELECT word FROM kept")).length).toBe(run);
      await postgres.stop();
      expect(serverProcesses()).toEqual([]);
    }
    console.log(`start times: first ${times[0]} ms, next ${times.slice(1).join(" and ")} ms`);
    expect(times[1]).toBeLessThan(times[0] ?? 0);
  });

  test("settings of the caller replace ours, but never open a network port", async () => {
    const postgres = await start({ settings: { work_mem: "5MB", listen_addresses: "127.0.0.1" } });
    expect(await query(postgres, "SHOW work_mem")).toEqual(["5MB"]);
    expect(await query(postgres, "SHOW listen_addresses")).toEqual([""]);
  });

  test("a path too long for a socket gets a private folder elsewhere, which is removed at the stop", async () => {
    place.folder = join(place.base, "d".repeat(100));
    const postgres = await start();
    expect(postgres.socket_folder.startsWith(place.folder)).toBe(false);
    expect(statSync(postgres.socket_folder).mode & 0o777).toBe(0o700);
    expect(await query(postgres, "SELECT 1")).toEqual([1]);
    await postgres.stop();
    expect(existsSync(postgres.socket_folder)).toBe(false);
  });

  test("a folder whose name has spaces, commas and quotes works", async () => {
    place.folder = join(place.base, `a, "b" c`);
    expect(await query(await start(), "SELECT 1")).toEqual([1]);
  });

  test("a large log makes way at the start, and no value of a row gets into it", async () => {
    mkdirSync(place.folder);
    writeFileSync(join(place.folder, "postgres.log"), Buffer.alloc(11 * 1024 * 1024));
    const postgres = await start();
    await query(postgres, "CREATE TABLE once (address text UNIQUE)");
    const twice = "INSERT INTO once VALUES ('secret@example.org'), ('secret@example.org')";
    await expect(query(postgres, twice)).rejects.toThrow(/duplicate key/);
    expect(statSync(join(place.folder, "postgres.log.1")).size).toBe(11 * 1024 * 1024);
    const log = readFileSync(join(place.folder, "postgres.log"), "utf8");
    expect(log).toContain("duplicate key");
    expect(log).not.toContain("secret@example.org");
  });
});

describe("one process for a data folder", () => {
  test("a folder in use is refused in one line that names folder and pid", async () => {
    const { child } = await runProgram({ stay: true });
    const error = await failure(start());
    expect(error).toBeInstanceOf(DataFolderLocked);
    expect(error).toMatchObject({ folder: place.folder, pid: child.pid });
    expect(error.message).toBe(`the data folder ${place.folder} is in use by process ${child.pid}`);
  });

  test("the same process cannot start it twice, and can start it again after the stop", async () => {
    const postgres = await start();
    expect(await failure(start())).toBeInstanceOf(DataFolderLocked);
    await postgres.stop();
    expect(await query(await start(), "SELECT 1")).toEqual([1]);
  });

  test("a lock whose pid was reused by another program, or that was torn, does not block", async () => {
    mkdirSync(place.folder);
    const lock = await lockDataFolder(place.folder);
    const ours = JSON.parse(readFileSync(join(place.folder, "lock"), "utf8"));
    await lock.release();
    const alive = { ...ours, pid: process.ppid, start_time: processStartTime(process.ppid) };
    writeFileSync(join(place.folder, "lock"), JSON.stringify(alive));
    expect(await failure(lockDataFolder(place.folder))).toMatchObject({ pid: process.ppid });
    for (const dead of [
      JSON.stringify({ ...alive, start_time: "1" }),
      JSON.stringify({ ...alive, boot_id: "another" }),
      "",
      '{"pid":',
    ]) {
      writeFileSync(join(place.folder, "lock"), dead);
      await (await lockDataFolder(place.folder)).release();
    }
    expect(readdirSync(place.folder)).toEqual([]);
  });

  test("of many that find a dead lock at once exactly one gets it", async () => {
    mkdirSync(place.folder);
    for (let round = 0; round < 20; round++) {
      writeFileSync(
        join(place.folder, "lock"),
        JSON.stringify({ pid: process.ppid, start_time: "1", round }),
      );
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, () => lockDataFolder(place.folder)),
      );
      const held = tries.filter((each) => each.status === "fulfilled");
      expect(held.length).toBe(1);
      for (const each of tries)
        if (each.status === "rejected") expect(each.reason).toBeInstanceOf(DataFolderLocked);
      await held[0]?.value.release();
    }
    expect(readdirSync(place.folder)).toEqual([]);
  });
});

describe("after a kill", () => {
  test("the server of a process that was killed -9 is adopted, and stop() stops it too", async () => {
    const { child, said } = await runProgram({ stay: true });
    await query(said, "CREATE TABLE kept AS SELECT 42 AS answer");
    const pid = postmasterPid();
    await kill9(child);
    const postgres = await start();
    expect(postgres.adopted).toBe(true);
    expect(postmasterPid()).toBe(pid);
    expect(await query(postgres, "SELECT answer FROM kept")).toEqual([42]);
    await postgres.stop();
    expect(serverProcesses()).toEqual([]);
  });

  test("Ctrl-C at the terminal reaches our process group but not the server", async () => {
    const { child } = await runProgram({ stay: true });
    const gone = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-(child.pid ?? 0), "SIGINT");
    await gone;
    expect((await start()).adopted).toBe(true);
  });

  test("committed rows outlive kill -9 of us and of all server processes", async () => {
    const { child, said } = await runProgram({ stay: true });
    await query(said, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n");
    await kill9(child);
    killServers();
    const postgres = await start();
    expect(postgres.adopted).toBe(false);
    expect(await query(postgres, "SELECT count(*)::int FROM kept")).toEqual([1000]);
  });

  test("kill -9 of the first server process alone, with a query at work, does not block the next start", async () => {
    const { child, said } = await runProgram({ stay: true });
    const client = new pg.Client(said.connection);
    client.on("error", () => undefined);
    await client.connect();
    const busy = client.query("DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$").catch(() => "ended");
    await vi.waitFor(async () =>
      expect(
        await query(said, "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE 'DO %'"),
      ).toEqual([1]),
    );
    await kill9(child);
    process.kill(postmasterPid(), "SIGKILL");
    const postgres = await start();
    expect(await query(postgres, "SELECT 1")).toEqual([1]);
    expect(await busy).toBe("ended");
  });

  test("a postmaster.pid that names a living process of another program does not block", async () => {
    await (await start()).stop();
    const file = join(place.folder, "postgres", "data", "postmaster.pid");
    // A process of the same user as the server, for that is what PostgreSQL would believe.
    const other = spawn("sleep", ["600"], { ...(asRoot ? nobody : {}), cwd: "/" });
    children.push(other);
    writeFileSync(
      file,
      `${other.pid}\n${dirname(file)}\n1\n5432\n${place.folder}/postgres/socket\n\n0 0\nready\n`,
    );
    if (asRoot) chownSync(file, nobody.uid, nobody.gid);
    const postgres = await start();
    expect(postgres.adopted).toBe(false);
    expect(other.exitCode).toBe(null);
  });

  test("a postmaster.pid that was cut off before it was written does not block", async () => {
    const postgres = await start();
    await postgres.stop();
    writeFileSync(join(place.folder, "postgres", "data", "postmaster.pid"), "");
    const began = performance.now();
    expect(await query(await start(), "SELECT 1")).toEqual([1]);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test("kill -9 during the first initdb leaves nothing that the next start stumbles over", async () => {
    const dying = runProgram({ stay: true }).catch(() => undefined);
    const child = await vi.waitUntil(() => children[0], { interval: 1 });
    await vi.waitUntil(
      () =>
        existsSync(join(place.folder, "postgres")) &&
        readdirSync(join(place.folder, "postgres")).some((name) => name.startsWith("data-new-")),
      { interval: 1, timeout: 20_000 },
    );
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await dying;
    expect(existsSync(join(place.folder, "postgres", "data"))).toBe(false);
    const postgres = await start();
    expect(await query(postgres, "SELECT 1")).toEqual([1]);
    expect(readdirSync(join(place.folder, "postgres")).sort()).toEqual(["data", "socket"]);
  });

  test("a server that dies while we live is reported and started again, and a pool comes back", async () => {
    const exits: unknown[] = [];
    const postgres = await start({ onExit: (exit) => exits.push(exit) });
    const pool = new pg.Pool(postgres.connection);
    pool.on("error", () => undefined);
    await pool.query("CREATE TABLE kept AS SELECT 42 AS answer");
    process.kill(postmasterPid(), "SIGKILL");
    await vi.waitFor(() =>
      expect(exits).toEqual([{ code: null, signal: "SIGKILL", restarting: true }]),
    );
    const rows = await vi.waitFor(async () => (await pool.query("SELECT answer FROM kept")).rows, {
      timeout: 20_000,
    });
    expect(rows).toEqual([{ answer: 42 }]);
    await pool.end();
    await postgres.stop();
    expect(serverProcesses()).toEqual([]);
  });

  test("a server that nobody supervises stays down, and stop() frees the folder", async () => {
    const onExit = vi.fn<NonNullable<PostgresOptions["onExit"]>>();
    const postgres = await start({ supervise: false, onExit });
    process.kill(postmasterPid(), "SIGQUIT");
    await vi.waitFor(() => expect(onExit).toHaveBeenCalledOnce(), { timeout: 10_000 });
    expect(onExit.mock.calls[0]?.[0]).toMatchObject({ restarting: false });
    await postgres.stop();
    expect(await query(await start(), "SELECT 1")).toEqual([1]);
  });

  test("stop() ends open transactions and connections instead of waiting for them", async () => {
    const postgres = await start();
    const client = new pg.Client(postgres.connection);
    const ended = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    await client.query("BEGIN");
    await postgres.stop();
    await ended;
    expect(serverProcesses()).toEqual([]);
  });
});

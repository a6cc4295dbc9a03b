/** Where the private PostgreSQL cannot run, and how it runs as root and as an ordinary user. */
import { execFileSync } from "node:child_process";
import {
  chownSync,
  cpSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findPackage } from "../../src/store/postgres-binaries.ts";
import { PostgresUnavailable } from "../../src/store/postgres-launcher.ts";
import {
  asRoot,
  canMount,
  copyCheckout,
  failure,
  hasCommand,
  kill9,
  nobody,
  nobodyMayRunNode,
  postmasterPid,
  query,
  runProgram,
  start,
  place,
} from "./postgres-fixture.ts";

describe("what cannot run says why in one line", () => {
  test.each([
    ["musl", { platform: "linux", arch: "x64", musl: true }, /no PostgreSQL program.*musl/],
    ["an unknown processor", { platform: "linux", arch: "s390x", musl: false }, /linux-s390x/],
    [
      "a package that is not installed",
      { platform: "darwin", arch: "arm64", musl: false },
      /not installed/,
    ],
  ])("%s: DATABASE_URL", async (_name, host, message) => {
    const error = await failure(findPackage(host));
    expect(error).toBeInstanceOf(PostgresUnavailable);
    expect(error.message).toMatch(message);
    expect(error.hint).toContain("DATABASE_URL");
  });

  test("a data folder that is a file, or that may not be written", async () => {
    writeFileSync(place.folder, "");
    const error = await failure(start());
    expect(error).toBeInstanceOf(PostgresUnavailable);
    expect(error.message).toBe(`the data folder is not a folder (${place.folder})`);
    expect(error.hint).toContain("MULTIMAIL_DATA");
    // proc refuses new folders even to root.
    const refused = await failure(start({ folder: "/proc/multimail/data" }));
    expect(refused.message).toBe("the data folder is not writable (/proc/multimail/data)");
  });

  test("files of another major version, or damaged ones, which are left as they are", async () => {
    await (await start()).stop();
    const version = join(place.folder, "postgres", "data", "PG_VERSION");
    writeFileSync(version, "17\n");
    expect((await failure(start())).message).toMatch(
      /made by PostgreSQL 17 and this release brings 18$/,
    );
    rmSync(version);
    expect((await failure(start())).message).toMatch(/is damaged$/);
    writeFileSync(version, "18\n");
    expect(await query(await start(), "SELECT 1")).toEqual([1]);
  });

  test("settings that the server refuses: what it said and where to read more", async () => {
    const error = await failure(start({ settings: { shared_buffers: "much" } }));
    expect(error).toBeInstanceOf(PostgresUnavailable);
    expect(error.message).toMatch(/^PostgreSQL does not start: .*shared_buffers.*$/);
    expect(error.hint).toContain(join(place.folder, "postgres.log"));
  });

  test.skipIf(!asRoot || !hasCommand("setpriv"))("no right to change the user", async () => {
    const { said } = await runProgram({ stay: false }, [
      "setpriv",
      "--bounding-set=-setuid,-setgid",
    ]);
    expect(said).toMatchObject({
      error: "PostgresUnavailable",
      message: expect.stringContaining("no right to change its user"),
      hint: expect.stringContaining("DATABASE_URL"),
    });
  });

  test.skipIf(!canMount())("a full disk, in the first start and in a later one", async () => {
    const disk = join(place.base, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", disk]);
    try {
      place.folder = join(disk, "data");
      const first = await failure(start());
      expect(first.message).toBe(`the disk that holds the data folder is full (${place.folder})`);
      execFileSync("mount", ["-o", "remount,size=100m", disk]);
      await (await start()).stop();
      try {
        writeFileSync(join(disk, "filler"), Buffer.alloc(100 * 1024 * 1024));
      } catch {
        // It is full now.
      }
      expect((await failure(start())).message).toContain("is full");
      rmSync(join(disk, "filler"));
      const postgres = await start();
      expect(await query(postgres, "SELECT 1")).toEqual([1]);
      await postgres.stop();
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });
});

describe.skipIf(!asRoot)("as root", () => {
  test("the server runs as nobody, and nobody else but root can reach its socket", async () => {
    const postgres = await start();
    expect(statSync(`/proc/${postmasterPid()}`).uid).toBe(nobody.uid);
    expect(statSync(postgres.socket_folder)).toMatchObject({ uid: nobody.uid });
    expect(statSync(postgres.socket_folder).mode & 0o777).toBe(0o700);
    const socket = JSON.stringify(join(postgres.socket_folder, ".s.PGSQL.5432"));
    const script = `require("net").connect(${socket}).on("connect", () => console.log("in")).on("error", (e) => console.log(e.code))`;
    const stranger = execFileSync(process.execPath, ["-e", script], {
      uid: 65533,
      gid: 65533,
      cwd: "/",
    });
    expect(stranger.toString().trim()).toBe("EACCES");
  });

  test("checkout and data folder below a closed folder work: programs and files go where nobody may enter", async () => {
    const closed = join(place.base, "closed");
    mkdirSync(closed, { mode: 0o700 });
    copyCheckout(join(closed, "checkout"));
    const data = join(closed, "data");
    for (const stay of [true, false]) {
      const { child, said } = await runProgram({ from: join(closed, "checkout"), stay, data });
      expect(said.error).toBeUndefined();
      expect(said).toMatchObject({ adopted: !stay });
      expect(readlinkSync(join(data, "postgres")).startsWith(join(place.base, "outside"))).toBe(
        true,
      );
      if (stay) await kill9(child);
      else await new Promise((resolve) => child.once("exit", resolve));
    }
    // A copy of the data folder must not share the database of the original.
    cpSync(data, join(closed, "copy"), { recursive: true, verbatimSymlinks: true });
    const { said } = await runProgram({ stay: false, data: join(closed, "copy") });
    expect(said.message).toContain(`belongs to the data folder ${data}`);
  });

  test.skipIf(!hasCommand("setpriv") || !nobodyMayRunNode)(
    "an ordinary user runs it too, with a package that lacks its links and may not be written",
    async () => {
      const from = join(place.base, "checkout");
      copyCheckout(from);
      mkdirSync(place.folder);
      chownSync(place.folder, nobody.uid, nobody.gid);
      const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const times: number[] = [];
      for (const stay of [true, false, false]) {
        const { child, said } = await runProgram({ from, stay }, user);
        expect(said.error).toBeUndefined();
        times.push(said.ms);
        if (!stay) await new Promise((resolve) => child.once("exit", resolve));
        else {
          const { said: locked } = await runProgram({ from, stay: false }, user);
          expect(locked).toMatchObject({ error: "DataFolderLocked" });
          await kill9(child);
        }
      }
      console.log(
        `as an ordinary user: first ${times[0]} ms, adopted ${times[1]} ms, next ${times[2]} ms`,
      );
      // Root goes on with the files of that user, as that user.
      const postgres = await start();
      expect(await query(postgres, "SELECT 1")).toEqual([1]);
      expect(statSync(`/proc/${postmasterPid()}`).uid).toBe(nobody.uid);
    },
  );

  test("files that root put back from a backup are given to the server's user", async () => {
    await (await start()).stop();
    execFileSync("chown", ["-R", "0:0", join(place.folder, "postgres", "data")]);
    expect(await query(await start(), "SELECT 1")).toEqual([1]);
  });
});

/** What the whole road is compared with: a private Postfix, alone or with a signing milter, all on loopback and on the same disk. */
import type { ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ended, find, freePort, output, start, stop, until } from "./child.ts";
import { listens } from "./sink.ts";

/** Who signs in front of Postfix. */
export type Signer = "rspamd" | "opendkim" | "nobody";

/** A Postfix that relays all to the sink. */
export type Postfix = {
  /** Roots of everything that works: Postfix's master and the milter. */
  roots: number[];
  /** Sends messages of `payload` bytes over 20 sessions and waits until smtp-source has ended. */
  inject(count: number, payload: number): ChildProcess;
  /** Messages left in the spool. */
  left(): Promise<number>;
  close(): Promise<void>;
};

/** Why this machine cannot run it, or null. */
export function postfixMissing(signer: Signer): string | null {
  const needs = { postfix: "postfix", "smtp-source": "postfix", "smtp-sink": "postfix" };
  const more: Record<string, string> = signer === "nobody" ? {} : { [signer]: signer };
  for (const [program, name] of Object.entries({ ...needs, ...more }))
    if (find(program) === null) return `not measured: install the Debian package ${name}`;
  return process.getuid?.() === 0 ? null : "not measured: Postfix needs root";
}

/** Starts Postfix, with its milter first. */
export async function openPostfix(signer: Signer, sinkPort: number): Promise<Postfix> {
  const folder = await mkdtemp(join(tmpdir(), "multimail-bench-postfix-"));
  await chmod(folder, 0o755);
  const milter = signer === "nobody" ? null : await openMilter(signer, folder);
  const port = await freePort();
  const replace = {
    BENCHDIR: folder,
    SINKPORT: String(sinkPort),
    SMTPPORT: String(port),
    MILTER: milter === null ? "" : `inet:127.0.0.1:${milter.port}`,
  };
  for (const name of ["etc", "spool", "data", "log"])
    await mkdir(join(folder, "postfix", name), { recursive: true });
  const etc = join(folder, "postfix", "etc");
  await writeFile(join(etc, "main.cf"), await filled("postfix-main.cf", replace));
  await writeFile(join(etc, "master.cf"), await filled("postfix-master.cf", replace));
  output("chown", ["postfix", join(folder, "postfix", "data")]);
  const postfix = find("postfix") ?? "postfix";
  if ((await ended(start(postfix, ["-c", etc, "start"], { stdio: "ignore" }))) !== 0)
    throw new Error("Postfix did not start");
  await until("Postfix listens", 20, () => listens(port));
  const master = Number(
    (await readFile(join(folder, "postfix", "spool", "pid", "master.pid"), "utf8")).trim(),
  );
  return {
    roots: [master, ...(milter ? [milter.pid] : [])],
    inject: (count, payload) =>
      start(
        find("smtp-source") ?? "smtp-source",
        `-s 20 -m ${count} -d -l ${payload} -f sender@bench.test -t recipient@dest.test 127.0.0.1:${port}`.split(
          " ",
        ),
      ),
    left: () => spooled(join(folder, "postfix", "spool")),
    async close() {
      await ended(start(postfix, ["-c", etc, "stop"], { stdio: "ignore" }));
      await milter?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function spooled(spool: string): Promise<number> {
  let count = 0;
  for (const queue of ["incoming", "active", "deferred"])
    for (const entry of await readdir(join(spool, queue), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) count++;
  return count;
}

async function filled(name: string, replace: Record<string, string>): Promise<string> {
  let text = await readFile(new URL(`baselines/${name}`, import.meta.url), "utf8");
  for (const [word, value] of Object.entries(replace))
    text = text.replaceAll(new RegExp(`\\b${word}\\b`, "g"), value);
  return text;
}

type Milter = { port: number; pid: number; close(): Promise<void> };

/** Starts a milter with a throw-away RSA-2048 key. */
async function openMilter(signer: Exclude<Signer, "nobody">, parent: string): Promise<Milter> {
  const folder = join(parent, signer);
  for (const name of ["run", "log"]) await mkdir(join(folder, name), { recursive: true });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await writeFile(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  const port = await freePort();
  const config = join(folder, `${signer}.conf`);
  await writeFile(
    config,
    await filled(`${signer}.conf`, { BENCHDIR: folder, MILTERPORT: String(port) }),
  );
  const user = signer === "rspamd" ? "_rspamd" : "opendkim";
  output("chown", ["-R", user, folder]);
  const program = find(signer) ?? signer;
  const args =
    signer === "rspamd" ? ["-f", "-u", user, "-g", user, "-c", config] : ["-x", config, "-f"];
  const child = start(program, args, { stdio: "ignore" });
  await until(`${signer} listens`, 60, () => {
    if (child.exitCode !== null) throw new Error(`${signer} ended with ${child.exitCode}`);
    return listens(port);
  });
  return { port, pid: child.pid ?? 0, close: () => stop(child) };
}

/** `multimail audit verify` and `audit export`: a log over HTTP and in a folder, true and forged, kept and continued. */
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatVkey, signCheckpoint } from "../audit/checkpoint.ts";
import {
  appendLeaves,
  decodeBundle,
  emptyEdge,
  encodeBundle,
  formatTilePath,
  parseTilePath,
} from "../audit/tile.ts";
import { leafHash } from "../audit/tree.ts";
import { runAuditExport, runAuditVerify } from "./audit-verify.ts";
import type { LocalIo } from "./local-io.ts";

const origin = "mail.example.com/audit/op1";
const { privateKey } = generateKeyPairSync("ed25519");
const vkey = formatVkey(origin, privateKey);
const url = "http://127.0.0.1:9";
const key = "mm_live_audit";

/** A server's log: every resource by its path below /audit/. */
type Log = Map<string, Buffer>;

function logOf(entries: readonly string[], signer = privateKey): Log {
  const bytes = entries.map((entry) => Buffer.from(entry));
  const { tiles, root, size } = appendLeaves(emptyEdge, bytes.map(leafHash));
  const log: Log = new Map(tiles.map((tile) => [formatTilePath(tile), tile.data]));
  for (let index = 0; index * 256 < size; index++) {
    const part = bytes.slice(index * 256, index * 256 + 256);
    log.set(formatTilePath({ level: "entries", index, width: part.length }), encodeBundle(part));
  }
  return log.set("checkpoint", Buffer.from(signCheckpoint({ origin, size, root }, signer)));
}

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `entry ${from + i}`);

let folder: string;
let log: Log;
let asked: string[];
let out: string;
let err: string;
let columns: number | undefined;
let clock: number;

const file = (name: string) => join(folder, name);

/** Answers as the server does: tiles for the right key only, and partial ones cut from wider ones. */
const serve: typeof globalThis.fetch = (target, init) => {
  const path = (typeof target === "string" ? target : "").slice(`${url}/audit/`.length);
  asked.push(path);
  const authorized = new Headers(init?.headers).get("authorization") === `Bearer ${key}`;
  if (path !== "checkpoint" && !authorized)
    return Promise.resolve(new Response("", { status: 401 }));
  const found = log.get(path) ?? cut(path);
  return Promise.resolve(
    found ? new Response(new Uint8Array(found)) : new Response("", { status: 404 }),
  );
};

function cut(path: string): Buffer | undefined {
  const tile = path === "checkpoint" ? null : parseTilePath(path);
  const whole = tile && log.get(formatTilePath({ ...tile, width: 256 }));
  if (!tile || !whole) return undefined;
  return tile.level === "entries"
    ? encodeBundle(decodeBundle(whole, 256).slice(0, tile.width))
    : whole.subarray(0, tile.width * 32);
}

function io(fetch: typeof globalThis.fetch = serve): LocalIo {
  return {
    env: { MULTIMAIL_DATA: file("data") },
    stdout: { write: (text) => void (out += String(text)) },
    stderr: { write: (text) => void (err += String(text)), ...(columns ? { columns } : {}) },
    stdin: (async function* () {})(),
    read_file: (path) => readFile(path),
    write_file: (path, content) => writeFile(path, content),
    fetch,
    now: () => new Date((clock += 1000)),
  };
}

const live = ["--url", url, "--key", key];
const verify = (...args: string[]) => runAuditVerify(args, io());
const exportTo = (name: string) => runAuditExport([file(name), ...live], io());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-log-"));
  log = logOf(numbered(600));
  asked = [];
  out = "";
  err = "";
  columns = undefined;
  clock = 0;
  await mkdir(file("data"));
  const keys = { jwks: { keys: [] }, dkim: {}, logs: { [origin]: vkey } };
  await writeFile(file("data/public-keys.json"), JSON.stringify(keys));
});
afterEach(() => rm(folder, { recursive: true }));

describe("a live log", () => {
  it("that is whole verifies, by the keys beside the data", async () => {
    expect(await verify(...live)).toBe(0);
    expect(out).toContain("✓ 600 entries recomputed");
    expect(out.trimEnd().split("\n").at(-1)).toBe("Valid: the log is whole and unchanged.");
    expect(err).toBe("");
  });

  it("is found, with a key that may read it, through first-run.json", async () => {
    const first = {
      url,
      admin_key: "mm_live_other",
      oversight_key: key,
      agent_key: "mm_live_agent",
    };
    await writeFile(file("data/first-run.json"), JSON.stringify(first));
    expect(await verify()).toBe(0);
    await writeFile(file("data/first-run.json"), JSON.stringify({ url, admin_key: key }));
    expect(await verify()).toBe(0);
  });

  it("is told to programs as JSON", async () => {
    expect(await verify(...live, "--json")).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      verdict: "valid",
      size: 600,
      verified: 600,
      fault: null,
      origin,
    });
  });

  const forgeries: [string, (log: Log) => void, string][] = [
    ["a changed entry", (l) => l.get("tile/entries/001")!.write("X", 40), "entry"],
    ["a changed tile", (l) => (l.get("tile/1/000.p/2")![0]! ^= 1), "tile/1/000.p/2"],
    ["a missing bundle", (l) => l.delete("tile/entries/001"), "missing"],
    [
      "a checkpoint by another key",
      (l) => {
        l.set(
          "checkpoint",
          logOf(numbered(600), generateKeyPairSync("ed25519").privateKey).get("checkpoint")!,
        );
      },
      "not signed",
    ],
    [
      "a checkpoint of other entries",
      (l) => {
        l.set("checkpoint", logOf(numbered(600, 1)).get("checkpoint")!);
      },
      "signed root",
    ],
    [
      "a checkpoint that is none",
      (l) => l.set("checkpoint", Buffer.from("hello")),
      "not a checkpoint",
    ],
  ];
  it.each(forgeries)("with %s gives 30 and names the place", async (_, forge, words) => {
    forge(log);
    expect(await verify(...live)).toBe(30);
    expect(out).toContain("✗");
    expect(out).toContain(words);
  });

  it("whose key is not known is never believed", async () => {
    await rm(file("data/public-keys.json"));
    expect(await verify(...live)).toBe(2);
    expect(err).toContain("give --keys or --vkey");
    const stranger = "other.example/audit/op1";
    const other = formatVkey(stranger, privateKey);
    expect(await verify(...live, "--vkey", other)).toBe(30);
    expect(await verify(...live, "--vkey", vkey)).toBe(0);
    const note = signCheckpoint(
      { origin: "constructor", size: 1, root: Buffer.alloc(32) },
      privateKey,
    );
    log.set("checkpoint", Buffer.from(note));
    expect(await verify(...live, "--vkey", vkey)).toBe(30);
  });

  it("shows progress on a terminal, and only there", async () => {
    log = logOf(numbered(6000));
    columns = 80;
    expect(await verify(...live)).toBe(0);
    expect(err).toMatch(/of 6000 entries \(\d+ %\)/);
  });
});

describe("a kept checkpoint", () => {
  const kept = () => file("seen");

  it("is continued by a log that grew, and then is the new one", async () => {
    expect(await verify(...live, "--save-checkpoint", kept())).toBe(0);
    expect(out).toContain("no earlier checkpoint");
    log = logOf(numbered(700));
    expect(await verify(...live, "--save-checkpoint", kept())).toBe(0);
    expect(out).toContain("continues the checkpoint kept at 600 entries");
    expect(await readFile(kept(), "utf8")).toContain("\n700\n");
    expect(await readdir(folder)).not.toContain("seen.new");
  });

  it.each([
    ["shrank", () => logOf(numbered(599)), "shorter"],
    ["was forked", () => logOf(numbered(700, 1)), "another root"],
    ["was replaced at the same size", () => logOf(numbered(600, 1)), "another root"],
  ])("refuses a log that %s, and stays", async (_, other, words) => {
    expect(await verify(...live, "--save-checkpoint", kept())).toBe(0);
    log = other();
    expect(await verify(...live, "--save-checkpoint", kept())).toBe(30);
    expect(out).toContain(words);
    expect(await readFile(kept(), "utf8")).toContain("\n600\n");
  });

  it("that is no checkpoint is a wrong call, and is not overwritten", async () => {
    await writeFile(kept(), "my notes");
    expect(await verify(...live, "--save-checkpoint", kept())).toBe(2);
    expect(await readFile(kept(), "utf8")).toBe("my notes");
  });
});

describe("an exported log", () => {
  it("verifies without the server", async () => {
    expect(await exportTo("copy")).toBe(0);
    expect(out).toContain("600 entries");
    const offline = io(() => Promise.reject(new Error("asked the network")));
    expect(await runAuditVerify([file("copy"), "--vkey", vkey], offline)).toBe(0);
  });

  it("is brought up to date by fetching only what is new", async () => {
    await exportTo("copy");
    log = logOf(numbered(800));
    asked = [];
    expect(await exportTo("copy")).toBe(0);
    expect(asked.toSorted()).toEqual(
      [
        "checkpoint",
        "tile/0/002",
        "tile/0/003.p/32",
        "tile/1/000.p/3",
        "tile/entries/002",
        "tile/entries/003.p/32",
      ].toSorted(),
    );
    expect(await verify(file("copy"))).toBe(0);
    expect(out).toContain("800 entries recomputed");
  });

  it("that was torn is made whole", async () => {
    await exportTo("copy");
    await rm(file("copy/checkpoint"));
    const bundle = await readFile(file("copy/tile/entries/000"));
    await writeFile(file("copy/tile/entries/000"), bundle.subarray(0, 1000));
    await rm(file("copy/tile/0/001"));
    expect(await verify(file("copy"))).toBe(2);
    expect(await exportTo("copy")).toBe(0);
    expect(await verify(file("copy"))).toBe(0);
  });

  it("is found out when somebody changes it", async () => {
    await exportTo("copy");
    const path = file("copy/tile/entries/001");
    const bundle = await readFile(path);
    bundle[50] = bundle[50]! ^ 1;
    await writeFile(path, bundle);
    expect(await verify(file("copy"))).toBe(30);
    expect(out).toContain("tile/entries/001");
  });

  it.each([
    ["shrank", () => logOf(numbered(599)), "it shrank"],
    ["was forked", () => logOf(numbered(600, 1)), "it was forked"],
  ])("is not overwritten by a log that %s", async (_, other, words) => {
    await exportTo("copy");
    const before = await readFile(file("copy/checkpoint"), "utf8");
    log = other();
    expect(await exportTo("copy")).toBe(30);
    expect(err).toContain(words);
    expect(await readFile(file("copy/checkpoint"), "utf8")).toBe(before);
  });

  it("lacks nothing: a server without a tile, or with a short one, is told", async () => {
    log.delete("tile/0/001");
    expect(await exportTo("copy")).toBe(30);
    expect(err).toContain("lacks tile/0/001");
    log.set("tile/0/001", Buffer.alloc(32));
    expect(await exportTo("copy")).toBe(30);
    expect(await readdir(file("copy"))).not.toContain("checkpoint");
  });
});

describe("calls that cannot work", () => {
  it("with a key that may not read the log give 2", async () => {
    expect(await runAuditVerify(["--url", url, "--key", "mm_live_x"], io())).toBe(2);
    expect(err).toContain("scope audit");
  });

  it("to a server that is not there give 3", async () => {
    const nobody = ["--url", "http://127.0.0.1:1", "--key", key];
    expect(await runAuditVerify(nobody, io(globalThis.fetch))).toBe(3);
    expect(await runAuditExport([file("copy"), ...nobody], io(globalThis.fetch))).toBe(3);
    expect(err).toContain("Cannot reach http://127.0.0.1:1");
  });

  it("to a server that answers without end give 3", async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
    });
    const fetch = () => Promise.resolve(new Response(endless));
    expect(await runAuditVerify(live, io(fetch))).toBe(3);
    expect(err).toContain("longer than");
  });

  it.each([
    ["no server known", [], "No server is known"],
    ["a folder and a server", ["somewhere", "--url", url], "leave out --url"],
    ["a folder that is no log", [dirname("/nowhere/x")], "not an exported log"],
    ["two kinds of keys", [...live, "--vkey", vkey, "--keys", "x"], "either --vkey or --keys"],
    ["a malformed vkey", [...live, "--vkey", "x"], "--vkey"],
    ["a key file that is not there", [...live, "--keys", "/nowhere"], "no such file"],
    ["an unknown option", ["--save-chekpoint", "x"], "Did you mean --save-checkpoint"],
  ])("give 2: %s", async (_, args, words) => {
    expect(await verify(...args)).toBe(2);
    expect(err).toContain(words);
  });

  it("and an export without a folder gives 2", async () => {
    expect(await runAuditExport(live, io())).toBe(2);
    expect(await runAuditExport(["--help"], io())).toBe(0);
    expect(await verify("--help")).toBe(0);
  });
});

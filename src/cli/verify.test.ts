/** `multimail verify`: mails and bundles from files, keys pinned or not, exit codes, and words for people and programs. */
import { hash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildBundle } from "../../test/evidence/build-bundle.ts";
import type { BuiltBundle } from "../../test/evidence/build-bundle.ts";
import { delivered, makeKeys } from "../../test/evidence/story-plan.ts";
import type { SigningKeys } from "../../test/evidence/story-plan.ts";
import type { LocalIo } from "./local-io.ts";
import { runVerify } from "./verify.ts";

let folder: string;
let keys: SigningKeys;
let built: BuiltBundle;
let out: string;
let err: string;
let stdin: Buffer[];

const file = (name: string) => join(folder, name);
const save = (name: string, content: string | Buffer | object) =>
  writeFile(
    file(name),
    typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content),
  );

/** Runs the command with nothing but its folder; the network is a failure. */
function run(args: string[], data = "nowhere"): Promise<number> {
  const io: LocalIo = {
    env: { MULTIMAIL_DATA: file(data) },
    stdout: { write: (text) => void (out += String(text)) },
    stderr: { write: (text) => void (err += String(text)) },
    stdin: (async function* () {
      yield* await Promise.resolve(stdin);
    })(),
    read_file: (path) => readFile(path),
    write_file: (path, content) => writeFile(path, content),
    fetch: () => Promise.reject(new Error("verification asked the network")),
    now: () => new Date("2026-03-20T00:00:00Z"),
  };
  return runVerify(args, io);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-verify-"));
  keys = await makeKeys();
  built = await buildBundle({ keys });
  await save("bundle.json", built.bundle);
  await save("mail.eml", await built.eml(0));
  await save("public-keys.json", keys.public);
  const erased = [
    { index: 0, fields: ["to[0]"] },
    { index: 1, fields: ["to[0]"] },
  ];
  const { bundle } = await buildBundle({
    keys,
    noise: 0,
    steps: [...delivered, { do: "log", type: "erasure", data: { erased } }],
  });
  bundle.openings = bundle.openings.filter(({ field }) => field !== "to[0]");
  await save("erased.json", bundle);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  out = "";
  err = "";
  stdin = [];
});

describe("a bundle", () => {
  it("is valid with pinned keys, and the verdict is the last line", async () => {
    expect(await run([file("bundle.json"), "--keys", file("public-keys.json")])).toBe(0);
    expect(out).toContain("public-keys.json");
    expect(out).toMatch(/✓ statements +approve \(class B\) by person person-1/);
    expect(out).toMatch(/– witnesses +no witness was asked for/);
    expect(out.trimEnd().split("\n").at(-1)).toBe(
      `Valid: everything that was checked holds. As of ${built.bundle.created_at}: later entries are not excluded.`,
    );
  });

  it("takes the keys beside the data of this machine's server where none are named", async () => {
    expect(await run([file("bundle.json")], "")).toBe(0);
    expect(out).toMatch(/✓ keys +the bundle's keys are the pinned ones/);
  });

  it("is never valid where its keys are only its own: 11, and how to pin them", async () => {
    expect(await run([file("bundle.json")])).toBe(11);
    expect(out).toContain("as stated by the bundle");
    expect(out).not.toMatch(/^Valid/m);
    const verdict = out.trimEnd().split("\n").at(-1);
    expect(verdict).toMatch(/^Unpinned: .*who made it is not known/);
    for (const how of ["--keys", "/v1/public-keys", "<data>/public-keys.json"])
      expect(verdict).toContain(how);
  });

  it("forged with keys of one's own is never valid: 11 unpinned, 30 with the operator's keys", async () => {
    const forged = await buildBundle({ keys: await makeKeys(keys.origin) });
    await save("forged.json", forged.bundle);
    await save("forged.eml", await forged.eml(0));
    expect(await run([file("forged.json")])).toBe(11);
    expect(await run([file("forged.eml"), "--bundle", file("forged.json")])).toBe(11);
    expect(await run([file("forged.json"), "--keys", file("public-keys.json")])).toBe(30);
  });

  it("is read from standard input", async () => {
    stdin = [Buffer.from("\n"), Buffer.from(JSON.stringify(built.bundle))];
    expect(await run(["-"], "")).toBe(0);
  });

  it("that was changed gives 30, a cross at the check, and words", async () => {
    await save("changed.json", { ...built.bundle, digest: "ab".repeat(32) });
    expect(await run([file("changed.json")])).toBe(30);
    expect(out).toMatch(/✗ digest/);
    expect(out).toContain("Invalid: do not rely on it.");
  });

  it("with erased parts gives 20, and one that no asked-for witness signed gives 10", async () => {
    expect(await run([file("erased.json")], "")).toBe(20);
    expect(out).toContain("erased: to[0]");
    expect(await run([file("bundle.json"), "--witness", witnessKey()], "")).toBe(10);
  });

  it("cut off, or an error answer saved in its place, is invalid and no crash", async () => {
    await save("cut.json", JSON.stringify(built.bundle).slice(0, 900));
    await save("error.json", { error: "There is no such message.", code: "not_found" });
    expect(await run([file("cut.json")])).toBe(30);
    expect(await run([file("error.json")])).toBe(30);
  });

  it("cannot drive the terminal with what it says", async () => {
    const bundle = structuredClone(built.bundle);
    bundle.email.status = "\u001b[2Jvalid\u202e";
    await save("escape.json", bundle);
    expect(await run([file("escape.json")])).toBe(30);
    expect(await run([file("escape.json"), "--json"])).toBe(30);
    expect(out).not.toMatch(/[\u001b\u202e]/);
  });

  it("is told to programs as JSON", async () => {
    expect(await run([file("bundle.json"), "--json"], "")).toBe(0);
    const report = JSON.parse(out) as { verdict: string; exit_code: number; checks: unknown[] };
    expect(report).toMatchObject({
      verdict: "valid",
      exit_code: 0,
      erased: [],
      as_of: built.bundle.created_at,
    });
    expect(report.checks).toContainEqual(
      expect.objectContaining({ name: "format", status: "pass" }),
    );
  });
});

/** A witness key of the right form that signed nothing. */
function witnessKey(): string {
  const typed = Buffer.concat([Buffer.of(4), Buffer.alloc(32, 7)]);
  const id = hash("sha256", Buffer.concat([Buffer.from("w.example\n"), typed]), "buffer");
  return `w.example+${id.toString("hex", 0, 4)}+${typed.toString("base64")}`;
}

describe("a mail", () => {
  it("with its bundle is valid, another mail with it is not", async () => {
    const args = ["--bundle", file("bundle.json"), "--keys", file("public-keys.json")];
    expect(await run([file("mail.eml"), ...args])).toBe(0);
    expect(out).toMatch(/✓ mail content/);
    const another = await buildBundle({ keys });
    await save("another.eml", await another.eml(0));
    expect(await run([file("another.eml"), ...args])).toBe(30);
    expect(out).toMatch(/✗ mail content/);
  });

  it("by itself proves its identity and DKIM, weeks later too, and says what it does not prove", async () => {
    expect(await run([file("mail.eml")], "")).toBe(0);
    expect(out).toMatch(/✓ mail identity +written by/);
    expect(out).toMatch(/✓ mail dkim +2 signature/);
    expect(out).toMatch(/– mail approval +class B is claimed/);
  });

  it("by itself is invalid when it was changed, or when its keys are others", async () => {
    const mail = (await built.eml(0)).toString("latin1");
    await save("changed.eml", mail.replace("on its way", "on my way "));
    expect(await run([file("changed.eml")], "")).toBe(30);
    expect(out).toContain("valid-modified");
    await save("other-keys.json", (await makeKeys()).public);
    out = "";
    expect(await run([file("mail.eml"), "--keys", file("other-keys.json")])).toBe(30);
    expect(out).toContain("unknown-key");
  });

  it("by itself cannot be verified without keys", async () => {
    expect(await run([file("mail.eml")])).toBe(2);
    expect(err).toContain("give --keys");
  });
});

describe("a wrong call gives 2 and says how:", () => {
  const calls: [string, () => string[], string][] = [
    ["nothing named", () => [], "No mail or bundle"],
    ["two files", () => [file("mail.eml"), file("bundle.json")], "Unexpected argument"],
    ["a file that is not there", () => [file("none.eml")], "no such file"],
    ["a folder", () => [folder], "Cannot read"],
    [
      "a key file that is not there",
      () => [file("bundle.json"), "--keys", file("none")],
      "no such file",
    ],
    [
      "a key file of another form",
      () => [file("bundle.json"), "--keys", file("bundle.json")],
      "field jwks is missing",
    ],
    [
      "a key file that is not JSON",
      () => [file("bundle.json"), "--keys", file("mail.eml")],
      "is not JSON",
    ],
    [
      "two bundles",
      () => [file("bundle.json"), "--bundle", file("bundle.json")],
      "is a bundle already",
    ],
    ["an unknown option", () => ["--bundel", "x"], "Did you mean --bundle"],
    ["a malformed witness", () => [file("bundle.json"), "--witness", "x"], "--witness"],
    ["standard input twice", () => ["-", "--bundle", "-"], "cannot be both"],
  ];
  it.each(calls)("%s", async (_, args, words) => {
    expect(await run(args())).toBe(2);
    expect(err).toContain(words);
    expect(out).toBe("");
  });

  it("and --help is no wrong call", async () => {
    expect(await run(["--help"])).toBe(0);
    expect(out).toContain("Usage: multimail verify");
  });
});

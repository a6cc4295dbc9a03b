/** What would be published of both SDKs: packed, installed elsewhere, typed, and run without anything of Node's. */
import { execFile, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../source.ts";
import { python, pythonEnvironment } from "./python-sdk.ts";
import { packTypescriptSdk } from "./sdk-packing.ts";

const run = promisify(execFile);
let folder: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-sdk-"));
  installed = await packTypescriptSdk(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Compiles one file of somebody who installed the package; answers what the compiler says. */
async function compiled(text: string, options: object = {}): Promise<string> {
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await writeFile(join(folder, "consumer.ts"), text);
  const base = {
    strict: true,
    target: "ES2022",
    module: "NodeNext",
    lib: ["ES2022", "DOM", "DOM.AsyncIterable"],
    types: [],
    noEmit: true,
    skipLibCheck: false,
  };
  const config = { compilerOptions: { ...base, ...options }, files: ["consumer.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  return spawnSync(process.execPath, [tsc, "-p", "."], { cwd: folder, encoding: "utf8" }).stdout;
}

test("both packages have the version of the server that they are made from", async () => {
  const read = (path: string) => readFile(join(root, path), "utf8");
  const { version } = JSON.parse(await read("package.json")) as { version: string };
  expect(JSON.parse(await read("sdk/package.json"))).toMatchObject({ version });
  expect(await read("sdk-python/pyproject.toml")).toContain(`\nversion = "${version}"\n`);
  expect(await read("sdk-python/multimail/__init__.py")).toContain(`__version__ = "${version}"\n`);
});

describe("the TypeScript package", () => {
  test("has no dependencies, and publint finds nothing", async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, strict: true });
    expect(messages).toEqual([]);
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"])
      expect(pkg).not.toHaveProperty(kind);
    const files = await readdir(installed, { recursive: true });
    expect(files.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))).toEqual([]);
    expect(files).toContain("LICENSE");
  });

  test("imports nothing but its own files, which are all there", async () => {
    const files = await readdir(join(installed, "dist"), { recursive: true });
    const broken: string[] = [];
    for (const name of files.filter((one) => /\.(?:js|d\.ts)$/.test(one))) {
      const text = await readFile(join(installed, "dist", name), "utf8");
      for (const [, from = ""] of text.matchAll(/(?:^import |\bfrom |\bimport\()"([^"\s]+)"/gm))
        if (!/^\.{1,2}\//.test(from) || !files.includes(join(name, "..", from)))
          broken.push(`${name}: ${from}`);
    }
    expect(broken).toEqual([]);
  });

  const consumer = `
    import { MultiMail, ApiError, isApprovalRequired, type Email, type SendEmailInput } from "@multimail/sdk";
    import { verifyWebhook } from "@multimail/sdk/webhooks";
    const client = new MultiMail({ baseUrl: "http://localhost" });
    export const email: Email = await client.readEmail({ mailbox_id: "m", email_id: "e" });
    const message: SendEmailInput = { mailbox_id: "m", to: "a@example.com", subject: "s", markdown: "m" };
    export const id: string = (await client.sendEmail(message, { timeoutMs: 5 })).id;
    for await (const mailbox of client.listMailboxes()) mailbox.address satisfies string;
    export const first: string | null = (await client.listMailboxes({ limit: 1 })).next_cursor;
    const key = await client.createApiKey({ name: "k", scopes: ["read"] });
    if (isApprovalRequired(key)) key.change_id satisfies string;
    export const raw: Uint8Array = (await client.getRawEmail({ mailbox_id: "m", email_id: "e" })).data;
    export const hook = await verifyWebhook({ secret: "s", headers: new Headers(), body: "" });
    export const code = (error: unknown) => (error instanceof ApiError ? error.code : null);
  `;

  test("is typed for whoever installs it, with Node's types or the browser's", async () => {
    expect(await compiled(consumer)).toBe("");
    expect(await compiled(consumer, { module: "ESNext", moduleResolution: "Bundler" })).toBe("");
    await mkdir(join(folder, "node_modules/@types"), { recursive: true });
    await symlink(join(root, "node_modules/@types/node"), join(folder, "node_modules/@types/node"));
    await symlink(
      join(root, "node_modules/undici-types"),
      join(folder, "node_modules/undici-types"),
    );
    expect(await compiled(consumer, { lib: ["ES2024"], types: ["node"] })).toBe("");
  });

  test("its types refuse what the server would refuse", async () => {
    const wrong = await compiled(`
      import { MultiMail } from "@multimail/sdk";
      const client = new MultiMail({ baseUrl: "http://localhost" });
      await client.sendEmail({ mailbox_id: "m", to: "a@example.com", markdown: "m" });
      await client.sendEmail({ mailbox_id: "m", to: "a@example.com", subject: "s", markdown: "m", sbject: "" });
      await client.checkInbox({ mailbox_id: "m", direction: "sideways" });
    `);
    expect(wrong.match(/consumer\.ts\(\d+/g)).toEqual([
      "consumer.ts(4",
      "consumer.ts(5",
      "consumer.ts(6",
    ]);
    expect(wrong).toContain("subject");
    expect(wrong).toContain("sbject");
  });

  test("runs where there is nothing of Node's", async () => {
    const program = join(import.meta.dirname, "sdk-in-bare-world.mjs");
    const { stdout } = await run(process.execPath, [
      "--experimental-vm-modules",
      "--no-warnings",
      program,
      installed,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      sent: "1",
      listed: ["2"],
      type: "x",
      calls: [
        "POST https://mail.example.com/v1/mailboxes/m/send",
        "GET https://mail.example.com/v1/mailboxes/m/emails",
      ],
    });
  });

  for (const runtime of ["bun", "deno"])
    test.skipIf(spawnSync(runtime, ["--version"]).status !== 0)(`runs in ${runtime}`, async () => {
      await writeFile(
        join(folder, "elsewhere.mjs"),
        `import { MultiMail } from "@multimail/sdk";
         const fetch = async () => Response.json({ id: "1" });
         const client = new MultiMail({ baseUrl: "http://x.invalid", fetch });
         console.log((await client.getAccount()).id);`,
      );
      const args = runtime === "deno" ? ["run", "--allow-read", "--node-modules-dir=manual"] : [];
      const { stdout } = await run(runtime, [...args, "elsewhere.mjs"], { cwd: folder });
      expect(stdout.trim()).toBe("1");
    });
});

describe.skipIf(python === undefined)("the Python package", () => {
  /** Runs Python outside the tree. */
  const py = (cwd: string, ...args: string[]) =>
    run(python ?? "", args, { cwd, env: { ...pythonEnvironment, PYTHONPATH: "" } });

  test("builds a wheel with nothing but Python, the same each time, which installs and runs", async () => {
    const source = join(folder, "sdk-python");
    await cp(join(root, "sdk-python"), source, { recursive: true });
    const build = (into: string) =>
      `import wheel_backend, os; os.makedirs("${into}"); print(wheel_backend.build_wheel("${into}"))`;
    const { stdout } = await py(source, "-c", build("one"));
    await py(source, "-c", build("two"));
    const name = stdout.trim();
    expect(name).toMatch(/^multimail-[\d.]+-py3-none-any\.whl$/);
    const one = await readFile(join(source, "one", name));
    expect(one.equals(await readFile(join(source, "two", name)))).toBe(true);
    const check = `
import base64, csv, hashlib, io, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
names = archive.namelist()
record = next(name for name in names if name.endswith(".dist-info/RECORD"))
rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
assert sorted(row[0] for row in rows) == sorted(names), names
for path, digest, size in rows:
    if path == record: continue
    content = archive.read(path)
    right = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    assert digest == "sha256=" + right and int(size) == len(content), path
assert "multimail/py.typed" in names
sys.path.insert(0, sys.argv[1])
import multimail
assert multimail.__file__.startswith(sys.argv[1])
client = multimail.MultiMail("http://x.invalid")
print(multimail.__version__, callable(client.send_email))
`;
    const { stdout: said } = await py(folder, "-c", check, join(source, "one", name));
    expect(said.trim()).toMatch(/^[\d.]+ True$/);
  });

  test("pip builds it without a network", async (context) => {
    const pip = spawnSync(python ?? "", ["-m", "pip", "--version"]);
    if (pip.status !== 0) context.skip("there is no pip");
    const source = join(folder, "for-pip");
    await cp(join(root, "sdk-python"), source, { recursive: true });
    const args = ["-m", "pip", "wheel", "--no-index", "--no-deps", "--quiet", "-w", "out", source];
    await py(folder, ...args);
    expect(await readdir(join(folder, "out"))).toEqual([
      expect.stringMatching(/^multimail-[\d.]+-py3-none-any\.whl$/),
    ]);
  });

  test("is written in the language of Python 3.9, with types that can be looked up", async () => {
    const check = `
import ast, glob, typing
for path in glob.glob("multimail/*.py") + glob.glob("../examples/python/*.py"):
    ast.parse(open(path, encoding="utf-8").read(), path, feature_version=(3, 9))
import multimail.models as models, multimail.operations as operations
dicts = [one for one in vars(models).values() if isinstance(one, type) and hasattr(one, "__total__")]
assert len(dicts) > 100
for one in dicts: typing.get_type_hints(one)
methods = [one for name, one in vars(operations.Operations).items() if not name.startswith("_")]
assert len(methods) > 100
for one in methods: typing.get_type_hints(one, vars(operations))
print(len(methods))
`;
    const { stdout } = await run(python ?? "", ["-c", check], {
      cwd: join(root, "sdk-python"),
      env: pythonEnvironment,
    });
    expect(Number(stdout)).toBeGreaterThan(100);
  });

  test("needs nothing but the standard library", async () => {
    const check = `
import ast, glob, sys
known = getattr(sys, "stdlib_module_names", None)
for path in glob.glob("multimail/*.py") + ["wheel_backend.py"]:
    for node in ast.walk(ast.parse(open(path, encoding="utf-8").read())):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
        for name in names:
            assert known is None or name.split(".")[0] in known, (path, name)
`;
    await expect(
      run(python ?? "", ["-c", check], { cwd: join(root, "sdk-python"), env: pythonEnvironment }),
    ).resolves.toBeDefined();
  });
});

/** The examples as documents show them, run by their interpreters against a running server. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../source.ts";
import { Webhook } from "standardwebhooks";
import { python, pythonEnvironment } from "./python-sdk.ts";
import { keepReceived } from "./received-mail.ts";
import { type Running, run } from "./running.ts";
import { packTypescriptSdk } from "./sdk-packing.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-examples-"));
  await packTypescriptSdk(folder);
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await cp(join(root, "examples"), join(folder, "examples"), { recursive: true });
  running = await run();
  node = await secondNode(running);
});
afterAll(async () => {
  await node.close();
  await running.stop();
  await rm(folder, { recursive: true, force: true });
});

const documents = ["README.md", "sdk/README.md", "sdk-python/README.md"];

test("documents show the examples byte for byte, each example somewhere", async () => {
  const guides = await readdir(join(root, "docs"), { recursive: true });
  const shown = new Set<string>();
  for (const name of [
    ...documents,
    ...guides.filter((one) => one.endsWith(".md")).map((one) => `docs/${one}`),
  ]) {
    const text = await readFile(join(root, name), "utf8");
    for (const [, path = "", code] of text.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gm)) {
      expect(code, `${path} in ${name}`).toBe(await readFile(join(root, path), "utf8"));
      shown.add(path);
    }
  }
  const all = await readdir(join(root, "examples"), { recursive: true });
  const programs = all
    .filter((name) => /\.(?:ts|py)$/.test(name))
    .map((name) => `examples/${name}`);
  expect([...shown].sort()).toEqual(programs.sort());
});

/** An example under way. */
type Example = {
  child: ChildProcess;
  lines: string[];
  line(): Promise<string>;
  done: Promise<number | null>;
};

/** Starts an example by its name without extension, words joined by dashes. */
function start(
  language: "TypeScript" | "Python",
  name: string,
  env: object,
  args: string[],
): Example {
  const file =
    language === "TypeScript"
      ? `examples/typescript/${name}.ts`
      : `examples/python/${name.replaceAll("-", "_")}.py`;
  const child = spawn(
    language === "TypeScript" ? process.execPath : (python ?? ""),
    [file, ...args],
    {
      cwd: folder,
      env: {
        ...pythonEnvironment,
        NODE_NO_WARNINGS: "1",
        MULTIMAIL_API_URL: running.known.url,
        MULTIMAIL_API_KEY: running.known.agent_key,
        MULTIMAIL_MAILBOX_ID: running.known.mailbox_id,
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    lines.push(line);
    waiting.shift()?.(line);
  });
  const done = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, lines, done, line: () => new Promise((resolve) => waiting.push(resolve)) };
}

describe.each(["TypeScript", "Python"] as const)("%s", (language) => {
  const absent = language === "Python" && python === undefined;

  /** Runs one to its end; answers its lines. */
  async function lines(name: string, env: object = {}, ...args: string[]): Promise<string[]> {
    const example = start(language, name, env, args);
    expect(await example.done, name).toBe(0);
    return example.lines;
  }

  test.skipIf(absent)("a first gated send waits for a person", async () => {
    const [line = ""] = await lines("first-gated-send");
    const [id = "", status] = line.split(" ");
    expect(status).toBe("pending_send_approval");
    const { body } = await running.call(running.known.oversight_key, "/v1/oversight/pending");
    expect(body.pending.map((one: { id: string }) => one.id)).toContain(id);
  });

  test.skipIf(absent)("the wait ends with what a person decided, and why", async () => {
    const { body } = await running.send({ subject: `Waiting in ${language}` });
    const example = start(language, "wait-for-decision", {}, [body.id]);
    expect((await running.decide(body.id, "reject", { reason: "Not today" })).status).toBe(200);
    expect(await example.done).toBe(0);
    expect(example.lines).toEqual(["reject Not today"]);
    const { body: second } = await running.send({ subject: `Approved in ${language}` });
    await running.decide(second.id, "approve");
    expect((await lines("wait-for-decision", {}, second.id)).map((one) => one.trim())).toEqual([
      "approve",
    ]);
  });

  test.skipIf(absent)("every unread email is answered once and marked", async () => {
    const ids = await Promise.all(
      ["Ada", "Bob"].map((name) =>
        keepReceived(node, running.known.mailbox_id, {
          from: `${name} <${name.toLowerCase()}-${language.toLowerCase()}@example.com>`,
          subject: `Question of ${name}`,
        }),
      ),
    );
    const said = await lines("answer-inbox");
    expect(said).toHaveLength(2);
    for (const line of said) expect(line).toMatch(/@example\.com>? pending_send_approval$/);
    for (const id of ids) {
      const path = `/v1/mailboxes/${running.known.mailbox_id}/emails/${id}`;
      expect((await running.call(running.known.agent_key, path)).body.status).toBe("read");
    }
    expect(await lines("answer-inbox")).toEqual([]);
  });

  test.skipIf(absent)(
    "a receiver prints what the server signed once, and answers 400 to the rest",
    async () => {
      const secret = "whsec_c29tZSBzZWNyZXQgb2Ygb3Vycw==";
      const example = start(
        language,
        "webhook-receiver",
        { WEBHOOK_SECRET: secret, PORT: "0" },
        [],
      );
      try {
        const port = /(\d{4,5})\}?$/.exec(await example.line())?.[1];
        const body = JSON.stringify({ type: "message.received", timestamp: "", data: {} });
        const post = async (by: string): Promise<number> => {
          const now = new Date();
          const headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
            "webhook-signature": new Webhook(by).sign("msg_1", now, body),
          };
          const url = `http://127.0.0.1:${port}/hook`;
          return (await fetch(url, { method: "POST", headers, body })).status;
        };
        expect(await post("whsec_YW5vdGhlcg==")).toBe(400);
        const printed = example.line();
        expect(await post(secret)).toBe(204);
        expect(await printed).toBe("message.received msg_1");
        expect(await post(secret)).toBe(204);
        expect(example.lines).toHaveLength(2);
      } finally {
        example.child.kill();
        await example.done;
      }
    },
  );

  test.skipIf(absent)("a long list is gone through to its end", async () => {
    const { mailbox_id, agent_key } = running.known;
    const counts = new Map<string, number>();
    for (let cursor: string | null = ""; cursor !== null;) {
      const path: string = `/v1/mailboxes/${mailbox_id}/emails?limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const { body } = await running.call(agent_key, path);
      for (const { status } of body.emails) counts.set(status, (counts.get(status) ?? 0) + 1);
      cursor = body.next_cursor;
    }
    const said = await lines("paginate");
    expect(said.sort()).toEqual([...counts].map(([status, count]) => `${status} ${count}`).sort());
    expect(said.length).toBeGreaterThan(1);
  });
});

test.skipIf(spawnSync("npm", ["--version"]).status !== 0)(
  "examples compile against the packed package as they stand",
  async () => {
    const compilerOptions = {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      target: "ES2024",
      module: "NodeNext",
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
      noEmit: true,
    };
    const config = { compilerOptions, include: ["examples/typescript"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const said = spawnSync(process.execPath, [tsc, "-p", "."], { cwd: folder, encoding: "utf8" });
    expect(said.stdout).toBe("");
  },
);

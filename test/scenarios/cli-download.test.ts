/** Downloads on the command line: as they come, whole or not at all; and everything of a real operator by `multimail export`. */
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../src/cli/main.ts";
import { allOperations } from "../../src/operations/all.ts";
import { run } from "./running.ts";
import { startCli } from "./sample-cli.ts";

let cli: Awaited<ReturnType<typeof startCli>>;
let folder: string;
let server: Server;
let url: string;
beforeAll(async () => {
  cli = await startCli();
  folder = await mkdtemp(join(tmpdir(), "multimail-download-"));
  server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": 20 });
    response.write("0123456789");
    if (request.url?.endsWith("/cut")) setImmediate(() => response.destroy());
    else response.end("abcdefghij");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  await cli.end();
  await rm(folder, { recursive: true, force: true });
  await new Promise((resolve) => server.close(resolve));
});

test("a download that is cut off leaves no file and ends with 3; a whole one is there under its name", async () => {
  const env = { MULTIMAIL_API_URL: url, MULTIMAIL_API_KEY: "k", MULTIMAIL_DATA: "/nonexistent" };
  const file = join(folder, "file.bin");
  const cut = await cli.run(["call", "get-file", "--name", "cut", "--output", file], { env });
  expect([cut.code, cut.out]).toEqual([3, ""]);
  expect(await readdir(folder)).toEqual([]);
  const whole = await cli.run(["call", "get-file", "--name", "whole", "--output", file], { env });
  expect([whole.code, whole.err]).toEqual([0, `20 bytes written to ${file}\n`]);
  expect(await readFile(file, "utf8")).toBe("0123456789abcdefghij");
  const nowhere = join(folder, "absent", "file.bin");
  const lost = await cli.run(["call", "get-file", "--name", "whole", "--output", nowhere], { env });
  expect([lost.code, lost.err]).toEqual([2, expect.stringContaining("Cannot write")]);
});

test("export writes every row of the operator, first line to last, and no key", async () => {
  const one = await run();
  try {
    await one.send({ subject: "To be exported" });
    const file = join(folder, "export.jsonl");
    let err = "";
    const code = await runCli(["export", "--output", file], {
      env: { MULTIMAIL_DATA: one.folder },
      stdout: { write: () => true },
      stderr: { write: (chunk) => void (err += String(chunk)) },
      stdin: (async function* (): AsyncGenerator<string> {})(),
      operations: allOperations,
      local: {},
      fetch,
    });
    expect([code, err]).toEqual([0, expect.stringContaining("bytes written")]);
    const text = await readFile(file, "utf8");
    const lines = text.trimEnd().split("\n");
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type);
    expect([types[0], types.at(-1)]).toEqual(["export", "end"]);
    expect(text).toContain("To be exported");
    expect(text).not.toContain(one.known.agent_key);
  } finally {
    await one.stop();
  }
});

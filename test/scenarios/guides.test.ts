/** The guides' runnable blocks, run in order in bash beside a running instance: what a guide says is what happens. */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../source.ts";
import { type Running, run } from "./running.ts";

const guides = (await readdir(`${root}docs/guides`)).filter((name) => name.endsWith(".md"));

let one: Running;
let folder: string;
beforeAll(async () => {
  one = await run();
  folder = await mkdtemp(join(tmpdir(), "multimail-guides-"));
  const command = `#!/bin/sh\nexec "${process.execPath}" --disable-warning=ExperimentalWarning "${root}src/multimail.ts" "$@"\n`;
  await writeFile(join(folder, "multimail"), command);
  await chmod(join(folder, "multimail"), 0o755);
  await symlink(process.execPath, join(folder, "node"));
});
afterAll(async () => {
  await one.stop();
  await rm(folder, { recursive: true, force: true });
});

test.each(guides)(
  "every runnable block of %s does what it says",
  async (guide) => {
    const text = await readFile(`${root}docs/guides/${guide}`, "utf8");
    const blocks = [...text.matchAll(/^```sh runnable\n([\s\S]*?)^```$/gm)].map(([, body]) => body);
    expect(blocks.length).toBeGreaterThan(0);
    const cwd = join(folder, guide.replace(".md", ""));
    await mkdir(cwd);
    const done = await promisify(execFile)(
      "bash",
      ["-c", `set -euo pipefail\nset -x\n${blocks.join("\n")}`],
      {
        cwd,
        timeout: 100_000,
        env: {
          PATH: `${folder}:${process.env["PATH"] ?? ""}`,
          HOME: cwd,
          MULTIMAIL_DATA: one.folder,
          MULTIMAIL_PORT: new URL(one.known.url).port,
          MULTIMAIL_SUBMISSION_PORT: "0",
          // Many short commands: types are stripped once.
          NODE_COMPILE_CACHE: join(folder, "cache"),
        },
      },
    ).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    );
    expect(done.code, `${done.stdout.slice(-2000)}\n${done.stderr.slice(-2000)}`).toBe(0);
  },
  120_000,
);

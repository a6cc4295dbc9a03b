/** The TypeScript SDK packed by npm as for publishing, and unpacked where a program would find it. */
import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root } from "../source.ts";

/**
 * Packs a copy of `sdk/` and installs it under `folder`; answers where. The tree stays as it is, and nothing is asked of a
 * network. Throws where npm fails.
 */
export async function packTypescriptSdk(folder: string): Promise<string> {
  const tree = join(folder, "tree");
  await mkdir(tree, { recursive: true });
  await cp(join(root, "sdk"), join(tree, "sdk"), {
    recursive: true,
    filter: (path) => !path.endsWith("/sdk/dist"),
  });
  await cp(join(root, "tsconfig.json"), join(tree, "tsconfig.json"));
  await symlink(join(root, "node_modules"), join(tree, "node_modules"));
  // npm stands beside the Node that runs, or wherever the path finds it.
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` };
  const packed = spawnSync("npm", ["pack", "--silent", "--offline", "--pack-destination", folder], {
    cwd: join(tree, "sdk"),
    env,
    encoding: "utf8",
  });
  if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stderr}${packed.stdout}`);
  const archive = (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "";
  const installed = join(folder, "node_modules/@multimail/sdk");
  await mkdir(installed, { recursive: true });
  const unpacked = spawnSync("tar", [
    "-xzf",
    join(folder, archive),
    "-C",
    installed,
    "--strip-components=1",
  ]);
  if (unpacked.status !== 0) throw new Error(`tar failed: ${String(unpacked.stderr)}`);
  return installed;
}

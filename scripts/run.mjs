/** Runs a TypeScript file of this checkout on a Node that can; installs the dependencies first where they are missing or old. */
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants as system } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { checkout, ensureDependencies, modules, Unable } from "./install-dependencies.mjs";

// Plain JavaScript for Node 20 and without dependencies: it is what runs before anything is installed.

/**
 * Runs `file` with `args` in a process of its own, hands signals on to it, and ends as it ends.
 * `file` is looked up from the working directory, then from the checkout.
 */
export async function run(file, args, { watch = false } = {}) {
  try {
    await ensureDependencies();
    const script = [resolve(file), join(checkout, file)].find((path) => existsSync(path));
    if (!script) throw new Unable(`there is no file ${file}`);
    await runToTheEnd(modernNode(), script, args, watch);
  } catch (error) {
    if (!(error instanceof Unable)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** The Node to run on: this one where it is 22.19 or newer (type stripping, and what libraries ask for), else the npm package's. */
function modernNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  const packaged = join(modules, "node", "bin", "node");
  if (existsSync(packaged)) return packaged;
  throw new Unable(
    `MultiMail needs Node 22.19 or newer; this is ${process.versions.node}, and the npm package "node" brought no program for ${process.platform}-${process.arch}. Install a newer one from https://nodejs.org.`,
  );
}

async function runToTheEnd(node, script, args, watch) {
  const preload = pathToFileURL(join(checkout, "scripts", "end-with-parent.mjs")).href;
  const flags = [
    "--disable-warning=ExperimentalWarning",
    ...(watch ? ["--watch"] : ["--import", preload]),
  ];
  const child = spawn(node, [...flags, script, ...args], {
    stdio: "inherit",
    env: {
      // Without types stripped anew each time a start takes half as long and 20 MB less. `npm ci` clears it with the folder.
      NODE_COMPILE_CACHE: join(modules, ".cache", "multimail-compile"),
      ...process.env,
      MULTIMAIL_PARENT: String(process.pid),
    },
  });
  const handlers = forwardSignals(child);
  const { code, signal } = await new Promise((settle, fail) => {
    child.once("error", fail);
    child.once("exit", (code, signal) => settle({ code, signal }));
  }).catch((error) => {
    throw new Unable(`${node} does not start: ${error.message}`);
  });
  for (const [name, handler] of handlers) process.off(name, handler);
  // Whoever waits for us sees the same end: the same code, or death by the same signal.
  process.exitCode = signal ? 128 + system.signals[signal] : (code ?? 1);
  if (signal) process.kill(process.pid, signal);
}

/**
 * A terminal sends Ctrl-C to us and to the child alike, so there the first SIGINT is not handed on: two would look like a
 * person who has lost patience. Anything later, and every other signal, is.
 */
function forwardSignals(child) {
  let spared = process.stdin.isTTY ? Number.POSITIVE_INFINITY : 0;
  return ["SIGINT", "SIGTERM", "SIGHUP"].map((name) => {
    const handler = () => {
      if (name === "SIGINT" && Date.now() < spared) {
        if (spared === Number.POSITIVE_INFINITY) spared = Date.now() + 1000;
        return;
      }
      child.kill(name);
    };
    process.on(name, handler);
    return [name, handler];
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const words = process.argv.slice(2);
  const watch = words[0] === "--watch";
  const [file, ...args] = watch ? words.slice(1) : words;
  if (file) await run(file, args, { watch });
  else {
    process.stderr.write("Usage: node scripts/run.mjs [--watch] <file.ts> [arguments]\n");
    process.exitCode = 2;
  }
}

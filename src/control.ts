/** The local control socket: whoever may open it, which file permissions decide, runs this instance and may sign in as its owner. */
import { createHash } from "node:crypto";
import { chmod, mkdir, rm } from "node:fs/promises";
import { type Server, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Environment, readConfig } from "./config.ts";

/** Longest path of a Unix socket on every system we know, with room to spare. */
const maxSocketPath = 100;

/** Where the socket of a data folder is; the same for server and command. */
function socketPath(dataFolder: string): string {
  const path = join(dataFolder, "control.sock");
  if (path.length <= maxSocketPath) return path;
  const name = createHash("sha256").update(dataFolder).digest("hex").slice(0, 16);
  return join(tmpdir(), `multimail-${process.getuid?.() ?? 0}-${name}`, "control.sock");
}

/** Listens for local commands. Each is a POST to its own path and answers one line of text. */
export async function openControl(
  dataFolder: string,
  commands: Readonly<Record<string, () => Promise<string>>>,
  log: { error(fields: object, message: string): void },
): Promise<{ close(): Promise<void> }> {
  const path = socketPath(dataFolder);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Left there by a crash; the data folder's lock says that no other process uses it.
  await rm(path, { force: true });
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    const command =
      incoming.method === "POST" ? commands[(incoming.url ?? "").slice(1)] : undefined;
    if (!command) {
      outgoing.writeHead(404).end();
      return;
    }
    command().then(
      (line) => outgoing.writeHead(200, { "content-type": "text/plain" }).end(line),
      (error: unknown) => {
        log.error({ command: incoming.url, error: String(error) }, "a control command failed");
        outgoing.writeHead(500).end();
      },
    );
  });
  await listen(server, path);
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
}

type Output = { write(text: string): unknown };

/** `multimail sign-in-link`: asks the running instance of the data folder for a link. Exit code 0, or 1 with one line. */
export async function signInLink(
  env: Environment,
  stdout: Output,
  stderr: Output,
): Promise<number> {
  const { data } = readConfig(env);
  try {
    stdout.write(`${await callControl(data, "sign-in-link")}\n`);
    return 0;
  } catch (error) {
    stderr.write(
      `multimail: no instance answers for ${data} (${error instanceof Error ? error.message : String(error)}). Is it running, and is MULTIMAIL_DATA its data folder?\n`,
    );
    return 1;
  }
}

function callControl(dataFolder: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath: socketPath(dataFolder), method: "POST", path: `/${command}`, timeout: 10_000 },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () =>
          answer.statusCode === 200
            ? resolve(Buffer.concat(chunks).toString("utf8"))
            : reject(new Error(`it answered ${answer.statusCode ?? 0}`)),
        );
      },
    );
    call.once("timeout", () => call.destroy(new Error("it did not answer in time")));
    call.once("error", reject);
    call.end();
  });
}

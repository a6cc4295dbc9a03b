/** The local control socket: whoever may open it, which file permissions decide, runs this instance and may sign in as its owner. */
import { createHash } from "node:crypto";
import { chmod, mkdir, rm } from "node:fs/promises";
import { type IncomingMessage, type Server, createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Environment, readConfig } from "./config.ts";
import { Refusal } from "./core/refusal.ts";

/** Longest path of a Unix socket on every system we know, with room to spare. */
const maxSocketPath = 100;

/** Where the socket of a data folder is; the same for server and command. */
function socketPath(dataFolder: string): string {
  const path = join(dataFolder, "control.sock");
  if (path.length <= maxSocketPath) return path;
  const name = createHash("sha256").update(dataFolder).digest("hex").slice(0, 16);
  return join(tmpdir(), `multimail-${process.getuid?.() ?? 0}-${name}`, "control.sock");
}

/** Most characters that a local command is given. */
const maxInput = 10_000;

/** What a local command is: given the text of a POST to its own path, it answers one line of text. A {@link Refusal} is told. */
export type ControlCommands = Readonly<Record<string, (input: string) => Promise<string>>>;

/** Listens for local commands. */
export async function openControl(
  dataFolder: string,
  commands: ControlCommands,
  log: { error(fields: object, message: string): void },
): Promise<{ close(): Promise<void> }> {
  const path = socketPath(dataFolder);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Left there by a crash; the data folder's lock says that no other process uses it.
  await rm(path, { force: true });
  const server = createServer((incoming, outgoing) => {
    const command =
      incoming.method === "POST" ? commands[(incoming.url ?? "").slice(1)] : undefined;
    if (!command) {
      incoming.resume();
      outgoing.writeHead(404).end();
      return;
    }
    inputOf(incoming)
      .then(command)
      .then(
        (line) => outgoing.writeHead(200, { "content-type": "text/plain" }).end(line),
        (error: unknown) => {
          if (error instanceof Refusal) {
            const { message, detail } = error;
            outgoing.writeHead(409, { "content-type": "application/json" });
            outgoing.end(JSON.stringify({ message, hint: detail.hint }));
            return;
          }
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

async function inputOf(incoming: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > maxInput) throw new Error("a local command was given too much");
  }
  return text;
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

/** The instance of the data folder refused a local command. */
export class ControlRefused extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Has the running instance of a data folder do a local command; answers what it says. Rejects with {@link ControlRefused} where it
 * refused, and with another error where none answers. It may take `timeout_ms`.
 */
export function callControl(
  dataFolder: string,
  command: string,
  input = "",
  timeout_ms = 10_000,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: socketPath(dataFolder),
        method: "POST",
        path: `/${command}`,
        timeout: timeout_ms,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (answer.statusCode === 200) resolve(text);
          else if (answer.statusCode === 409) {
            const { message, hint } = JSON.parse(text) as { message: string; hint?: string };
            reject(new ControlRefused(message, hint));
          } else reject(new Error(`it answered ${answer.statusCode ?? 0}`));
        });
      },
    );
    call.once("timeout", () => call.destroy(new Error("it did not answer in time")));
    call.once("error", reject);
    call.end(input);
  });
}

/** Where all mail of the bench ends: Postfix's smtp-sink, which counts messages and keeps none. */
import type { ChildProcess } from "node:child_process";
import { connect } from "node:net";
import { find, freePort, start, stop, until } from "./child.ts";

/** A sink that listens. */
export type Sink = {
  port: number;
  pid: number;
  /** Messages received since it began. */
  count(): number;
  close(): Promise<void>;
};

/** True when something accepts connections there. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** The program, or null where Debian's package postfix is missing. */
export const sinkProgram = find("smtp-sink");

/** Starts a sink on a free port. */
export async function openSink(): Promise<Sink> {
  if (sinkProgram === null)
    throw new Error("smtp-sink is missing: install the Debian package postfix");
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child: ChildProcess = start(
    sinkProgram,
    ["-c", ...user, "-m", "2000", `127.0.0.1:${port}`, "1024"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let messages = 0;
  let rest = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    // `sess=1 quit=0 mesg=17` and a carriage return, at every event.
    rest += chunk.toString("latin1");
    const end = rest.lastIndexOf("\r");
    if (end < 0) return;
    const at = rest.lastIndexOf("mesg=", end);
    messages = Number(rest.slice(at + 5, end)) || messages;
    rest = rest.slice(end + 1);
  });
  await until("smtp-sink listens", 10, () => listens(port));
  return {
    port,
    pid: child.pid ?? 0,
    count: () => messages,
    close: () => stop(child),
  };
}

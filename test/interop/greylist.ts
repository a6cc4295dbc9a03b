/** A greylisting policy server in Postfix's own protocol: the first attempt for a recipient is put off, the next one passes. */
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

export interface Greylist {
  /** `host:port` for Postfix. */
  readonly at: string;
  stop(): Promise<void>;
}

/** Starts it for these recipients; all others pass. */
export async function startGreylist(recipients: readonly string[]): Promise<Greylist> {
  const waiting = new Set(recipients);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const recipient = /^recipient=(.*)$/m.exec(text.slice(0, end))?.[1] ?? "";
        text = text.slice(end + 2);
        const action = waiting.delete(recipient)
          ? "451 4.7.1 Greylisted, try again in a minute"
          : "DUNNO";
        socket.write(`action=${action}\n\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    at: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One HTTP/1.1 connection kept alive: just enough of a client to cost the load generator little. */
import { type Socket, connect } from "node:net";

/** The status and the body as text. */
export type Answer = { status: number; body: string };

/** One request at a time over one socket. */
export type Connection = {
  request(method: string, path: string, key: string, body?: string): Promise<Answer>;
  close(): void;
};

/** Connects. Any error of the socket fails the request under way: the bench has no use for retries. */
export function openConnection(host: string, port: number): Promise<Connection> {
  return new Promise((opened, failed) => {
    const socket: Socket = connect({ host, port, noDelay: true });
    let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | null = null;
    let received: Buffer = Buffer.alloc(0);
    const fail = (error: Error): void => {
      failed(error);
      waiting?.reject(error);
      waiting = null;
    };
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("the server closed the connection")));
    socket.on("data", (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = parse(received);
      if (!answer) return;
      received = Buffer.alloc(0);
      const { resolve } = waiting ?? {};
      waiting = null;
      resolve?.(answer);
    });
    socket.once("connect", () =>
      opened({
        request: (method, path, key, body = "") =>
          new Promise((resolve, reject) => {
            waiting = { resolve, reject };
            const type = body === "" ? "" : "Content-Type: application/json\r\n";
            socket.write(
              `${method} ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: Bearer ${key}\r\n${type}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
            );
          }),
        close: () => socket.destroy(),
      }),
    );
  });
}

/** A whole answer with a Content-Length or in chunks, or null while some is missing. */
function parse(bytes: Buffer): Answer | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const head = bytes.toString("latin1", 0, end);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const whole = end + 4 + Number(length);
    return bytes.length < whole ? null : { status, body: bytes.toString("utf8", end + 4, whole) };
  }
  if (!bytes.subarray(-5).equals(Buffer.from("0\r\n\r\n"))) return null;
  return { status, body: dechunk(bytes.subarray(end + 4)) };
}

function dechunk(bytes: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (!(size > 0)) return Buffer.concat(parts).toString("utf8");
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
}

/** A server that is told by webhooks, well-behaved or not, and the calls that scenario tests make about them. */
import { type IncomingHttpHeaders, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it came. */
export type Told = {
  headers: IncomingHttpHeaders;
  raw: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
};

/** A receiver. */
export type Receiver = {
  url: string;
  told: Told[];
  /** What it answers from now on; 204 unless said otherwise. Null: the answer is left to the function. */
  answer: (told: Told, response: ServerResponse) => void;
  /** Waits until something was told that fits; at most 15 seconds. */
  until(fits: (told: Told) => boolean): Promise<Told>;
  close(): Promise<void>;
};

/** Starts a receiver on loopback. */
export async function receiver(): Promise<Receiver> {
  const told: Told[] = [];
  const looking = new Set<() => void>();
  const self: Receiver = {
    url: "",
    told,
    answer: (_told, response) => response.writeHead(204).end(),
    async until(fits) {
      const end = Date.now() + 15_000;
      for (;;) {
        const found = told.find(fits);
        if (found) return found;
        const left = end - Date.now();
        if (left <= 0)
          throw new Error(`not told; was told ${told.map(({ body }) => body.type).join(", ")}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(done, left);
          function done(): void {
            clearTimeout(timer);
            looking.delete(done);
            resolve();
          }
          looking.add(done);
        });
      }
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => undefined);
    request.on("end", () => {
      const raw = Buffer.concat(chunks).toString();
      const one = { headers: request.headers, raw, body: JSON.parse(raw) as unknown };
      told.push(one);
      self.answer(one, response);
      for (const look of looking) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return self;
}

/** A recording SMTP sink for tests: takes every message, keeps the exact bytes, counts sockets, and misbehaves on demand. */
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

import type {
  SinkPoint,
  SinkFault,
  SinkOptions,
  RecordedMessage,
  RecordedConnection,
  SinkBook,
  PlannedFault,
} from "./sink-book.ts";
import { SinkConnection } from "./sink-connection.ts";

export interface SmtpSink {
  readonly host: string;
  readonly port: number;
  readonly messages: readonly RecordedMessage[];
  /** Messages taken, also with `record: false`. */
  readonly message_count: number;
  /** One per socket ever accepted, in order; empty proves that nothing reached this port. */
  readonly connections: readonly RecordedConnection[];
  readonly open_sockets: number;
  /** Plans a fault at a point, `times` times (default always), after letting `skip` pass. The first planned one that is left counts. */
  fault(point: SinkPoint, fault: SinkFault, plan?: { times?: number; skip?: number }): void;
  heal(): void;
  /** Resolves as soon as `done` holds, looked at after every event. */
  until(done: (sink: SmtpSink) => boolean): Promise<void>;
  /** Destroys the sockets open now, as a server that restarts does; or that of one connection. */
  dropConnections(number?: number): void;
  close(): Promise<void>;
}

const KEYWORDS = ["PIPELINING", "8BITMIME", "SIZE 104857600", "ENHANCEDSTATUSCODES"];

/** Starts a sink on loopback, on a free port unless one is given. */
export async function startSink(options: SinkOptions = {}): Promise<SmtpSink> {
  const connections: SinkConnection[] = [];
  const sockets = new Set<Socket>();
  let planned: PlannedFault[] = [];
  let watchers: { done: (sink: SmtpSink) => boolean; resolve: () => void }[] = [];

  const book: SinkBook = {
    options,
    keywords: options.keywords ?? KEYWORDS,
    messages: [],
    message_count: 0,
    faultAt(point) {
      const plan = planned.find((one) => one.point === point && one.times > 0);
      if (plan === undefined) return undefined;
      if (plan.skip > 0) {
        plan.skip--;
        return undefined;
      }
      plan.times--;
      return plan.fault;
    },
    changed() {
      if (watchers.length === 0) return;
      const ready = watchers.filter((watcher) => watcher.done(sink));
      watchers = watchers.filter((watcher) => !ready.includes(watcher));
      for (const watcher of ready) watcher.resolve();
    },
  };

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      book.changed();
    });
    connections.push(new SinkConnection(book, socket, connections.length + 1));
    book.changed();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;

  const sink: SmtpSink = {
    host: address.address,
    port: address.port,
    get messages() {
      return book.messages;
    },
    get message_count() {
      return book.message_count;
    },
    connections,
    get open_sockets() {
      return sockets.size;
    },
    fault(point, fault, { times = Infinity, skip = 0 } = {}) {
      planned.push({ point, fault, times, skip });
    },
    heal() {
      planned = [];
    },
    until(done) {
      if (done(sink)) return Promise.resolve();
      return new Promise((resolve) => watchers.push({ done, resolve }));
    },
    dropConnections(number) {
      for (const one of connections) if (number === undefined || one.number === number) one.drop();
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      sink.dropConnections();
      await closed;
    },
  };
  return sink;
}

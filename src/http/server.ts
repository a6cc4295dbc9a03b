/** The listening server: limits against slow clients, a clear error for a taken port, and a graceful end. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type HttpBindings, RequestError, getRequestListener } from "@hono/node-server";

/** The port is in use; `message` is one line for the person at the terminal. */
export class PortTaken extends Error {
  readonly port: number;

  constructor(host: string, port: number, cause: unknown) {
    super(
      `Port ${port} on ${host} is already in use: stop what listens there, or choose another port.`,
      { cause },
    );
    this.name = "PortTaken";
    this.port = port;
  }
}

/** Anything that answers requests as Hono does. */
export type Fetcher = {
  fetch(request: Request, env: HttpBindings): Response | Promise<Response>;
};

/** Where to listen, and how patient to be (milliseconds). */
export type ListenOptions = {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** For the headers of a request to be complete; 15 s. */
  headers_timeout?: number;
  /** For a whole request with its body; 120 s. Long answers are not affected. */
  request_timeout?: number;
  /** How long an idle connection is kept; 30 s. */
  keep_alive_timeout?: number;
  /** For the answer to what is no readable request; the same source as the application's. */
  new_request_id?: () => string;
  /** How long `close()` lets requests finish; 10 s. */
  grace?: number;
};

/** A server that listens. */
export type Listening = {
  port: number;
  /** For a person or a client on this machine. */
  url: string;
  /** Stops accepting, lets requests in flight finish within `grace`, then cuts what is left. May be called again. */
  close(): Promise<void>;
};

/** Listens. Throws {@link PortTaken}; other errors of the system as they are. */
export async function listen(app: Fetcher, options: ListenOptions): Promise<Listening> {
  const headersTimeout = options.headers_timeout ?? 15_000;
  const requestTimeout = options.request_timeout ?? 120_000;
  const server = createServer({
    // Of two Host headers the first would be believed; joined they are no host, and refused (RFC 9112 section 3.2).
    joinDuplicateHeaders: true,
    headersTimeout,
    requestTimeout,
    keepAliveTimeout: options.keep_alive_timeout ?? 30_000,
    connectionsCheckingInterval: Math.max(
      20,
      Math.min(5_000, headersTimeout / 3, requestTimeout / 3),
    ),
  });
  const handle = getRequestListener((request, env) => app.fetch(request, env as HttpBindings), {
    errorHandler: (error) => unreadable(error, options.new_request_id?.() ?? ""),
  });
  let closing = false;
  const open = { sockets: new Set<Socket>(), requests: new Set<IncomingMessage>() };
  server.on("connection", (socket) => {
    open.sockets.add(socket);
    socket.once("close", () => open.sockets.delete(socket));
  });
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    open.requests.add(incoming);
    outgoing.once("close", () => open.requests.delete(incoming));
    if (closing) outgoing.setHeader("connection", "close");
    void handle(incoming, outgoing);
  };
  server.on("request", onRequest);
  server.on("checkContinue", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    onRequest(incoming, outgoing);
    // A refusal that needs no waiting (too large, wrong type) is out by now: then the body need not come at all.
    setImmediate(() => {
      if (!outgoing.headersSent && !outgoing.destroyed) outgoing.writeContinue();
    });
  });
  await bind(server, options);
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | null = null;
  return {
    port,
    url: `http://${hostForUrl(options.host)}:${port}`,
    close() {
      closing = true;
      closed ??= shut(server, open, options.grace ?? 10_000);
      return closed;
    },
  };
}

function bind(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE" ? new PortTaken(options.host, options.port, error) : error,
      );
    });
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve);
  });
}

type Open = { sockets: ReadonlySet<Socket>; requests: ReadonlySet<IncomingMessage> };

/** How long a connection that has not sent a whole request's head yet may take for it when the server ends. */
const lastWords = 500;

/** Ends the server: connections between two requests are cut as they become idle, silent ones after a moment. */
function shut(server: Server, open: Open, grace: number): Promise<void> {
  const began = performance.now();
  return new Promise((resolve) => {
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      if (performance.now() - began < lastWords) return;
      // Node counts as idle only what has been answered before.
      const working = new Set([...open.requests].map((request) => request.socket));
      for (const socket of open.sockets) if (!working.has(socket)) socket.destroy();
    }, 25);
    const deadline = setTimeout(() => server.closeAllConnections(), grace);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** The answer to a request that never became one (no Host, a target that is no URL), and to a bug outside every handler. */
function unreadable(error: unknown, request_id: string): Response {
  const known = error instanceof RequestError;
  const body = known
    ? { error: "The request target or Host header is not valid.", code: "validation_failed" }
    : { error: "Something went wrong on our side.", code: "internal" };
  return new Response(JSON.stringify({ ...body, request_id }), {
    status: known ? 400 : 500,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-request-id": request_id,
    },
  });
}

function hostForUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::" || host === "") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

/** `/metrics` in Prometheus' text format 0.0.4: requests and process of this node, and what the engine reports. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { Metric } from "../contract/metrics.ts";
import { Refusal } from "../core/refusal.ts";
import { unauthenticated } from "./credential.ts";

/** Upper bounds in seconds; those of calls that wait are long. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];

/** Counts of requests. */
export type RequestMetrics = {
  /** `operation` is an operation's name or a word for all that is none: the label takes no other values. */
  observe(operation: string, status: number, seconds: number): void;
  text(): string;
};

/** Makes counts, which begin at zero. */
export function createRequestMetrics(): RequestMetrics {
  const requests = new Map<string, { operation: string; status: string; count: number }>();
  // Each request stands in one; the sums that the format asks for are made when they are read.
  const buckets = new Float64Array(bounds.length);
  let sum = 0;
  let count = 0;
  return {
    observe(operation, status, seconds) {
      const code = `${Math.floor(status / 100)}xx`;
      const key = `${operation} ${code}`;
      const known = requests.get(key) ?? { operation, status: code, count: 0 };
      known.count++;
      requests.set(key, known);
      const bucket = bounds.findIndex((bound) => seconds <= bound);
      if (bucket !== -1) buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      sum += seconds;
      count++;
    },
    text() {
      const name = "multimail_http_request_seconds";
      return [
        ...linesOf({
          name: "multimail_http_requests_total",
          type: "counter",
          help: "Requests by operation and class of status.",
          values: [...requests.values()].map(({ operation, status, count: value }) => ({
            labels: { operation, status },
            value,
          })),
        }),
        `# HELP ${name} Seconds from request to answer.`,
        `# TYPE ${name} histogram`,
        ...bounds.map((bound, i) => {
          const below = buckets.subarray(0, i + 1).reduce((total, one) => total + one, 0);
          return `${name}_bucket{le="${bound}"} ${below}`;
        }),
        `${name}_bucket{le="+Inf"} ${count}`,
        `${name}_sum ${sum}`,
        `${name}_count ${count}`,
        "",
      ].join("\n");
    },
  };
}

/** One metric in the exposition format. Label values are escaped, whatever they hold. */
export function linesOf({ name, type, help, values }: Metric): string[] {
  return [
    `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${name} ${type}`,
    ...values.map(({ labels = {}, value }) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
    }),
  ];
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** What the page is made of. */
export type MetricsOptions = {
  /** The bearer token that is asked for; null: only this machine is answered. */
  token: string | null;
  requests: RequestMetrics;
  metrics(): Promise<Metric[]>;
  version: string;
};

/**
 * Hangs `/metrics` in. Without a token a peer on this machine is answered, unless it speaks for somebody else: behind a
 * proxy of this machine everybody comes from here.
 */
export function mountMetrics(app: Hono, options: MetricsOptions): void {
  app.get("/metrics", async (c) => {
    assertAllowed(c, options.token);
    const reported = await options.metrics();
    const own = [...reported, ...processMetrics(options.version)].flatMap(linesOf);
    return c.body(`${options.requests.text()}${own.join("\n")}\n`, 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "cache-control": "no-store",
    });
  });
}

function assertAllowed(c: Context, token: string | null): void {
  if (token !== null) {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
    if (!timingSafeEqual(sha256(given), sha256(token)))
      throw unauthenticated("The metrics need the token of MULTIMAIL_METRICS_TOKEN.");
    return;
  }
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  const peer = incoming?.socket.remoteAddress ?? "";
  const isLocal = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/.test(peer);
  const isForwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].some(
    (name) => c.req.header(name) !== undefined,
  );
  if (!isLocal || isForwarded)
    throw new Refusal("not_found", "There is nothing at this address.", {
      hint: "Set MULTIMAIL_METRICS_TOKEN to read metrics from elsewhere.",
    });
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function processMetrics(version: string): Metric[] {
  const { rss, heapUsed } = process.memoryUsage();
  const cpu = process.cpuUsage();
  const gauge = (name: string, help: string, value: number): Metric => ({
    name,
    type: "gauge",
    help,
    values: [{ value }],
  });
  return [
    gauge("process_resident_memory_bytes", "Resident memory of the process.", rss),
    gauge("nodejs_heap_size_used_bytes", "Heap in use.", heapUsed),
    gauge(
      "process_start_time_seconds",
      "When the process began, in seconds since 1970.",
      Math.round(Date.now() / 1000 - process.uptime()),
    ),
    {
      name: "process_cpu_seconds_total",
      type: "counter",
      help: "CPU time of the process.",
      values: [{ value: (cpu.user + cpu.system) / 1e6 }],
    },
    {
      name: "multimail_info",
      type: "gauge",
      help: "The version that runs.",
      values: [{ labels: { version }, value: 1 }],
    },
  ];
}

/** Metrics: true, in the format that Prometheus reads, with few values of labels, and shown to nobody else. */
import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { linesOf } from "../../src/http/metrics.ts";
import { type Running, run } from "./running.ts";

async function metrics(
  running: Running,
  headers: Record<string, string> = {},
): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(`${running.known.url}/metrics`, { headers });
  const type = response.headers.get("content-type");
  return { status: response.status, type, text: await response.text() };
}

/** The value of a line, whose labels are given as they stand. */
function valueOf(text: string, line: string): number | null {
  const found = text.split("\n").find((one) => one.startsWith(`${line} `));
  return found === undefined ? null : Number(found.slice(line.length + 1));
}

test("requests, deliveries and queues are counted, and each line is of the format", async () => {
  const running = await run();
  try {
    const { agent_key } = running.known;
    for (let n = 0; n < 3; n++) await running.call(agent_key, "/v1/account");
    await running.call("mm_live_wrong", "/v1/account");
    await running.call(agent_key, "/v1/emails-of-nobody/with/any/path");
    const id = (await running.send()).body.id;
    await running.decide(id, "approve");
    await running.settled(id, "sent", "delivered");
    const { status, type, text } = await metrics(running);
    expect(status).toBe(200);
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
    const requests = (operation: string, code: string): number | null =>
      valueOf(text, `multimail_http_requests_total{operation="${operation}",status="${code}"}`);
    expect(requests("get_account", "2xx")).toBe(3);
    expect(requests("get_account", "4xx")).toBe(1);
    expect(requests("send_email", "2xx")).toBe(1);
    expect(requests("other", "4xx")).toBe(1);
    expect(valueOf(text, "multimail_http_request_seconds_count")).toBeGreaterThanOrEqual(7);
    expect(valueOf(text, 'multimail_http_request_seconds_bucket{le="+Inf"}')).toBe(
      valueOf(text, "multimail_http_request_seconds_count"),
    );
    expect(valueOf(text, 'multimail_delivery_attempts_total{outcome="accepted"}')).toBe(1);
    expect(valueOf(text, "multimail_log_unsequenced_entries")).toBeGreaterThanOrEqual(0);
    expect(valueOf(text, "process_resident_memory_bytes")).toBeGreaterThan(1e7);
    expect(text).not.toContain("emails-of-nobody");
    for (const line of text.trimEnd().split("\n"))
      expect(line).toMatch(
        /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? -?[0-9.e+-]+)$/,
      );
    const counts = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60].map(
      (le) => valueOf(text, `multimail_http_request_seconds_bucket{le="${le}"}`) ?? -1,
    );
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBeGreaterThanOrEqual(7);
  } finally {
    await running.stop();
  }
});

test("without a token this machine alone is answered, and no proxy on it", async () => {
  const running = await run({ MULTIMAIL_HOST: "0.0.0.0" });
  try {
    expect((await metrics(running)).status).toBe(200);
    for (const name of ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
      expect((await metrics(running, { [name]: "192.0.2.1" })).status, name).toBe(404);
    const own = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === "IPv4" && !one.internal)?.address;
    if (own !== undefined) {
      const { port } = new URL(running.known.url);
      expect((await fetch(`http://${own}:${port}/metrics`)).status).toBe(404);
    }
  } finally {
    await running.stop();
  }
});

test("with a token nobody is answered without it, wherever they are", async () => {
  const token = "a-token-of-the-monitor";
  const running = await run({ MULTIMAIL_METRICS_TOKEN: token });
  try {
    expect((await metrics(running)).status).toBe(401);
    for (const authorization of [
      `Bearer ${token}2`,
      "Bearer wrong",
      `Basic ${token}`,
      token,
      "Bearer ",
    ])
      expect((await metrics(running, { authorization })).status, authorization).toBe(401);
    const { agent_key } = running.known;
    expect((await metrics(running, { authorization: `Bearer ${agent_key}` })).status).toBe(401);
    const known = await metrics(running, {
      authorization: `Bearer ${token}`,
      "x-forwarded-for": "192.0.2.1",
    });
    expect(known.status).toBe(200);
  } finally {
    await running.stop();
  }
});

test("labels cannot break out of their line", () => {
  const metric = {
    name: "a",
    type: "gauge" as const,
    help: "One\nline",
    values: [{ labels: { kind: 'x"} 1\nb 2\\' }, value: 3 }],
  };
  expect(linesOf(metric)).toEqual([
    "# HELP a One\\nline",
    "# TYPE a gauge",
    'a{kind="x\\"} 1\\nb 2\\\\"} 3',
  ]);
});

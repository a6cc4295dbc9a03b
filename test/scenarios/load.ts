/** Clients that send and approve without pause while something breaks, and what they know of it afterwards. */
import { createServer } from "node:net";
import { verifyLog } from "../../src/audit/log-verify.ts";
import type { FirstRunFile } from "../../src/first-run.ts";
import type { SmtpSink } from "../sink/smtp-sink.ts";

/** What the clients' side knows, whatever the server remembers. */
export type Load = {
  /** Ids answered with 202. */
  accepted: Set<string>;
  /** Ids for which an approval was sent off, answered or not. */
  asked: Set<string>;
  /** Ids whose approval was answered with 200. */
  approved: Set<string>;
  /** How many requests were refused as unavailable, each with its Retry-After. */
  refused: number;
  /** Connections that failed or were cut: the server is going or gone. */
  cut: number;
  /** The longest that a request took, in milliseconds. */
  slowest: number;
  /** Answers that nobody promised; there must be none. */
  odd: string[];
  /** Ends the clients and waits for their last answers. */
  stop(): Promise<void>;
};

/** Calls the API with a key; a body makes it a POST. */
export function callApi(
  known: FirstRunFile,
  key: string,
  path: string,
  body?: object,
): Promise<Response> {
  return fetch(`${known.url}${path}`, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** Starts the clients; each approves every other message it sent. `pause` milliseconds follow a refusal. */
export function startLoad(
  known: FirstRunFile,
  {
    clients = 6,
    pause = 50,
    markdown = "Will it last?",
  }: { clients?: number; pause?: number; markdown?: string } = {},
): Load {
  let stopping = false;
  const load: Load = {
    accepted: new Set(),
    asked: new Set(),
    approved: new Set(),
    refused: 0,
    cut: 0,
    slowest: 0,
    odd: [],
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };

  /** One request: its body when it went well, null when it was refused as unavailable or cut. */
  async function ask(key: string, path: string, body: object, good: number): Promise<unknown> {
    const began = performance.now();
    try {
      const answer = await callApi(known, key, path, body);
      const text = await answer.text();
      if (answer.status === good) return JSON.parse(text);
      const clear =
        answer.status === 503 &&
        text.includes('"unavailable"') &&
        Number(answer.headers.get("retry-after")) >= 1;
      if (clear) load.refused++;
      else load.odd.push(`${path.split("/").at(-1) ?? ""}: ${answer.status} ${text}`);
    } catch {
      load.cut++;
    } finally {
      load.slowest = Math.max(load.slowest, performance.now() - began);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    return null;
  }

  async function client(number: number): Promise<void> {
    for (let i = 0; !stopping; i++) {
      const sent = (await ask(
        known.agent_key,
        `/v1/mailboxes/${known.mailbox_id}/send`,
        { to: [`c${number}-${i}@example.com`], subject: "Load", markdown },
        202,
      )) as { id: string } | null;
      if (!sent) continue;
      load.accepted.add(sent.id);
      if (i % 2 === 1) continue;
      load.asked.add(sent.id);
      const decided = await ask(
        known.oversight_key,
        "/v1/oversight/decide",
        { email_id: sent.id, decision: "approve" },
        200,
      );
      if (decided) load.approved.add(sent.id);
    }
  }

  const running = Array.from({ length: clients }, (_, number) => client(number));
  return load;
}

/** Waits until each accepted message is sent, or pending where its approval is not known to be taken; answers their statuses. */
export async function allSettled(
  known: FirstRunFile,
  load: Load,
  milliseconds = 30_000,
): Promise<Map<string, string>> {
  const statuses = new Map<string, string>();
  const open = new Set(load.accepted);
  for (const end = Date.now() + milliseconds; open.size > 0;) {
    await Promise.all(
      [...open].map(async (id) => {
        const read = await callApi(
          known,
          known.agent_key,
          `/v1/mailboxes/${known.mailbox_id}/emails/${id}`,
        );
        const { status } = (await read.json()) as { status?: string };
        statuses.set(id, status ?? `answered ${read.status}`);
        const done = load.approved.has(id) ? ["sent"] : ["sent", "pending_send_approval"];
        if (done.includes(status ?? "")) open.delete(id);
      }),
    );
    if (open.size > 0 && Date.now() > end)
      throw new Error(
        `not settled: ${[...open].map((id) => `${id} ${statuses.get(id) ?? ""}`).join(", ")}`,
      );
    if (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return statuses;
}

/** How often each message arrived, by our id, which is the local part of its Message-ID. Notices to people are not counted. */
export function copiesBy(sink: SmtpSink): Map<string, number> {
  const copies = new Map<string, number>();
  for (const { data, from } of sink.messages) {
    if (from === "") continue;
    const id = /^Message-ID: <([0-9a-z]{26})@/im.exec(data.toString("latin1"))?.[1] ?? "";
    copies.set(id.toUpperCase(), (copies.get(id.toUpperCase()) ?? 0) + 1);
  }
  return copies;
}

/**
 * Verifies the whole log as an auditor does, once it holds what it must: a leaf for each accepted message, and a decision, a
 * hand-off and a result for each that left. Answers its size, or throws what is wrong with it.
 */
export async function verifyLiveLog(
  known: FirstRunFile,
  what: { accepted: ReadonlySet<string>; left: number },
): Promise<number> {
  const needed = what.accepted.size + 3 * what.left;
  const get = (path: string): Promise<Response> => callApi(known, known.oversight_key, path);
  const { logs } = (await (await get("/v1/public-keys")).json()) as {
    logs: Record<string, string>;
  };
  const source = {
    checkpoint: async () => (await get("/audit/checkpoint")).text(),
    tile: async (path: string) => {
      const answer = await get(`/audit/${path}`);
      return answer.status === 200 ? Buffer.from(await answer.arrayBuffer()) : null;
    },
  };
  for (
    const end = Date.now() + 15_000;
    ;
    await new Promise((resolve) => setTimeout(resolve, 200))
  ) {
    const { fault, size } = await verifyLog(source, { vkey: Object.values(logs)[0] ?? "" });
    if (fault !== null) throw new Error(`the log does not verify: ${JSON.stringify(fault)}`);
    if (size !== null && size >= needed) return size;
    if (Date.now() > end) throw new Error(`the log holds ${size} entries and must hold ${needed}`);
  }
}

/** A port that was free a moment ago, for a server that must be found again after a restart. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Lists: what a page costs in a large mailbox, against the same page in a small one. */
import { filledId, fillPending, fillReceived, perThread, timed } from "../filled-mailbox.ts";
import { type Row, type Side, atMost, median } from "../figures.ts";
import { type Server, openServer } from "../multimail.ts";

/** What the row is given: messages in either mailbox, and messages that wait for approval. */
export type ListOptions = {
  rounds: number;
  small: { messages: number; pending: number };
  large: { messages: number; pending: number };
};

const times = 40;

/** The lists by name. Cursors are the last id in base64url; the middle thread is that of the middle message. */
function pathsOf(server: Server, messages: number): Record<string, { path: string; key: string }> {
  const box = `/v1/mailboxes/${server.mailbox_id}`;
  const middle = Math.floor(messages / 2 / perThread) * perThread + 1;
  const cursor = Buffer.from(filledId(middle)).toString("base64url");
  const paths = {
    check_inbox: `${box}/emails?limit=50&direction=inbound`,
    check_inbox_middle: `${box}/emails?limit=50&direction=inbound&cursor=${cursor}`,
    check_inbox_unread: `${box}/emails?limit=10&status=unread`,
    list_threads: `${box}/threads?limit=20`,
    list_threads_middle: `${box}/threads?limit=20&cursor=${cursor}`,
    get_thread: `${box}/threads/${filledId(middle)}`,
  };
  const agents = Object.entries(paths).map(
    ([name, path]) => [name, { path, key: server.agent_key }] as const,
  );
  const pending = { path: "/v1/oversight/pending?limit=50", key: server.oversight_key };
  return { ...Object.fromEntries(agents), list_pending: pending };
}

/** Both servers in turn, call by call. */
export async function listing(options: ListOptions): Promise<Row> {
  const sizes = [options.large, options.small] as const;
  const servers: Server[] = [];
  const took = sizes.map(() => new Map<string, number[]>());
  try {
    for (const { messages, pending } of sizes) {
      const server = await openServer();
      servers.push(server);
      await fillReceived(server, messages);
      await fillPending(server, pending, messages);
    }
    for (let n = -10; n < times * options.rounds; n++)
      for (const [i, server] of servers.entries())
        for (const [name, { path, key }] of Object.entries(
          pathsOf(server, sizes[i]?.messages ?? 0),
        )) {
          const { ms } = await timed(server, path, key);
          if (n >= 0) took[i]?.set(name, [...(took[i].get(name) ?? []), ms]);
        }
  } finally {
    for (const server of servers) await server.close();
  }
  const names = [...(took[0]?.keys() ?? [])];
  const of = (i: number, name: string): number => median(took[i]?.get(name) ?? []);
  const sides = sizes.map(({ messages, pending }, i): Side => ({
    name: `${messages} received, ${pending} pending`,
    runs: [
      {
        value: median(names.map((name) => of(i, name))),
        more: Object.fromEntries(names.map((name) => [name, of(i, name)])),
      },
    ],
  }));
  return {
    row: "lists",
    what: "milliseconds of a page through REST, in a large and in a small mailbox",
    unit: "ms",
    sides,
    checks: names.map((name) => atMost(`${name} ÷ small`, of(0, name) / of(1, name), 2)),
    notes: [],
  };
}

/** Every list is paged alike: bounded pages, cursors that are refused when they are none, and no row twice or left out while others are added. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathNames } from "../../src/http/route.ts";
import { allOperations } from "../../src/operations/all.ts";
import { type Place, inputs, placeOf, reachInto } from "./authorisation-inputs.ts";
import { ownerKeys } from "./owner-keys.ts";
import { keepReceived } from "./received-mail.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let place: Place;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  reachInto(running, node);
  const { admin_key, agent_key, oversight_key, mailbox_id } = running.known;
  const keys = { admin: admin_key, agent: agent_key, overseer: oversight_key };
  place = await placeOf(keys, node.operator_id, mailbox_id);
}, 60_000);

afterAll(async () => {
  await node.close();
  await running.stop();
});

const lists = allOperations.filter(
  ({ input, method }) => method === "GET" && "cursor" in input.shape && "limit" in input.shape,
);

/** Lists that people see and no key does. */
const ofPeople = new Set(["list_sessions"]);

type List = { path: string; key: string };

async function listOf(name: string): Promise<List> {
  const spec = lists.find((one) => one.name === name);
  if (!spec) throw new Error(`there is no list ${name}`);
  const input = (await inputs[name]?.(place, false)) as Record<string, unknown> | undefined;
  const names = pathNames(spec.path);
  const path = spec.path.replaceAll(/\{(\w+)\*?\}/g, (_, field: string) =>
    encodeURIComponent(String(input?.[field])),
  );
  const rest = Object.entries(input ?? {}).filter(([field]) => !names.includes(field));
  const query = new URLSearchParams();
  for (const [field, value] of rest) query.set(field, String(value));
  const { admin, overseer } = place;
  const key = spec.access === "oversight" ? overseer : admin;
  return { path: `${path}?${query.size === 0 ? "" : `${query.toString()}&`}`, key };
}

const ask = ({ path, key }: List, query: string): Promise<Answer> =>
  running.call(key, path + query);

/** The rows of a page by what tells them apart. */
function idsOf(body: Record<string, unknown>): string[] {
  const rows = Object.values(body).find((value) => Array.isArray(value)) as
    | Record<string, unknown>[]
    | undefined;
  if (!rows) throw new Error(`no rows in ${JSON.stringify(body)}`);
  return rows.map((row) =>
    JSON.stringify(row["id"] ?? row["thread_id"] ?? [row["address"], row["mailbox_id"], row]),
  );
}

/** All rows, page by page; `between` is done after the first page. */
async function walk(
  list: List,
  limit: number,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = "", page = 0; page < 200; page++) {
    const { status, body } = await ask(list, `limit=${limit}${cursor}`);
    expect(status, JSON.stringify(body)).toBe(200);
    const rows = idsOf(body);
    expect(rows.length).toBeLessThanOrEqual(limit);
    ids.push(...rows);
    if (body.next_cursor === null) return ids;
    expect(rows).toHaveLength(limit);
    if (page === 0) await between();
    cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
  throw new Error(`${list.path} does not end`);
}

test("lists are many, and those of people alone are known", async () => {
  expect(lists.length).toBeGreaterThan(15);
  for (const { name } of lists) {
    const { status } = await ask(await listOf(name), "limit=1");
    expect(status, name).toBe(ofPeople.has(name) ? 403 : 200);
  }
});

describe.each(lists.filter(({ name }) => !ofPeople.has(name)).map(({ name }) => name))(
  "%s",
  (name) => {
    test("a limit is 1 to 100, and a cursor one of ours; all else is refused by name", async () => {
      const list = await listOf(name);
      for (const limit of ["0", "101", "-1", "1.5", "many", ""]) {
        const { status, body } = await ask(list, `limit=${limit}`);
        expect({ limit, status, field: body.field }).toEqual({
          limit,
          status: 400,
          field: "limit",
        });
      }
      const foreign = Buffer.from("0".repeat(25)).toString("base64url");
      for (const cursor of ["nonsense", foreign, "%00", "'", "x".repeat(201), ""]) {
        const { status, body } = await ask(list, `cursor=${cursor}`);
        expect({ cursor, status, field: body.field }).toEqual({
          cursor,
          status: 400,
          field: "cursor",
        });
      }
    });

    test("small pages hold what a large one holds, in the same order", async () => {
      const list = await listOf(name);
      const whole = await walk(list, 100);
      expect(new Set(whole).size).toBe(whole.length);
      const few = await walk(list, Math.max(1, Math.ceil(whole.length / 4)));
      expect(few).toEqual(whole);
    });
  },
);

describe("while rows are added", () => {
  let counter = 0;
  const post = (key: string, path: string, body: object): Promise<Answer> =>
    running.call(key, path, body);
  const grow: Record<string, () => Promise<unknown>> = {
    search_contacts: () =>
      post(place.agent, "/v1/contacts", { email: `l${counter++}@example.com` }),
    list_mailboxes: () => post(place.admin, "/v1/mailboxes", { address: `list-${counter++}` }),
    list_api_keys: async () => (await ownerKeys(node)).make(["read"]),
    list_suppression: () =>
      post(place.agent, "/v1/suppression", {
        address: `s${counter++}@list.example.com`,
        mailbox_id: place.mailbox_id,
      }),
    check_inbox: () => keepReceived(node, place.mailbox_id),
    list_pending: () => running.send({ subject: `List ${counter++}` }),
    list_drafts: () =>
      post(place.agent, `/v1/mailboxes/${place.mailbox_id}/drafts`, { subject: `D${counter++}` }),
    get_audit_log: () => post(place.agent, "/v1/contacts", { email: `a${counter++}@example.com` }),
  };

  test.each(Object.keys(grow))("%s shows each row once, and leaves none out", async (name) => {
    const add = grow[name] ?? (() => Promise.resolve());
    for (let n = 0; n < 5; n++) await add();
    const list = await listOf(name);
    const before = await walk(list, 100);
    const ids = await walk(list, 2, async () => {
      for (let n = 0; n < 3; n++) await add();
    });
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(before));
    // What is passed over is passed over once, also by a client that repeats all it asked for with each cursor.
    if (lists.some((one) => one.name === name && "offset" in one.input.shape)) {
      const past = { ...list, path: `${list.path}offset=3&` };
      expect(await walk(past, 2)).toEqual((await walk(list, 100)).slice(3));
    }
  });
});

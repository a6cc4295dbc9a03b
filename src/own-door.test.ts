/** What delivery is told of this node's own door before it opens, while it is open, and once it closes. */
import { expect, test } from "vitest";
import { createOwnDoor } from "./own-door.ts";
import type { Database } from "./store/database.ts";

test("nobody is told of a door before it opens nor once it closes; whoever asked before hears of it when it opens", async () => {
  const own = createOwnDoor({ database: {} as Database, instance_domain: "agents.example" });
  const said: unknown[] = [];
  const ask = (): Promise<unknown> => own.door().then((at) => said.push(at));
  const first = ask();
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual([]);
  own.opened({ host: "127.0.0.1", port: 2526 });
  await Promise.all([first, ask()]);
  expect(said).toEqual([
    { host: "127.0.0.1", port: 2526 },
    { host: "127.0.0.1", port: 2526 },
  ]);
  own.closing();
  void ask();
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toHaveLength(2);
});

test("the instance's domain, what lies within it and what takes its bounces end here", async () => {
  const asked: unknown[] = [];
  const database = {
    as: (_: unknown, work: (tx: unknown) => unknown) =>
      work({
        named: (_name: string, _text: string, values: unknown[]) => {
          asked.push(...values);
          return Promise.resolve(values[0] === "proven.example" ? [{}] : []);
        },
      }),
  } as unknown as Database;
  const own = createOwnDoor({ database, instance_domain: "agents.example" });
  const ours = ["agents.example", "bounces.agents.example", "shop.agents.example"];
  for (const domain of [...ours, "proven.example", "bounces.proven.example"])
    expect(await own.receives(domain), domain).toBe(true);
  for (const domain of ["other.example", "bounces.other.example", "sub.proven.example"])
    expect(await own.receives(domain), domain).toBe(false);
  expect(asked).not.toContain("bounces.proven.example");
});

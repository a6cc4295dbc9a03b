/** Rounds over operators: whoever fails rests and comes last, and the others have their turn. */
import { expect, test } from "vitest";
import { createOperatorRounds } from "./operator-rounds.ts";

function rounds() {
  const said: object[] = [];
  const clock = { now: 0 };
  const quiet = (): void => undefined;
  const log = { info: quiet, warn: quiet, error: (fields: object) => said.push(fields) };
  const turn = createOperatorRounds({ log }, "work", () => clock.now);
  const failing = new Map<string, Error>();
  return {
    said,
    clock,
    failing,
    async turn(ids = ["a", "b", "c"]): Promise<string[]> {
      const tried: string[] = [];
      await turn(ids, async (id) => {
        tried.push(id);
        const error = failing.get(id);
        if (error) throw error;
      });
      return tried;
    },
  };
}

test("one operator's failure is said, and the others have their turn", async () => {
  const { turn, failing, said } = rounds();
  failing.set("a", new Error("broken"));
  expect(await turn()).toEqual(["a", "b", "c"]);
  expect(said).toEqual([
    { work: "work", operator_id: "a", error: expect.stringContaining("broken") },
  ]);
});

test("whoever failed rests for longer each time, up to five seconds, and then comes last", async () => {
  const { turn, failing, clock } = rounds();
  failing.set("a", new Error("broken"));
  for (const rest of [500, 1000, 2000, 4000, 5000, 5000]) {
    expect(await turn()).toContain("a");
    clock.now += rest - 1;
    expect(await turn()).toEqual(["b", "c"]);
    clock.now += 1;
  }
  failing.clear();
  expect(await turn()).toEqual(["b", "c", "a"]);
  expect(await turn()).toEqual(["a", "b", "c"]);
});

test("where the database is away the round ends, and begins with the others next time", async () => {
  const { turn, failing, said } = rounds();
  failing.set("a", Object.assign(new Error("gone"), { code: "ECONNREFUSED" }));
  await expect(turn()).rejects.toThrow("gone");
  failing.clear();
  expect(await turn()).toEqual(["b", "c", "a"]);
  expect(said).toEqual([]);
});

test("an operator without work is forgotten", async () => {
  const { turn, failing } = rounds();
  failing.set("a", new Error("broken"));
  await turn();
  expect(await turn(["b"])).toEqual(["b"]);
  failing.clear();
  expect(await turn()).toEqual(["a", "b", "c"]);
});

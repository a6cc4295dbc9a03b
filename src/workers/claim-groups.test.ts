/** Claims in groups: one that always fails is put off, and all others are done, also those of other operators. */
import { expect, test } from "vitest";
import type { Claim } from "../engine/queue.ts";
import { inGroups } from "./claim-groups.ts";

const claim = (operator_id: string, message_id: string): Claim => ({
  operator_id,
  message_id,
  token: "1",
});

function working(fails: (claim: Claim) => Error | null) {
  const done: string[] = [];
  const later: [string, number][] = [];
  const said: object[] = [];
  const how = {
    kind: "release" as const,
    queue: {
      async later(_kind: string, _operator: string, claims: readonly Claim[], at: Date) {
        for (const one of claims) later.push([one.message_id, at.getTime()]);
      },
      isAway: (error: unknown) => error instanceof Error && error.message === "away",
    },
    now: () => new Date(1000),
    log: { error: (fields: object) => said.push(fields) },
    async work(_operator: string, claims: readonly Claim[]) {
      for (const one of claims) {
        const error = fails(one);
        if (error) throw error;
      }
      done.push(...claims.map(({ message_id }) => message_id));
    },
    again_after: 60_000,
    failed: "it could not be done",
  };
  return { done, later, said, how };
}

const claims = [claim("a", "1"), claim("a", "2"), claim("b", "3"), claim("a", "4")];

test("one that fails is tried again later, and the others are done", async () => {
  const { done, later, said, how } = working(({ message_id }) =>
    message_id === "2" ? new Error("broken") : null,
  );
  await inGroups(claims, how);
  expect(done).toEqual(["1", "4", "3"]);
  expect(later).toEqual([["2", 61_000]]);
  expect(said).toEqual([{ kind: "release", messages: ["2"], error: "Error: broken" }]);
});

test("where the database is away nothing is put off: the round fails", async () => {
  const { later, how } = working(() => new Error("away"));
  await expect(inGroups(claims, how)).rejects.toThrow("away");
  expect(later).toEqual([]);
});

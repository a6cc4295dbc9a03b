/** The timer worker: what fails by itself holds up neither what came due beside it nor the other kind. */
import { expect, test } from "vitest";
import type { Claim } from "../engine/queue.ts";
import { startTimers } from "./timers.ts";

test("where a release fails the others are released, and what nobody decided on expires", async () => {
  const waiting = new Map<string, Claim[]>(
    ["release", "expire"].map((kind) => [
      kind,
      ["a", "b"].flatMap((operator_id) =>
        [1, 2].map((n) => ({ operator_id, message_id: `${kind} ${operator_id}${n}`, token: "1" })),
      ),
    ]),
  );
  const done: string[] = [];
  const later: string[] = [];
  const said: object[] = [];
  const worker = startTimers({
    engine: {
      async timeOut(_kind, _operatorId, claims) {
        if (claims.some(({ message_id }) => message_id === "release a1")) throw new Error("broken");
        done.push(...claims.map(({ message_id }) => message_id));
      },
    },
    queue: {
      async claim(kind) {
        const claims = waiting.get(kind) ?? [];
        waiting.delete(kind);
        return claims;
      },
      async later(_kind, _operatorId, claims) {
        later.push(...claims.map(({ message_id }) => message_id));
      },
      reclaim: async () => 0,
      isAway: () => false,
    },
    node: "here",
    now: () => new Date(0),
    log: { error: (fields) => said.push(fields) },
  });
  await expect.poll(() => done).toContain("expire b2");
  await worker.stop();
  expect(done).toEqual([
    "release a2",
    "release b1",
    "release b2",
    "expire a1",
    "expire a2",
    "expire b1",
    "expire b2",
  ]);
  expect(later).toEqual(["release a1"]);
  expect(said).toEqual([{ kind: "release", messages: ["release a1"], error: "Error: broken" }]);
});

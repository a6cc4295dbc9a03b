/** The worker that erases: persons whose erasure was asked for, and mail that is past its age. */
import type { Engine } from "../engine/engine.ts";
import { type Worker, startLoop } from "./loop.ts";

/** Milliseconds from one look to the next. */
const every = { person: 2000, age: 3_600_000 };

/** Starts the worker. Any number of nodes may have one. */
export function startErasing(options: {
  engine: Pick<Engine, "continueErasures" | "applyRetention">;
  now(): Date;
  log: { error(fields: object, message: string): void };
}): Worker {
  const { engine, now, log } = options;
  const cursors = new Map<string, string>();
  let aged = 0;
  return startLoop({
    name: "erase",
    poll_ms: every.person,
    log,
    async round() {
      await engine.continueErasures();
      if (now().getTime() < aged) return false;
      const more = await engine.applyRetention(cursors);
      if (!more) aged = now().getTime() + every.age;
      return more;
    },
  });
}

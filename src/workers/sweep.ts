/** The sweep: deletes what is kept for a time only, when that is over. */
import type { Engine } from "../engine/engine.ts";
import { type Worker, startLoop } from "./loop.ts";

/** Milliseconds from one look to the next. */
const every = 3_600_000;
const day = 86_400_000;

/** Days for which events and deliveries to webhooks are kept. */
const eventDays = 30;

/** Starts the sweep. It begins at once, and any number of nodes may have one. */
export function startSweep(options: {
  engine: Pick<
    Engine,
    "sweepTranscripts" | "sweepEvents" | "sweepBuckets" | "sweepKeys" | "pruneSignUps"
  >;
  now(): Date;
  transcript_days: number;
  log: { error(fields: object, message: string): void };
}): Worker {
  const { engine, now, transcript_days: days } = options;
  return startLoop({
    name: "sweep",
    poll_ms: every,
    log: options.log,
    async round() {
      const transcripts = await engine.sweepTranscripts(new Date(now().getTime() - days * day));
      // An hour is longer than any bucket takes to fill.
      const buckets = await engine.sweepBuckets(new Date(now().getTime() - every));
      // As long as they hold.
      const keys = await engine.sweepKeys(new Date(now().getTime() - day));
      const signUps = await engine.pruneSignUps(now());
      const events = await engine.sweepEvents(new Date(now().getTime() - eventDays * day));
      return events + transcripts + buckets + keys + signUps > 0;
    },
  });
}

/** Promises of cancelling. */
import { expect, test } from "vitest";
import { createOpenCalls } from "./open-calls.ts";

const call = { credential_id: "key", id: 1 };
const untilAborted = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve("aborted"));
  });
const never = new AbortController().signal;

test("a call ends when its own credential cancels it, by the very id", async () => {
  const calls = createOpenCalls();
  let ended = false;
  const waiting = calls.run(call, never, untilAborted).then((how) => {
    ended = true;
    return how;
  });
  calls.cancel({ ...call, id: "1" });
  calls.cancel({ ...call, id: 2 });
  calls.cancel({ ...call, credential_id: "other" });
  await Promise.resolve();
  expect(ended).toBe(false);
  calls.cancel(call);
  expect(await waiting).toBe("aborted");
});

test("where two calls could be meant, none is, until one of them is over", async () => {
  const calls = createOpenCalls();
  let release = (): void => {};
  const first = calls.run(call, never, () => new Promise<void>((done) => (release = done)));
  const second = calls.run(call, never, untilAborted);
  calls.cancel(call);
  release();
  await first;
  calls.cancel(call);
  expect(await second).toBe("aborted");
});

test("a call ends with its connection, and one that failed is forgotten", async () => {
  const calls = createOpenCalls();
  const gone = new AbortController();
  const waiting = calls.run(call, gone.signal, untilAborted);
  gone.abort();
  expect(await waiting).toBe("aborted");
  await expect(calls.run(call, never, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const next = calls.run(call, never, untilAborted);
  calls.cancel(call);
  expect(await next).toBe("aborted");
});

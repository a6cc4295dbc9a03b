/** Calls that wait until people have decided: one look at the database for all of them, several times a second. */
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { undecided } from "../store/undecided.ts";
import type { EngineContext } from "./context.ts";

/** Milliseconds between two looks. */
const interval = 250;

/** Calls that wait on a node, and of one credential: each holds a connection. */
const maxWaiting = 1000;
const maxOfCredential = 50;

type Waiter = { actor: Actor; email_id: string; end(): void };

/** Waiting for decisions. */
export type Waiting = {
  /**
   * Resolves when the message no longer waits for a decision, when `milliseconds` are over, or when the caller goes away,
   * whichever is first; at once where there is nothing to wait for. Throws `rate_limited` where too many wait already.
   */
  decision(
    actor: Actor,
    emailId: string,
    milliseconds: number,
    signal: AbortSignal | undefined,
  ): Promise<void>;
  /** Lets everybody go: the instance stops. */
  close(): void;
};

/** Waits on the database, so that it does not matter which node decides. */
export function createWaiting(context: Pick<EngineContext, "database" | "log">): Waiting {
  const waiters = new Set<Waiter>();
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  async function look(): Promise<void> {
    const groups = Map.groupBy(waiters, ({ actor }) => actor.operator_id);
    for (const [operatorId, group] of groups) {
      const ids = [...new Set(group.map(({ email_id }) => email_id))];
      const open = await context.database.as(operatorId, (tx) => undecided(tx, ids));
      for (const waiter of group) if (!open.has(waiter.email_id)) waiter.end();
    }
  }

  function schedule(): void {
    if (timer !== null || waiters.size === 0) return;
    timer = setTimeout(() => {
      look()
        // The database is away: who waits goes on waiting until their time is over.
        .catch((error: unknown) =>
          context.log.warn({ error: String(error) }, "waiting calls could not be looked after"),
        )
        .finally(() => {
          timer = null;
          schedule();
        });
    }, interval);
  }

  return {
    async decision(actor, emailId, milliseconds, signal) {
      const open = await context.database.as(actor.operator_id, (tx) => undecided(tx, [emailId]));
      if (open.size === 0 || milliseconds <= 0 || closed || signal?.aborted === true) return;
      const own = [...waiters].filter((one) => one.actor.credential_id === actor.credential_id);
      if (waiters.size >= maxWaiting || own.length >= maxOfCredential)
        throw new Refusal("rate_limited", "Too many calls are waiting already.", {
          hint: "Wait for several messages one after the other, or ask for their status.",
          retry_after: 5,
        });
      await new Promise<void>((resolve) => {
        const waiter: Waiter = {
          actor,
          email_id: emailId,
          end() {
            waiters.delete(waiter);
            clearTimeout(over);
            signal?.removeEventListener("abort", waiter.end);
            resolve();
          },
        };
        const over = setTimeout(waiter.end, milliseconds);
        signal?.addEventListener("abort", waiter.end, { once: true });
        waiters.add(waiter);
        schedule();
      });
    },
    close() {
      closed = true;
      for (const waiter of waiters) waiter.end();
      if (timer !== null) clearTimeout(timer);
    },
  };
}

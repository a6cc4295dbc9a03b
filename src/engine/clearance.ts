/** The last question before a copy goes to the wire, on every node, and the wait until no older answer to it counts any more. */
import { setTimeout as delay } from "node:timers/promises";
import { batcher } from "../store/batcher.ts";
import { type HandedCopy, copiesInTheClear, isUnderWay } from "../store/clearance.ts";
import type { EngineContext } from "./context.ts";
import { isAlias } from "./erased-people.ts";

/**
 * What is older than this, in milliseconds, counts as not known: a stop holds everywhere within a second, and whoever suppresses
 * an address is answered once no node can begin by what it knew before.
 */
const tooOld = 800;

/** A database that is slow is asked again and again for so long, in milliseconds: putting mail back would make it slower. */
const patience = 30_000;

/** Whether a copy that was handed off may begin. */
export type Clearance = {
  /**
   * False where the operator is stopped, the recipient is suppressed, or another attempt has overtaken this one. Rejects where the
   * database cannot tell. The answer counts at once and not later.
   */
  mayBegin(copy: HandedCopy): Promise<boolean>;
};

/** Makes the question; those who ask while one is under way share the next. */
export function createClearance(context: Pick<EngineContext, "database">): Clearance {
  const ask = batcher<HandedCopy, { asked: number; clear: boolean }>({
    max_items: 1000,
    // One at a time: claims and look-ups of keys share these connections.
    max_in_flight: 1,
    async serve(copies) {
      const asked = performance.now();
      const clear = await copiesInTheClear(context.database, copies);
      return copies.map((_, i) => ({ asked, clear: clear.has(i) }));
    },
  });
  return {
    async mayBegin(copy) {
      for (const end = performance.now() + patience; performance.now() < end;) {
        const { asked, clear } = await ask(copy);
        // The answer is as old as its question: one that came late, or to a process that was held up, is not taken for new.
        if (performance.now() - asked <= tooOld) return clear;
      }
      throw new Error("the database does not tell in time whether the copy may go");
    },
  };
}

/**
 * To be awaited between the commit of a suppression and its answer. Where copies to the addresses are handed off, another node may
 * have been told a moment before the commit that one may begin: resolves once such an answer counts no more.
 */
export async function untilNoneBegins(
  context: Pick<EngineContext, "database">,
  operatorId: string,
  suppressed: readonly { address: string; mailbox_id: string }[],
): Promise<void> {
  const committed = performance.now();
  // Whom an alias stands for, and whether mail to them is under way, nobody can look up.
  const unknown = suppressed.some(({ address }) => isAlias(address));
  const underWay =
    unknown ||
    (await context.database
      .as(operatorId, (tx) => isUnderWay(tx, suppressed))
      // It is suppressed whatever happens here: an answer that comes late is better than one that says it failed.
      .catch(() => true));
  if (underWay) await delay(Math.max(0, tooOld - (performance.now() - committed)));
}

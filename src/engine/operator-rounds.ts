/** Rounds over operators: what is done for one after the other, so that one whose work fails holds up none of the others. */
import { isUnavailable } from "../store/database.ts";
import type { EngineContext } from "./context.ts";

/** Does the work for each of the operators that is not resting. Throws only where the database is away. */
export type OperatorRounds = (
  operatorIds: readonly string[],
  work: (operatorId: string) => Promise<void>,
) => Promise<void>;

/** What failed in a row, and until when it is left alone. */
type Resting = { failures: number; until: number };

/**
 * Makes rounds of one kind of work, named by `work` in the log. An operator whose work fails rests, up to 5 seconds, and comes
 * after the others from then on until it succeeds. `clock` counts milliseconds, from anywhere.
 */
export function createOperatorRounds(
  context: Pick<EngineContext, "log">,
  work: string,
  clock: () => number = () => performance.now(),
): OperatorRounds {
  const resting = new Map<string, Resting>();
  const failuresOf = (operatorId: string): number => resting.get(operatorId)?.failures ?? 0;
  return async (operatorIds, doWork) => {
    for (const operatorId of resting.keys())
      // It has nothing to do any more: there is nothing to remember of it.
      if (!operatorIds.includes(operatorId)) resting.delete(operatorId);
    // Those that failed come last: a statement that hangs the database for one operator looks as if it were away for all.
    for (const operatorId of operatorIds.toSorted((a, b) => failuresOf(a) - failuresOf(b))) {
      if (clock() < (resting.get(operatorId)?.until ?? 0)) continue;
      try {
        await doWork(operatorId);
        resting.delete(operatorId);
      } catch (error) {
        const failures = failuresOf(operatorId) + 1;
        const away = isUnavailable(error);
        const rest = away ? 0 : Math.min(5000, 250 * 2 ** failures);
        resting.set(operatorId, { failures, until: clock() + rest });
        if (away) throw error;
        context.log.error(
          {
            work,
            operator_id: operatorId,
            error: error instanceof Error ? error.stack : String(error),
          },
          "an operator's work failed; that of the others goes on",
        );
      }
    }
  };
}

/** Claims worked off operator by operator: where a group fails, one by one, so that one that always fails holds up no other. */
import type { Claim, Queue } from "../engine/queue.ts";

/** What is done with claims. */
export type GroupWork = {
  kind: Parameters<Queue["later"]>[0];
  queue: Pick<Queue, "later" | "isAway">;
  now(): Date;
  log: { error(fields: object, message: string): void };
  /** Works on claims of one operator, all of them or none. */
  work(operatorId: string, claims: readonly Claim[]): Promise<void>;
  /** When what failed by itself is tried again, in milliseconds. */
  again_after: number;
  /** What the log says of it. */
  failed: string;
};

/** Works off claims of any operators. Throws only where the database is away. */
export async function inGroups(claims: readonly Claim[], how: GroupWork): Promise<void> {
  for (const [operatorId, group] of Map.groupBy(claims, (claim) => claim.operator_id))
    await inGroup(operatorId, group, how);
}

async function inGroup(
  operatorId: string,
  claims: readonly Claim[],
  how: GroupWork,
): Promise<void> {
  const { kind, queue } = how;
  try {
    await how.work(operatorId, claims);
  } catch (error) {
    if (queue.isAway(error)) throw error;
    if (claims.length > 1) {
      for (const claim of claims) await inGroup(operatorId, [claim], how);
      return;
    }
    how.log.error(
      { kind, messages: claims.map((claim) => claim.message_id), error: String(error) },
      how.failed,
    );
    const at = new Date(how.now().getTime() + how.again_after);
    await queue.later(kind, operatorId, claims, at);
  }
}

/** The queue as workers see it. */
import {
  type Database,
  isRefusedByWall,
  isUnavailable,
  isUniqueViolation,
} from "../store/database.ts";
import {
  type Claim,
  type ClaimOptions,
  type ClaimShares,
  claimDeliveries,
  claimDue,
  putDue,
  reclaimDue,
  renewDue,
} from "../store/due.ts";
import type { DueKind } from "../store/tables.ts";

export type { Claim } from "../store/due.ts";
export type { Receipt } from "../store/tables.ts";

/** Claiming, and what to do with what could not be handled. */
export type Queue = {
  claim(kind: DueKind, options: ClaimOptions): Promise<Claim[]>;
  /** Claims deliveries, of each operator at most its share. */
  claimDeliveries(options: ClaimOptions & { shares: ClaimShares }): Promise<Claim[]>;
  /** Holds claims for longer, unless they were overtaken. */
  renew(
    kind: DueKind,
    claims: readonly Claim[],
    options: { lease_until: Date; node: string },
  ): Promise<void>;
  /** Puts claims back for later. */
  later(kind: DueKind, operatorId: string, claims: readonly Claim[], at: Date): Promise<void>;
  /**
   * Makes what this node had claimed, and does not hold any more, due at once: everything after a start, and what a broken
   * round left, `except` what is still being worked on.
   */
  reclaim(node: string, now: Date, what?: { kinds: DueKind[]; except: string[] }): Promise<number>;
  /** True when the database's own rules refused, rather than being away. */
  isRefusal(error: unknown): boolean;
  /** True when the database is away, full or hanging. */
  isAway(error: unknown): boolean;
};

/** The queue in the database. */
export function createQueue(database: Database): Queue {
  return {
    claim: (kind, options) => claimDue(database, kind, options),
    claimDeliveries: (options) => claimDeliveries(database, options),
    renew: (kind, claims, options) => renewDue(database, kind, claims, options),
    later: (kind, operatorId, claims, at) =>
      database.as(operatorId, (tx) =>
        putDue(
          tx,
          kind,
          claims.map((claim) => ({ message_id: claim.message_id, at })),
        ),
      ),
    reclaim: (node, now, what) => reclaimDue(database, node, now, what),
    isRefusal: (error) => isRefusedByWall(error) || isUniqueViolation(error),
    isAway: isUnavailable,
  };
}

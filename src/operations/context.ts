/** What handlers are given, and `operation()` bound to it. */
import { operation as declare } from "../contract/operation.ts";
import type { Engine } from "../engine/engine.ts";
import type { Reader } from "../engine/read.ts";
import type { RouteReport } from "../mail/route-report.ts";

/** Beside the actor: the reading side, the engine, the clock and the instance's own facts. */
export type OperationContext = {
  read: Reader;
  engine: Engine;
  now(): Date;
  instance: {
    version: string;
    public_url: string;
    /** True where strangers may open accounts. */
    sign_up_open: boolean;
    /** The OpenAPI document of this instance. */
    openapi(): object;
    /** The only operator, where there is just one: whose log `/audit/checkpoint` means without a credential. */
    sole_operator(): Promise<string | null>;
    /** What this node knows of the ways out. */
    routes: {
      /** What would happen to mail for a domain; nothing is dialled. */
      report(domain: string): Promise<RouteReport>;
      /** Addresses that are not dialled for a while, by domain. */
      avoided(): Map<string, { key: string; until: Date }[]>;
    };
  };
};

/** Declares an operation of this instance. */
export const operation = declare<OperationContext>();

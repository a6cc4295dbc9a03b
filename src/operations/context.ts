/** What handlers are given, and `operation()` bound to it. */
import { operation as declare } from "../contract/operation.ts";
import type { Engine } from "../engine/engine.ts";
import type { Reader } from "../engine/read.ts";

/** Beside the actor: the reading side, the engine, the clock and the instance's own facts. */
export type OperationContext = {
  read: Reader;
  engine: Engine;
  now(): Date;
  instance: {
    version: string;
    public_url: string;
    /** The OpenAPI document of this instance. */
    openapi(): object;
    /** The only operator, where there is just one: whose log `/audit/checkpoint` means without a credential. */
    sole_operator(): Promise<string | null>;
  };
};

/** Declares an operation of this instance. */
export const operation = declare<OperationContext>();

/** The engine's calls around the log and what it proves, bound to one context. */
import type { Actor } from "../core/actor.ts";
import type { EngineContext } from "./context.ts";
import { evidenceOf, publicKeys } from "./evidence.ts";
import { proveEntry, readCheckpoint, readTile } from "./log-reader.ts";

/** Everything that operations and verifiers read of it. */
export function logCalls(context: EngineContext) {
  return {
    evidence: (actor: Actor, emailId: string) => evidenceOf(context, actor, emailId),
    publicKeys: (operatorId: string) => publicKeys(context, operatorId),
    checkpoint: (operatorId: string) => readCheckpoint(context, operatorId),
    tile: (operatorId: string, path: string) => readTile(context, operatorId, path),
    entryProof: (operatorId: string, index: number) => proveEntry(context, operatorId, index),
  };
}

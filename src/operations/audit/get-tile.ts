/** `get_tile`: tiles and entry bundles of the log (C2SP tlog-tiles). */
import { z } from "zod";
import { type BytesReply, bytes } from "../../contract/operation.ts";
import { id } from "../../contract/resources.ts";
import type { Actor } from "../../core/actor.ts";
import { Refusal } from "../../core/refusal.ts";
import { type OperationContext, operation } from "../context.ts";

const tile = {
  tag: "audit",
  method: "GET",
  effect: "read",
  access: "audit",
  output: { content_type: "application/octet-stream" },
  status: 200,
  refusals: ["validation_failed", "not_found"],
  tool: false,
} as const;
const tilePath = z.string().max(100).describe("Such as 0/x001/067 or entries/000.p/17");

export const getTile = operation({
  ...tile,
  name: "get_tile",
  summary: "Get a tile of the log",
  description:
    "A tile of hashes or a bundle of entries of the caller's log. Full ones never change.",
  path: "/audit/tile/{tile_path*}",
  input: z.strictObject({ tile_path: tilePath }),
  handle: ({ engine, actor }, input) => read(engine, actor, input.tile_path),
});

export const getLogTile = operation({
  ...tile,
  name: "get_log_tile",
  summary: "Get a tile of a log by operator",
  description: "The same under the log's own origin, for tools that are given one prefix.",
  path: "/audit/{operator_id}/tile/{tile_path*}",
  input: z.strictObject({ operator_id: id, tile_path: tilePath }),
  handle({ engine, actor }, input) {
    if (input.operator_id !== actor.operator_id)
      throw new Refusal("not_found", "There is no such log.", { field: "operator_id" });
    return read(engine, actor, input.tile_path);
  },
});

async function read(
  engine: OperationContext["engine"],
  actor: Actor,
  path: string,
): Promise<BytesReply> {
  if (actor.mailbox_ids !== null)
    throw new Refusal(
      "scope_required",
      "Tiles hold the entries of all mailboxes; this key is bound to some.",
      {
        hint: "get_audit_log lists the entries of the key's mailboxes.",
      },
    );
  const { body, full } = await engine.tile(actor.operator_id, `tile/${path}`);
  return bytes("application/octet-stream", body, { immutable: full });
}

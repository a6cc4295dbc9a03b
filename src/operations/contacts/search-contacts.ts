/** `search_contacts`: the people an operator knows. */
import { z } from "zod";
import { nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { contact, contactOf } from "./views.ts";

export const searchContacts = operation({
  name: "search_contacts",
  tag: "contacts",
  summary: "Search contacts",
  description:
    "Finds contacts by a part of their address or name, newest first; without q it lists all. Keys that are bound to mailboxes see none.",
  method: "GET",
  path: "/v1/contacts",
  effect: "read",
  access: "read",
  input: z.strictObject({
    q: z.string().max(320).optional().describe("Part of the address or the name"),
    ...page,
  }),
  output: z.object({ contacts: z.array(contact), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "scope_required"],
  tool: true,
  foreign_words: "fields",
  whole: true,
  cli: { command: "contacts", positional: ["q"] },
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findContacts(actor, input.q, input);
    return { contacts: rows.map(contactOf), next_cursor };
  },
});

/** `add_contact`: remembers a person by their address. */
import { z } from "zod";
import { json } from "../../contract/operation.ts";
import { operation } from "../context.ts";
import { labels } from "../messages/writing.ts";
import { contact, contactOf } from "./views.ts";

export const addContact = operation({
  name: "add_contact",
  tag: "contacts",
  summary: "Add a contact",
  description:
    "Remembers a person by their address (201). An address that is known already keeps its contact (200): a name or metadata given replace what was there.",
  method: "POST",
  path: "/v1/contacts",
  effect: "write",
  access: "send",
  input: z.strictObject({
    email: z.string().max(1000).describe("name@example.com or Name <name@example.com>"),
    name: z.string().min(1).max(200).optional(),
    metadata: labels.optional(),
  }),
  output: contact,
  status: 201,
  also: { 200: "The address had a contact already: this is it" },
  refusals: ["validation_failed", "scope_required", "test_key"],
  tool: true,
  foreign_words: "fields",
  whole: true,
  cli: { command: "add-contact", positional: ["email"] },
  async handle({ engine, actor }, input) {
    const { contact: row, is_new: isNew } = await engine.addContact(actor, input);
    return json(isNew ? 201 : 200, contactOf(row));
  },
});

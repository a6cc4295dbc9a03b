/** `get_contact` and `update_contact`: one person an operator knows. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { labels } from "../messages/writing.ts";
import { contact, contactOf } from "./views.ts";

export const getContact = operation({
  name: "get_contact",
  tag: "contacts",
  summary: "Get a contact",
  description: "Answers one contact.",
  method: "GET",
  path: "/v1/contacts/{contact_id}",
  effect: "read",
  access: "read",
  input: z.strictObject({ contact_id: id }),
  output: contact,
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required"],
  tool: false,
  cli: { command: "contact", positional: ["contact_id"] },
  async handle({ engine, actor }, input) {
    return contactOf(await engine.readContact(actor, input.contact_id));
  },
});

export const updateContact = operation({
  name: "update_contact",
  tag: "contacts",
  summary: "Change a contact",
  description:
    "Changes a contact's name or metadata; metadata given replaces what was there. The address stays: another address is another contact.",
  method: "PATCH",
  path: "/v1/contacts/{contact_id}",
  effect: "write",
  access: "send",
  input: z.strictObject({
    contact_id: id,
    name: z.string().min(1).max(200).nullable().optional(),
    metadata: labels.optional(),
  }),
  output: contact,
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required", "test_key"],
  tool: false,
  cli: { command: "update-contact", positional: ["contact_id"] },
  async handle({ engine, actor }, input) {
    const { contact_id: contactId, ...change } = input;
    return contactOf(await engine.changeContact(actor, contactId, change));
  },
});

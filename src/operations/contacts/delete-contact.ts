/** `delete_contact`: forgets a person. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { contact, contactOf } from "./views.ts";

export const deleteContact = operation({
  name: "delete_contact",
  tag: "contacts",
  summary: "Delete a contact",
  description: "Removes a contact and answers it as it was. Mail with that person stays.",
  method: "DELETE",
  path: "/v1/contacts/{contact_id}",
  effect: "destroy",
  access: "send",
  input: z.strictObject({ contact_id: id }),
  output: contact,
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required", "test_key"],
  tool: true,
  foreign_words: "fields",
  whole: true,
  cli: { command: "delete-contact", positional: ["contact_id"] },
  async handle({ engine, actor }, input) {
    return contactOf(await engine.removeContact(actor, input.contact_id));
  },
});

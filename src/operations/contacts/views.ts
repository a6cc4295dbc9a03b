/** Contacts as REST shows them. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import type { Contact } from "../../engine/contacts.ts";

/** A contact. */
export const contact = z.object({
  id,
  email: z.string(),
  name: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  created_at: time,
  updated_at: time,
});

/** A row as the resource. */
export function contactOf(row: Contact): z.infer<typeof contact> {
  return {
    id: row.contact_id,
    email: row.email,
    name: row.name,
    metadata: row.metadata,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

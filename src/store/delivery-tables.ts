/** Tables of delivery, as TypeScript sees them: pauses of destinations, transcripts. */
import type { Time } from "./column-types.ts";

/** Column types of these tables, in the order of the migration. */
export type DeliveryTables = {
  destination_pause: {
    operator_id: string;
    domain: string;
    reason: string | null;
    paused_by: string;
    paused_at: Time;
  };
  delivery_transcript: {
    operator_id: string;
    message_id: string;
    attempt: number;
    position: number;
    at: Time;
    transcript: string;
  };
};

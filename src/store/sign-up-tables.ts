/** Tables of sign-up, as TypeScript sees them: who asked to be let in, and proofs of work that were used. */
import type { Json, MaybeTime, Time } from "./column-types.ts";

/** What somebody asked for, as it was given: of an account or of an agent. */
export type Wanted = Readonly<Record<string, string | readonly string[]>>;

/** Column types of these tables, in the order of the migration. */
export type SignUpTables = {
  sign_up: {
    operator_id: string;
    sign_up_id: string;
    kind: "account" | "agent";
    email: string;
    known: boolean;
    joins: string | null;
    wanted: Json<Wanted>;
    created_at: Time;
    expires_at: Time;
    ended_at: MaybeTime;
  };
  sign_up_proof: {
    operator_id: string;
    challenge: string;
    expires_at: Time;
  };
};

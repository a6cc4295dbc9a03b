/** Tables of OAuth, as TypeScript sees them: clients, grants, tokens. */
import type { ColumnType } from "kysely";
import type { MaybeTime, Time } from "./column-types.ts";

/** Column types of these tables, in the order of the migration. */
export type OAuthTables = {
  oauth_client: {
    client_id: string;
    metadata: ColumnType<Record<string, unknown>, string, never>;
    created_at: Time;
    used_at: MaybeTime;
  };
  oauth_grant: {
    operator_id: string;
    grant_id: string;
    person_id: string;
    client_id: string;
    client_name: string;
    redirect_uri: string;
    resource: string;
    code_hash: Buffer;
    code_challenge: string;
    code_expires_at: Time;
    code_used_at: MaybeTime;
    begun_at: MaybeTime;
  };
  oauth_token: {
    operator_id: string;
    token_hash: Buffer;
    grant_id: string;
    kind: "access" | "refresh";
    created_at: Time;
    expires_at: Time;
    used_at: MaybeTime;
  };
};

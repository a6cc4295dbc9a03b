/** The OpenAPI document of this release: what is committed as openapi.json and served. */
import type { OperationSpec } from "./contract/operation.ts";
import * as resources from "./contract/resources.ts";
import { buildOpenApi } from "./http/openapi.ts";
import { version } from "./version.ts";

let built: object | undefined;

/** Builds the document once. */
export function openApiOf(operations: readonly OperationSpec[]): object {
  built ??= buildOpenApi(operations, {
    version,
    components: {
      Mailbox: resources.mailbox,
      EmailSummary: resources.emailSummary,
      Email: resources.email,
      Recipient: resources.recipient,
      Receipt: resources.receipt,
      Decision: resources.decision,
      ApiKey: resources.apiKey,
      AuditEntry: resources.auditEntry,
    },
  });
  return built;
}

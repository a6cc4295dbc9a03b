/** `list_domains`: the operator's domains and how they stand. */
import { z } from "zod";
import { nextCursor, page } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { domainSummary, domainSummaryOf } from "./views.ts";

export const listDomains = operation({
  name: "list_domains",
  tag: "domains",
  summary: "List domains",
  description: "The operator's domains, newest first. get_domain answers the DNS records of one.",
  method: "GET",
  path: "/v1/domains",
  effect: "read",
  access: "read",
  input: z.strictObject(page),
  output: z.object({ domains: z.array(domainSummary), next_cursor: nextCursor }),
  status: 200,
  refusals: ["validation_failed", "invalid_cursor", "scope_required"],
  tool: true,
  whole: true,
  cli: { command: "domains" },
  async handle({ engine, actor }, input) {
    const { rows, next_cursor } = await engine.findDomains(actor, input);
    return { domains: rows.map(domainSummaryOf), next_cursor };
  },
});

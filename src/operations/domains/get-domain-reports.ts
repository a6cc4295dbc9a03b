/** `get_domain_reports`: what other mail systems reported about a domain in 30 days. */
import { z } from "zod";
import { id, time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

const count = z.int();
const head = {
  reports: count,
  unauthenticated_reports: count.describe("Whose sender nobody vouched for: they may be made up"),
  organisations: z.array(z.string()),
};

export const getDomainReports = operation({
  name: "get_domain_reports",
  tag: "domains",
  summary: "Get a domain's reports",
  description:
    "Sums up the aggregate reports of 30 days: which sources sent in the domain's name and whether their mail passed DMARC, and which TLS failures others met. Names and counts are what the reports say.",
  method: "GET",
  path: "/v1/domains/{domain_id}/reports",
  effect: "read",
  access: "read",
  input: z.strictObject({ domain_id: id }),
  output: z.object({
    domain: z.string(),
    since: time,
    dmarc: z.object({
      ...head,
      messages: count,
      passed: count,
      failed: count,
      dkim_aligned: count,
      spf_aligned: count,
      sources: z.array(
        z.object({
          source_ip: z.string(),
          header_from: z.string(),
          messages: count,
          passed: count,
          failed: count,
          dkim_aligned: count,
          spf_aligned: count,
        }),
      ),
    }),
    tls: z.object({
      ...head,
      successful_sessions: count,
      failed_sessions: count,
      failures: z.array(
        z.object({ result_type: z.string().describe("RFC 8460 section 4.3"), sessions: count }),
      ),
    }),
  }),
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required"],
  tool: true,
  foreign_words: "fields",
  whole: true,
  cli: { command: "domain-reports", positional: ["domain_id"] },
  async handle({ engine, actor }, input) {
    const view = await engine.domainReports(actor, input.domain_id);
    return { ...view, since: view.since.toISOString() };
  },
});

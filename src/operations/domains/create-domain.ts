/** `create_domain`: asks for a domain of one's own; answers the DNS records that it needs. */
import { z } from "zod";
import { json } from "../../contract/operation.ts";
import { operation } from "../context.ts";
import { domain, domainOf } from "./views.ts";

export const createDomain = operation({
  name: "create_domain",
  tag: "domains",
  summary: "Add a domain",
  description:
    "Adds a domain to write from (201) and answers the DNS records it needs. Enter them at the domain's provider, then call verify_domain. A domain that is there already is answered as it is (200).",
  method: "POST",
  path: "/v1/domains",
  effect: "write",
  access: "admin",
  input: z.strictObject({
    domain: z
      .string()
      .min(1)
      .max(1000)
      .describe("example.com; letters of other scripts are taken as A-labels"),
  }),
  output: domain,
  status: 201,
  also: { 200: "The operator has this domain already: this is it" },
  refusals: ["validation_failed", "scope_required", "test_key", "domain_taken", "quota_exceeded"],
  tool: true,
  whole: true,
  cli: { command: "add-domain", positional: ["domain"] },
  async handle({ engine, actor }, input) {
    const { view, is_new: isNew } = await engine.createDomain(actor, input.domain);
    return json(isNew ? 201 : 200, domainOf(view));
  },
});

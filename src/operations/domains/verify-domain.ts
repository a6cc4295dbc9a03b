/** `verify_domain`: checks a domain's DNS records now. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { domain, domainOf } from "./views.ts";

export const verifyDomain = operation({
  name: "verify_domain",
  tag: "domains",
  summary: "Verify a domain",
  description:
    "Asks DNS now and says of each record whether it is right or what is wrong with it. Once every required record is, the domain is verified: its keys sign and mailboxes can be made there. New DKIM keys that DNS shows take over.",
  method: "POST",
  path: "/v1/domains/{domain_id}/verify",
  effect: "write",
  access: "admin",
  input: z.strictObject({ domain_id: id }),
  output: domain,
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required", "test_key", "domain_taken"],
  tool: true,
  whole: true,
  cli: { command: "verify-domain", positional: ["domain_id"] },
  async handle({ engine, actor }, input) {
    return domainOf(await engine.verifyDomain(actor, input.domain_id));
  },
});

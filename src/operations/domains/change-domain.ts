/** `update_domain`, `rotate_dkim` and `delete_domain`: what changes a domain. */
import { z } from "zod";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { domain, domainOf } from "./views.ts";

const shared = {
  tag: "domains",
  access: "admin",
  output: domain,
  status: 200,
  tool: true,
  whole: true,
} as const;

export const updateDomain = operation({
  ...shared,
  name: "update_domain",
  summary: "Change a domain",
  description:
    "Sets the MTA-STS policy that this instance serves for the domain: testing (default) reports only, enforce makes others refuse to deliver without TLS, none withdraws it. The id in the _mta-sts record changes with it.",
  method: "PATCH",
  path: "/v1/domains/{domain_id}",
  effect: "write",
  input: z.strictObject({
    domain_id: id,
    mta_sts: z.enum(["none", "testing", "enforce"]),
  }),
  refusals: ["validation_failed", "not_found", "scope_required", "test_key"],
  cli: { command: "update-domain", positional: ["domain_id"] },
  async handle({ engine, actor }, input) {
    return domainOf(await engine.changeDomain(actor, input.domain_id, input.mta_sts));
  },
});

export const rotateDkim = operation({
  ...shared,
  name: "rotate_dkim",
  summary: "Rotate DKIM keys",
  description:
    "Makes the next DKIM keys under new selectors. The present ones sign until DNS shows the new ones; then these switch, and dkim[].keep_until says how long the old records must stay. Called again before, it answers with the keys that wait.",
  method: "POST",
  path: "/v1/domains/{domain_id}/rotate-dkim",
  effect: "write",
  input: z.strictObject({ domain_id: id }),
  refusals: ["validation_failed", "not_found", "scope_required", "test_key", "domain_not_verified"],
  cli: { command: "rotate-dkim", positional: ["domain_id"] },
  async handle({ engine, actor }, input) {
    return domainOf(await engine.rotateDkim(actor, input.domain_id));
  },
});

export const deleteDomain = operation({
  ...shared,
  name: "delete_domain",
  summary: "Delete a domain",
  description:
    "Lets a domain go that no mailbox lives in, and answers it as it was. Leave its DKIM records for 19 days, for mail that is under way.",
  method: "DELETE",
  path: "/v1/domains/{domain_id}",
  effect: "destroy",
  input: z.strictObject({ domain_id: id }),
  refusals: ["validation_failed", "not_found", "scope_required", "test_key", "domain_in_use"],
  cli: { command: "delete-domain", positional: ["domain_id"] },
  async handle({ engine, actor }, input) {
    return domainOf(await engine.removeDomain(actor, input.domain_id));
  },
});

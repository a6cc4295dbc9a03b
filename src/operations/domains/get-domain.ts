/** `get_domain` and `get_domain_zone`: a domain with its records, and the same as a zone file. */
import { z } from "zod";
import { bytes } from "../../contract/operation.ts";
import { id } from "../../contract/resources.ts";
import { operation } from "../context.ts";
import { domain, domainOf } from "./views.ts";

export const getDomain = operation({
  name: "get_domain",
  tag: "domains",
  summary: "Get a domain",
  description:
    "A domain with the DNS records it needs, and what the last check found of each. verify_domain checks them now.",
  method: "GET",
  path: "/v1/domains/{domain_id}",
  effect: "read",
  access: "read",
  input: z.strictObject({ domain_id: id }),
  output: domain,
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required"],
  tool: true,
  whole: true,
  cli: { command: "domain", positional: ["domain_id"] },
  async handle({ engine, actor }, input) {
    return domainOf(await engine.findDomain(actor, input.domain_id));
  },
});

const mediaType = "text/dns; charset=utf-8";

export const getDomainZone = operation({
  name: "get_domain_zone",
  tag: "domains",
  summary: "Get a domain's records as a zone file",
  description:
    "All DNS records of a domain in the syntax of zone files (RFC 1035), to be imported or copied.",
  method: "GET",
  path: "/v1/domains/{domain_id}/zone",
  effect: "read",
  access: "read",
  input: z.strictObject({ domain_id: id }),
  output: { content_type: mediaType },
  status: 200,
  refusals: ["validation_failed", "not_found", "scope_required"],
  tool: false,
  cli: { command: "domain-zone", positional: ["domain_id"] },
  async handle({ engine, actor }, input) {
    const { name, zone } = await engine.domainZone(actor, input.domain_id);
    return bytes(mediaType, Buffer.from(zone), { filename: `${name}.zone` });
  },
});

/** `check_route`: what would happen to mail for an address, without sending any. */
import { z } from "zod";
import { time } from "../../contract/resources.ts";
import { operation } from "../context.ts";

export const checkRoute = operation({
  name: "check_route",
  tag: "destinations",
  summary: "Try a route without sending",
  description:
    "Says what would happen to mail for an address now: whether it is suppressed or its destination paused, which hosts and addresses would be tried in which order, what security they must show (MTA-STS, DANE), and which are avoided because they did not answer. DNS is asked; no mail server is.",
  method: "GET",
  path: "/v1/destinations/route",
  effect: "read",
  access: "admin",
  input: z.strictObject({ address: z.string().min(1).max(1000) }),
  output: z.object({
    address: z.string(),
    domain: z.string(),
    suppressed: z.boolean(),
    paused_at: time.nullable(),
    delivery: z.enum(["direct", "relay", "capture"]),
    outcome: z
      .enum(["try", "wait", "refuse"])
      .describe(
        "try: a server would be asked; wait: nothing can be tried now; refuse: nothing ever can",
      ),
    problem: z.object({ enhanced_status_code: z.string(), text: z.string() }).nullable(),
    authenticated: z.boolean().describe("DNSSEC vouches for the MX records"),
    mta_sts: z.object({
      mode: z.enum(["enforce", "testing", "none"]).nullable(),
      failure: z.string().nullable(),
    }),
    hosts: z.array(
      z.object({
        host: z.string(),
        addresses: z.array(z.object({ address: z.string(), avoided_until: time.nullable() })),
        policy: z.enum(["none", "mta-sts", "dane"]),
        tls: z.enum(["required", "opportunistic"]),
        verified: z.boolean().describe("Whether the certificate must fit"),
        problem: z.string().nullable().describe("Why it would be passed over"),
      }),
    ),
    relay: z
      .string()
      .nullable()
      .describe("The relay that takes all mail, or what cannot be reached"),
  }),
  status: 200,
  refusals: ["validation_failed", "scope_required"],
  tool: false,
  cli: { command: "check-route", positional: ["address"] },
  async handle({ engine, actor, instance }, input) {
    const { paused_at, ...standing } = await engine.addressStanding(actor, input.address);
    const { hosts, ...route } = await instance.routes.report(standing.domain);
    return {
      ...standing,
      paused_at: paused_at?.toISOString() ?? null,
      ...route,
      hosts: hosts.map(({ addresses, ...host }) => ({ ...host, addresses: [...addresses] })),
    };
  },
});

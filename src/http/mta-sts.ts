/** The MTA-STS policy (RFC 8461 section 3.3): answered by the name that was asked under, `mta-sts.<domain>`, and 404 elsewhere. */
import type { Hono } from "hono";
import { Refusal } from "../core/refusal.ts";

/** Hangs the policy in; `policyFor` answers null for names that are none of ours. */
export function mountMtaSts(app: Hono, policyFor: (host: string) => Promise<string | null>): void {
  app.get("/.well-known/mta-sts.txt", async (c) => {
    // The port is the proxy's or ours; the policy belongs to the name.
    const host = (c.req.header("host") ?? "").replace(/:\d{1,5}$/, "").slice(0, 300);
    const policy = host === "" ? null : await policyFor(host);
    if (policy === null)
      throw new Refusal("not_found", "There is no MTA-STS policy under this name.");
    return c.body(policy, 200, { "content-type": "text/plain; charset=utf-8" });
  });
}

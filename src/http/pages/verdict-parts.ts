/** What the signatures of a message are worth: the verdict on its identity header, its claims, and DKIM. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { type Html, line } from "./display.ts";
import { badge } from "./layout.ts";
import type { Verification } from "./options.ts";
import { dkimTone, identityWords } from "./words.ts";

/** Who wrote a message and which domains vouch for it, in words. `null` says that nothing could be checked. */
export function verdicts(verified: Verification | null): Html {
  if (!verified) return markup`<p>${badge(["Could not be checked", "bad"])}</p>`;
  const { dkim, identity } = verified;
  return markup`<h3>Who wrote this</h3>
<p>${badge(identityWords[identity.verdict])}</p><p class="small">${line(identity.reason, 500)}</p>
${identity.claims && claimList(identity.claims)}
<h3>DKIM</h3>
${
  dkim.length === 0
    ? markup`<p>${badge(["No signature", "warn"])}</p>`
    : markup`<ul class="signatures">${dkim.map(
        (
          one,
        ) => markup`<li><p>${badge([one.result.slice(0, 40), dkimTone(one.result)])} ${line(one.algorithm ?? "", 60)}</p>
<p class="small">Domain ${line(one.domain, 300)}, selector ${line(one.selector, 300)}</p>${one.comment && markup`<p class="small">${line(one.comment, 500)}</p>`}</li>`,
      )}</ul>`
}`;
}

/** What a person wants of the claims. Any of them may be missing: the signature is good, but the signer is not us. */
const claims = z.object({
  iss: z.string().optional().catch(undefined),
  sub: z.string().optional().catch(undefined),
  operator: z.object({ name: z.string() }).optional().catch(undefined),
  agent: z.string().optional().catch(undefined),
  ai_generated: z.boolean().optional().catch(undefined),
  oversight: z.string().optional().catch(undefined),
  approval: z.object({ class: z.string() }).optional().catch(undefined),
});

function claimList(given: object): Html {
  const claim = claims.parse(given);
  const rows: [string, string | undefined][] = [
    ["Answers for it", claim.operator?.name],
    ["Mailbox", claim.sub],
    ["Agent", claim.agent],
    [
      "Written by an AI",
      claim.ai_generated === undefined ? undefined : claim.ai_generated ? "yes" : "no",
    ],
    ["Oversight", claim.oversight],
    ["A person approved", claim.approval ? `yes, class ${claim.approval.class}` : "no"],
    ["Stated by", claim.iss],
  ];
  return markup`<dl class="facts">${rows.map(
    ([name, value]) =>
      value !== undefined && markup`<div><dt>${name}</dt><dd>${line(value, 300)}</dd></div>`,
  )}</dl>`;
}

/** Who a received message really comes from, and what screening thinks of it, in words. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { type Html, line } from "./display.ts";
import { badge } from "./layout.ts";
import type { Email } from "./message-parts.ts";
import { dmarcWords, screeningWords, spfWords } from "./screening-words.ts";
import { type Word, dkimTone } from "./words.ts";

const text = z.string().catch("");
const no = z.boolean().catch(false);

const authentication = z.object({
  spf: z.object({ result: text, domain: text }).nullish().catch(null),
  dkim: z
    .array(z.object({ domain: text, selector: text, result: text, aligned: no }))
    .max(100)
    .catch([]),
  dmarc: z
    .object({
      result: text,
      domain: text,
      disposition: text,
      overridden_by_arc: no,
    })
    .nullish()
    .catch(null),
  arc: z.object({ cv: text, sealer: text, trusted: no }).nullish().catch(null),
});

const screening = z.object({
  score: z.number().nullable().catch(null),
  verdict: text,
  injection: no,
  reasons: z.array(z.object({ rule: text, score: z.number().catch(0), detail: text })).catch([]),
  stranger_in_thread: no,
});

/** Reasons shown. */
const reasonLimit = 100;

/** DMARC in one badge, to stand beside the sender: whether the address in From is proved. */
export function senderProof(email: Pick<Email, "authentication">): Html {
  const { dmarc } = authentication.parse(email.authentication ?? {});
  switch (dmarc?.result) {
    case "pass":
      return badge(["sender proved", "good"]);
    case "fail":
      return badge(
        dmarc.overridden_by_arc
          ? ["sender vouched for by a forwarder", "warn"]
          : ["sender not proved", "bad"],
      );
    default:
      return badge(["sender not proved", "warn"]);
  }
}

/** SPF, DKIM, DMARC and ARC, each with the domain that it is about. */
export function authenticationList(email: Pick<Email, "authentication">): Html {
  if (email.authentication === null)
    return markup`<p>${badge(["Not checked", "bad"])}</p><p class="small">The message could not be opened when it came.</p>`;
  const { spf, dkim, dmarc, arc } = authentication.parse(email.authentication);
  return markup`<dl class="facts verdicts">
<div><dt>Sender (DMARC)</dt><dd>${dmarc ? about(dmarcWords[dmarc.result], dmarc) : badge(["Could not be checked", "bad"])}${
    dmarc && ["quarantine", "reject"].includes(dmarc.disposition)
      ? markup`<p class="small">Its domain asks receivers to ${dmarc.disposition === "reject" ? "refuse" : "set aside"} such mail.</p>`
      : ""
  }${dmarc?.overridden_by_arc && markup`<p class="small">A forwarder that is trusted here saw it proved before it changed the message.</p>`}</dd></div>
<div><dt>Sending server (SPF)</dt><dd>${spf ? about(spfWords[spf.result], spf) : badge(["Not checked", "warn"])}</dd></div>
<div><dt>Signatures (DKIM)</dt>${
    dkim.length === 0
      ? markup`<dd>${badge(["No signature", "warn"])}</dd>`
      : dkim
          .slice(0, 10)
          .map(
            (one) =>
              markup`<dd>${badge(signatureWord(one))}<p class="small">${line(one.domain, 300)}${
                one.result === "pass" && !one.aligned && ", which is not the sender's domain"
              }</p></dd>`,
          )
  }${dkim.length > 10 && markup`<dd class="small">and ${dkim.length - 10} more</dd>`}</div>
${
  arc &&
  markup`<div><dt>Forwarded (ARC)</dt><dd>${badge(arc.cv === "pass" ? ["Chain unbroken", arc.trusted ? "good" : "quiet"] : ["Chain broken", "warn"])}<p class="small">Last by ${line(arc.sealer || "unknown", 300)}, ${arc.trusted ? "which is trusted here" : "which is not trusted here"}</p></dd></div>`
}</dl>`;
}

/** A result in its words, with the domain beneath. Results we do not know count as bad. */
function about(word: Word | undefined, { result, domain }: { result: string; domain: string }) {
  if (!word) return badge([result.slice(0, 40) || "unknown", "bad"]);
  const name = domain === "" ? "the sender's domain" : domain;
  const [before = "", after] = word[0].split("*");
  return after === undefined
    ? badge(word)
    : markup`<span class="badge ${word[1]}">${before}${line(name, 300)}${after}</span>`;
}

function signatureWord({ result, aligned }: { result: string; aligned: boolean }): Word {
  // Anybody can sign with a domain of their own: that proves nothing about the sender.
  if (result === "pass") return ["Signed and unchanged", aligned ? "good" : "quiet"];
  if (result === "fail") return ["Signature broken", "bad"];
  return [result.slice(0, 40) || "unknown", dkimTone(result)];
}

/** Screening's verdict with every reason. They quote the message, so they are foreign text. Nothing where it found nothing. */
export function screeningBox(email: Pick<Email, "screening" | "status">): Html | false {
  const found = screening.parse(email.screening ?? {});
  const { score, verdict, injection, reasons, stranger_in_thread: stranger } = found;
  const suspect = verdict !== "pass" && verdict !== "";
  const counted = reasons.filter((one) => one.score !== 0);
  if (!suspect && !injection && !stranger && counted.length === 0) return false;
  return markup`<section class="alert ${suspect || injection || stranger ? "warn" : "plain"}" aria-labelledby="screening"><h2 id="screening">Screening</h2>
<p>${badge(screeningWords[verdict] ?? ["Not screened", "warn"])}${injection && markup` ${badge(["Tries to instruct agents", "bad"])}`}${
    stranger && markup` ${badge(["Sender is new in this thread", "warn"])}`
  }${score !== null && markup` <span class="small">Score ${score}; from 5 somebody should look, from 10 it is spam.</span>`}</p>
${
  reasons.length > 0 &&
  markup`<ul class="findings">${reasons
    .slice(0, reasonLimit)
    .map(
      (one) =>
        markup`<li><span class="points">${one.score > 0 ? "+" : ""}${one.score}</span> ${one.detail === "" ? line(one.rule, 60) : line(one.detail, 500)} <code class="quiet">${line(one.rule, 60)}</code></li>`,
    )}</ul>`
}</section>`;
}

/** The page on which anybody checks who wrote a message: the statement stays behind the `#` and is verified in their browser. */
import { html as markup } from "hono/html";
import { page } from "./layout.ts";
import type { Visit } from "./visit.ts";

/** `GET /verify`. The form is shown by its script: without one it could only send what should stay here. */
export function verifyPage(visit: Visit): Promise<Response> {
  return page(visit, {
    title: "Verify a message",
    scripts: ["verify"],
    content: markup`<h1>Verify a message</h1>
<p>Mail from this server carries a signed statement in its header <code>X-MultiMail-Identity</code>: who answers for the agent that wrote it, under what oversight, and whether a person approved it. Your browser checks it against the keys of this server. What you paste is not sent anywhere.</p>
<noscript><div class="alert warn" role="alert">Your browser runs no scripts, so it cannot check here. Save the message and run <code>multimail verify message.eml</code>, or compare it with the keys at <a href="/.well-known/multimail-jwks.json">/.well-known/multimail-jwks.json</a> (ES256, RFC 7515).</div></noscript>
<form id="verify" hidden>
<label for="statement">The header’s value</label>
<textarea id="statement" rows="8" spellcheck="false" autocomplete="off" aria-describedby="statement-hint" required></textarea>
<p class="hint" id="statement-hint">In most mail programs under “Show original” or “View source”: everything behind <code>X-MultiMail-Identity:</code>, over all its lines.</p>
<button>Verify</button>
</form>
<div id="outcome" role="status" aria-live="polite"></div>`,
  });
}

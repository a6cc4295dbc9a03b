/** What newcomers and those who let agents in are mailed. To strangers no word of whoever asked is repeated. */
import { quoted } from "./code-mail.ts";
import type { EngineContext } from "./context.ts";

type Text = { subject: string; text: string };

/** The code of a new account. Its reader may be a stranger, so that nothing in it is anybody else's text. */
export function signUpMail(context: Pick<EngineContext, "public_url">, code: string): Text {
  return {
    subject: "Your code for a MultiMail account",
    text: `Somebody, hopefully you or an AI agent of yours, asks for an account at ${context.public_url} and names this address as the one that oversees it: what agents of the account want to send is held until whoever reads this address approves it.

The code: ${code}

It works once, within an hour, and dies after five wrong tries. Type it where you signed up, or give it to the agent that asked you for it.
If you know nothing of this, ignore this mail: without the code there is no account, and nothing more will come.
`,
  };
}

/** For an address that has an account: whoever signed it up has learnt nothing, and the owner knows. */
export function knownAddressMail(context: Pick<EngineContext, "public_url">): Text {
  return {
    subject: "You have a MultiMail account already",
    text: `Somebody, hopefully you or an AI agent of yours, asked for a new account at ${context.public_url} with this address. It oversees an account already, so nothing was made.

To sign in: ${context.public_url}/sign-in
To let an agent into your account, have it ask by ${context.public_url}/auth.md: you are mailed a code for it then.
If you know nothing of this, ignore this mail.
`,
  };
}

/** The six digits that let an agent in, with what it asks for. */
export function agentMail(
  context: Pick<EngineContext, "public_url">,
  asked: {
    code: string;
    operator_name: string;
    agent_name: string;
    scopes: readonly string[];
    mailbox: string;
  },
): Text {
  const may = [
    asked.scopes.includes("read") && "read the mail of that mailbox",
    asked.scopes.includes("send") && "write mail, each of which waits until one of you approves it",
  ].filter((one) => one !== false);
  return {
    subject: `An agent asks to be let in: ${quoted(asked.agent_name, 60)}`,
    text: `An AI agent that calls itself "${quoted(asked.agent_name, 60)}" asks to join ${quoted(asked.operator_name, 200)} at ${context.public_url}.

It would get a mailbox of its own, ${quoted(asked.mailbox, 254)} or a name like it, in the mode gated_send, and a key that may:
${may.map((one) => `- ${one}`).join("\n")}

It may not decide on mail, change settings, or see other mailboxes.

The code: ${asked.code}

It works once, within an hour, and dies after five wrong tries. Give it to the agent only if you started it and want this.
If you know nothing of this, ignore this mail: without the code nothing changes.
`,
  };
}

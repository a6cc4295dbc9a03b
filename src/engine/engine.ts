/** The engine as operations and workers see it: every way to change state, bound to one context. */
import type { Authenticate, SignIn } from "../contract/sign-in.ts";
import type { Actor } from "../core/actor.ts";
import type { Status } from "../core/oversight/types.ts";
import type { Claim } from "../store/due.ts";
import { type IncomingMail, createAccept } from "./accept.ts";
import { accountCalls } from "./account-calls.ts";
import { complianceCalls } from "./compliance-calls.ts";
import type { EngineContext } from "./context.ts";
import { type LinkDecision, decideByLink, showApproval } from "./decide-by-link.ts";
import { createAuthenticate } from "./credentials.ts";
import { type DecisionRequest, type Decided, createDecide } from "./decide.ts";
import { deliveryCalls } from "./delivery-calls.ts";
import { dueCalls } from "./due-calls.ts";
import { domainCalls } from "./domain-calls.ts";
import { type DraftPlace, type DraftRequest, createDraft, sendDraft } from "./drafts.ts";
import { type Edit, type Place, edit } from "./edit.ts";
import { directoryCalls } from "./directory-calls.ts";
import { eventCalls } from "./event-calls.ts";
import { createFreshMail } from "./fresh-mail.ts";
import { type HandOffRoom, handOff } from "./hand-off.ts";
import { inboxCalls } from "./inbox-calls.ts";
import { ladderCalls } from "./ladder-calls.ts";
import { logCalls } from "./log-calls.ts";
import { findGrants, revokeGrant } from "./oauth-grants.ts";
import { counted } from "./metrics.ts";
import type { PageRequest } from "./paging.ts";
import { policyCalls } from "./policy-calls.ts";
import { peopleCalls } from "./people-calls.ts";
import { type Resending, resend } from "./resend.ts";
import { createRecordResult } from "./results.ts";
import { createSequence } from "./sequencer.ts";
import { type ReplyRequest, reply } from "./reply.ts";
import { createSignIn, mintSignInLink } from "./sign-in.ts";
import { signUpCalls } from "./sign-up-calls.ts";
import { type SubmitRequest, type Submitted, createSubmit } from "./submit.ts";
import { type Outgoing, assertSignable, returnPathOf, signFor } from "./signing.ts";
import { type Owner, setOwner } from "./thread-lock.ts";
import { tagCalls } from "./tags.ts";
import { cancel, undo } from "./timers.ts";
import { createWaiting } from "./waiting.ts";
import { type Care, care } from "./inbound-care.ts";
import { inboundRecipient } from "./inbound-route.ts";
import { createReceive } from "./receive.ts";
import { type RawSubmission, submitRaw } from "./submit-raw.ts";
import { readUnsubscribe, unsubscribe } from "./unsubscribe.ts";

/** Everything that changes state or speaks for it. */
export type Engine = ReturnType<typeof createEngine>;

/** Bytes of mail that is kept at hand until it is opened up; beyond that it is read back. */
const maxFresh = 32 * 1024 * 1024;

/** Binds the engine's parts. */
export function createEngine(context: EngineContext) {
  const submit: (actor: Actor, request: SubmitRequest) => Promise<Submitted> =
    createSubmit(context);
  const decide: (actor: Actor, requests: readonly DecisionRequest[]) => Promise<Decided[]> =
    createDecide(context);
  const fresh = createFreshMail(maxFresh, () => context.now().getTime());
  const accept: (mail: IncomingMail) => Promise<{ id: string }> = createAccept(context, fresh);
  const authenticate: Authenticate = createAuthenticate(context);
  const signIn: SignIn = createSignIn(context);
  return {
    submit,
    reply: (actor: Actor, request: ReplyRequest) => reply(context, submit, actor, request),
    setThreadOwner: (
      actor: Actor,
      thread: { mailbox_id: string; thread_id: string },
      owner: Owner,
    ) => setOwner(context, actor, thread, owner),
    ...accountCalls(context, authenticate),
    decide,
    undo: (actor: Actor, emailId: string) => undo(context, actor, emailId),
    waiting: createWaiting(context),
    showApproval: (token: string) => showApproval(context, token),
    decideByLink: (decision: LinkDecision) => decideByLink(context, decide, decision),
    cancel: (actor: Actor, mailboxId: string | null, emailId: string, only?: Status) =>
      cancel(context, actor, mailboxId, emailId, only),
    edit: (actor: Actor, place: Place, change: Edit) => edit(context, actor, place, change),
    createDraft: (actor: Actor, request: DraftRequest) => createDraft(context, actor, request),
    sendDraft: (actor: Actor, place: DraftPlace) => sendDraft(context, actor, place),
    resend: (actor: Actor, place: Resending) => resend(context, submit, actor, place),
    ...tagCalls(context),
    ...inboxCalls(context),
    findGrants: (actor: Actor, page: PageRequest & { person_id?: string | undefined }) =>
      findGrants(context, actor, page),
    revokeGrant: (actor: Actor, grantId: string) => revokeGrant(context, actor, grantId),
    ...domainCalls(context),
    ...ladderCalls(context),
    ...peopleCalls(context),
    ...directoryCalls(context),
    ...logCalls(context),
    ...complianceCalls(context),
    readUnsubscribe: (token: string) => readUnsubscribe(context, token),
    unsubscribe: (token: string) => unsubscribe(context, token),
    jwks: () => context.keyring.jwks(),
    signingKeyOf: async (operatorId: string) => (await context.keyring.of(operatorId)).identity,
    accept,
    care: (actor: Actor, emailId: string, what: Care, reason: string | null) =>
      care(context, actor, emailId, what, reason),
    inboundRecipient: (address: string) => inboundRecipient(context, address),
    receive: createReceive(context, fresh, decide),
    submitRaw: (actor: Actor, mail: RawSubmission) => submitRaw(context, submit, actor, mail),
    authenticate,
    signIn,
    mintSignInLink: (operatorId: string) => mintSignInLink(context, operatorId),
    handOff: (operatorId: string, claims: readonly Claim[], room?: HandOffRoom) =>
      handOff(context, operatorId, claims, room),
    sign: (outgoing: Outgoing, recipient: { position: number; address: string }) =>
      signFor(context, outgoing, recipient),
    assertSignable: (outgoing: Outgoing) => assertSignable(context, outgoing),
    returnPath: (outgoing: Outgoing, recipient: { position: number }) =>
      returnPathOf(context, outgoing, recipient),
    recordResult: counted(context, createRecordResult(context)),
    ...deliveryCalls(context),
    ...dueCalls(context),
    ...policyCalls(context),
    ...eventCalls(context),
    ...signUpCalls(context),
    sequence: createSequence(context),
  };
}

/** What the authorisation matrix reaches for: resources of an operator, and input for every operation that would be answered with success. */
import type { InboundStatus } from "../../src/core/inbound-status.ts";
import { decisionLink } from "../../src/engine/decision-link.ts";
import { firstOwner } from "../../src/store/people.ts";
import { aHold, addressHash, anErasure } from "./compliance-rows.ts";
import {
  allowlistEntry,
  attachmentToken,
  oauthGrant,
  ownersKey,
  upgradeCode,
} from "./authorisation-grants.ts";
import { webhookInputs } from "./authorisation-webhooks.ts";
import { keepReceived } from "./received-mail.ts";
import { newcomerInputs } from "./signing-up.ts";
import type { Running } from "./running.ts";
import type { SecondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let counter = 0;

/** Says of which instance all that follows is. */
export function reachInto(instance: Running, second: SecondNode): void {
  running = instance;
  node = second;
}

/** Resources of one operator to be reached for. */
export type Place = {
  operator: "first" | "other";
  operator_id: string;
  mailbox_id: string;
  email_id: string;
  draft_id: string;
  key_id: string;
  contact_id: string;
  policy_id: string;
  /** One that waits for its records. */
  domain_id: string;
  token: string;
  attachment: string;
  received_id: string;
  agent: string;
  admin: string;
  overseer: string;
};

/** The resources of an operator, made by its keys. */
export async function placeOf(
  { admin, agent, overseer }: Pick<Place, "admin" | "agent" | "overseer">,
  operatorId: string,
  mailboxId: string,
): Promise<Place> {
  const place = {
    operator: operatorId === node.operator_id ? "first" : "other",
    operator_id: operatorId,
    mailbox_id: mailboxId,
    email_id: "",
    draft_id: "",
    key_id: "",
    contact_id: "",
    policy_id: "",
    domain_id: "",
    token: "",
    attachment: "",
    received_id: "",
    agent,
    admin,
    overseer,
  } as const;
  const emailId = await freshEmail(place);
  const proof = await running.call(agent, `/v1/mailboxes/${mailboxId}/emails/${emailId}/proof`);
  // As if it had been tried once: before, its unsubscribe link belongs to nobody.
  await node.asOwner(`UPDATE recipient SET attempts = 1 WHERE message_id = '${emailId}'`);
  await freshSuppression(place, "kept@example.com");
  return {
    ...place,
    email_id: emailId,
    draft_id: await freshDraft(place),
    key_id: await ownersKey(node, place),
    contact_id: await freshContact(place),
    policy_id: await freshPolicy(place),
    domain_id: await freshDomain(place),
    token: proof.body.recipients[0].token,
    attachment: await attachmentToken(running, place, emailId),
    received_id: await keepReceived(node, mailboxId, {}, operatorId),
  };
}

async function freshEmail(
  place: Pick<Place, "agent" | "mailbox_id">,
  more: object = {},
): Promise<string> {
  const message = {
    ...more,
    to: [`r${counter++}@example.com`],
    subject: "For the matrix",
    markdown: "Some text.",
    attachments: [{ filename: "note.txt", content: "bm90ZQ==", content_type: "text/plain" }],
  };
  return (await running.call(place.agent, `/v1/mailboxes/${place.mailbox_id}/send`, message)).body
    .id;
}

/** An email that was approved and leaves later. */
async function approvedEmail(place: Place): Promise<string> {
  const id = await freshEmail(place, { send_at: inAnHour() });
  await running.call(place.overseer, "/v1/oversight/decide", { email_id: id, decision: "approve" });
  return id;
}

/** The digest of an email of this place. */
async function digestOf(place: Place, emailId: string): Promise<string> {
  const path = `/v1/mailboxes/${place.mailbox_id}/emails/${emailId}`;
  return (await running.call(place.agent, path)).body.digest;
}

/** The token of a link by which the operator's owner decides on an email. */
async function approvalToken(place: Place): Promise<string> {
  const id = await freshEmail(place);
  const digest = await digestOf(place, id);
  const owner = await node.as(firstOwner, place.operator_id);
  const link = decisionLink(node.context, {
    operator_id: place.operator_id,
    message_id: id,
    digest,
    person_id: owner?.person_id ?? "",
    via: "link",
    expires_at: new Date(Date.now() + 3_600_000),
  });
  return link.split("/").at(-1) ?? "";
}

async function freshSuppression(
  place: Pick<Place, "agent" | "mailbox_id">,
  address = `gone${counter++}@example.com`,
): Promise<string> {
  const wanted = { address, mailbox_id: place.mailbox_id };
  await running.call(place.agent, "/v1/suppression", wanted);
  return address;
}

async function cancelledEmail(place: Pick<Place, "agent" | "mailbox_id">): Promise<string> {
  const id = await freshEmail(place);
  await running.call(place.agent, `/v1/mailboxes/${place.mailbox_id}/emails/${id}/cancel`, {});
  return id;
}

async function freshDraft(place: Pick<Place, "agent" | "mailbox_id">): Promise<string> {
  const draft = { to: ["d@example.com"], subject: "For the matrix", markdown: "Some text." };
  return (await running.call(place.agent, `/v1/mailboxes/${place.mailbox_id}/drafts`, draft)).body
    .id;
}

async function freshMailbox(place: Pick<Place, "admin">): Promise<string> {
  const wanted = { address: `fresh-${counter++}` };
  return (await running.call(place.admin, "/v1/mailboxes", wanted)).body.id;
}

async function freshDomain(place: Pick<Place, "admin">): Promise<string> {
  const wanted = { domain: `d${counter++}.example.com` };
  return (await running.call(place.admin, "/v1/domains", wanted)).body.id;
}

/** The domain that the operator began with, which is proven. */
async function ownDomain(place: Pick<Place, "admin">): Promise<string> {
  const { body } = await running.call(place.admin, "/v1/domains?limit=100");
  return body.domains.find((one: { instance: boolean }) => one.instance).id;
}

/** A rule that meets no message. */
const rule = (): object => ({
  name: `Rule ${counter++}`,
  match: { recipients: ["nobody@nowhere.example"] },
  outcome: "hold",
});

async function freshPolicy(place: Pick<Place, "admin" | "mailbox_id">): Promise<string> {
  const wanted = { ...rule(), mailbox_id: place.mailbox_id };
  return (await running.call(place.admin, "/v1/policies", wanted)).body.id;
}

async function freshContact(place: Pick<Place, "agent">): Promise<string> {
  const contact = { email: `c${counter++}@example.com` };
  return (await running.call(place.agent, "/v1/contacts", contact)).body.id;
}

/** A message that was received. */
function received(
  { mailbox_id, operator_id }: Pick<Place, "mailbox_id" | "operator_id">,
  status: InboundStatus,
): Promise<string> {
  return keepReceived(node, mailbox_id, { status }, operator_id);
}

/** Of people no key reaches anything, so that it need not be there. */
const someId = "0".repeat(26);

/** Input that would be answered with success by whoever may, for every operation: a new one fails here until it has a row. */
export const inputs: Record<string, (place: Place, fresh: boolean) => Promise<object> | object> = {
  send_email: (place) => ({
    mailbox_id: place.mailbox_id,
    to: ["grace@example.com"],
    subject: "x",
    markdown: "x",
  }),
  schedule_email: (place) => ({
    mailbox_id: place.mailbox_id,
    to: ["grace@example.com"],
    subject: "x",
    markdown: "x",
    send_at: inAnHour(),
  }),
  edit_scheduled_email: ({ mailbox_id, email_id }) => ({
    mailbox_id,
    email_id,
    send_at: inAnHour(),
  }),
  reply_email: ({ mailbox_id, email_id }) => ({
    mailbox_id,
    email_id,
    markdown: `Reply ${counter++}`,
  }),
  resend_email: async (place, fresh) => ({
    mailbox_id: place.mailbox_id,
    email_id: fresh ? await cancelledEmail(place) : place.email_id,
  }),
  create_draft: ({ mailbox_id }) => ({ mailbox_id }),
  list_drafts: ({ mailbox_id }) => ({ mailbox_id }),
  get_draft: ({ mailbox_id, draft_id }) => ({ mailbox_id, draft_id }),
  update_draft: ({ mailbox_id, draft_id }, fresh) => ({
    mailbox_id,
    draft_id,
    subject: fresh ? `Changed ${counter++}` : "Seized",
  }),
  delete_draft: async (place, fresh) => ({
    mailbox_id: place.mailbox_id,
    draft_id: fresh ? await freshDraft(place) : place.draft_id,
  }),
  send_draft: async (place, fresh) => ({
    mailbox_id: place.mailbox_id,
    draft_id: fresh ? await freshDraft(place) : place.draft_id,
  }),
  get_tags: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id }),
  set_tags: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id, tags: { a: "b" } }),
  tag_email: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id, tags: { a: "b" } }),
  delete_tag: async (place, fresh) => {
    const { mailbox_id, email_id } = place;
    const path = `/v1/mailboxes/${mailbox_id}/emails/${email_id}/tags`;
    if (fresh) await running.call(place.agent, path, { tags: { gone: "x" } }, { method: "PUT" });
    return { mailbox_id, email_id, key: "gone" };
  },
  list_threads: ({ mailbox_id }) => ({ mailbox_id }),
  get_thread: ({ mailbox_id, email_id }) => ({ mailbox_id, thread_id: email_id }),
  set_thread_owner: ({ mailbox_id, email_id }) => ({
    mailbox_id,
    thread_id: email_id,
    owner: null,
  }),
  search_contacts: () => ({}),
  add_contact: () => ({ email: `c${counter++}@example.com` }),
  get_contact: ({ contact_id }) => ({ contact_id }),
  update_contact: ({ contact_id }) => ({ contact_id, name: `Name ${counter++}` }),
  delete_contact: async (place, fresh) => ({
    contact_id: fresh ? await freshContact(place) : place.contact_id,
  }),
  list_domains: () => ({}),
  create_domain: () => ({ domain: `made-${counter++}.example.com` }),
  get_domain: ({ domain_id }) => ({ domain_id }),
  get_domain_zone: ({ domain_id }) => ({ domain_id }),
  get_domain_reports: ({ domain_id }) => ({ domain_id }),
  update_domain: ({ domain_id }) => ({ domain_id, mta_sts: "testing" }),
  verify_domain: ({ domain_id }) => ({ domain_id }),
  rotate_dkim: async (place) => ({ domain_id: await ownDomain(place) }),
  delete_domain: async (place, fresh) => ({
    domain_id: fresh ? await freshDomain(place) : place.domain_id,
  }),
  list_destinations: () => ({}),
  check_route: () => ({ address: "grace@example.com" }),
  pause_destination: () => ({ domain: `paused${counter++}.example` }),
  resume_destination: () => ({ domain: "never.example" }),
  flush_destination: () => ({ domain: "never.example" }),
  check_inbox: ({ mailbox_id }) => ({ mailbox_id }),
  read_email: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id }),
  get_raw_email: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id }),
  get_transcripts: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id }),
  download_attachment: ({ mailbox_id, email_id }) => ({
    mailbox_id,
    email_id,
    filename: "note.txt",
  }),
  get_attachment_url: ({ mailbox_id, email_id }) => ({
    mailbox_id,
    email_id,
    filename: "note.txt",
  }),
  open_attachment_link: ({ attachment }) => ({ token: attachment }),
  mark_email: ({ mailbox_id, received_id }) => ({
    mailbox_id,
    email_id: received_id,
    status: "read",
  }),
  list_received: ({ mailbox_id }) => ({ mailbox_id }),
  list_spam: ({ mailbox_id }) => ({ mailbox_id }),
  report_spam: async (place, fresh) => ({
    email_id: fresh ? await received(place, "unread") : place.received_id,
  }),
  quarantine_email: async (place, fresh) => ({
    email_id: fresh ? await received(place, "unread") : place.received_id,
  }),
  not_spam: async (place, fresh) => ({
    email_id: fresh ? await received(place, "spam_flagged") : place.received_id,
  }),
  release_email: async (place, fresh) => ({
    email_id: fresh ? await received(place, "pending_inbound_approval") : place.received_id,
  }),
  refuse_email: async (place, fresh) => ({
    email_id: fresh ? await received(place, "pending_inbound_approval") : place.received_id,
  }),
  get_proof: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id }),
  verify_email: ({ mailbox_id, received_id }) => ({ mailbox_id, email_id: received_id }),
  cancel_message: async (place, fresh) => ({
    mailbox_id: place.mailbox_id,
    email_id: fresh ? await freshEmail(place) : place.email_id,
  }),
  list_pending: ({ mailbox_id }) => ({ mailbox_id }),
  decide_email: async (place, fresh) => ({
    email_id: fresh ? await freshEmail(place) : place.email_id,
    decision: "reject",
  }),
  show_approval: async (place) => ({ token: await approvalToken(place) }),
  decide_by_link: async (place, fresh) => {
    const token = await approvalToken(place);
    const { page_token } = fresh ? await node.engine.showApproval(token) : { page_token: "" };
    return { token, page_token, decision: "reject" };
  },
  edit_pending_email: async (place, fresh) => {
    const email_id = fresh ? await freshEmail(place) : place.email_id;
    return { email_id, digest: await digestOf(place, email_id), subject: "Edited" };
  },
  undo_decision: async (place, fresh) => ({
    email_id: fresh ? await approvedEmail(place) : place.email_id,
  }),
  wait_for_decision: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id, timeout_seconds: 0 }),
  get_email_versions: ({ mailbox_id, email_id }) => ({ mailbox_id, email_id }),
  ...newcomerInputs(() => node),
  ...webhookInputs(() => node),
  list_mailboxes: () => ({}),
  create_mailbox: () => ({ address: `made-${counter++}` }),
  get_mailbox: ({ mailbox_id }) => ({ mailbox_id }),
  delete_mailbox: async (place, fresh) => ({
    mailbox_id: fresh ? await freshMailbox(place) : place.mailbox_id,
  }),
  update_mailbox: ({ mailbox_id }, fresh) => ({
    mailbox_id,
    display_name: fresh ? "Changed" : "Seized",
  }),
  configure_mailbox: ({ mailbox_id }) => ({ mailbox_id, oversight_mode: "gated_send" }),
  request_upgrade: async (place, fresh) => ({
    mailbox_id: fresh ? await freshMailbox(place) : place.mailbox_id,
    target_mode: "autonomous",
  }),
  apply_upgrade: async (place, fresh) => {
    const mailbox_id = fresh ? await freshMailbox(place) : place.mailbox_id;
    return { mailbox_id, code: fresh ? await upgradeCode(node, place, mailbox_id) : "AAA-AAA" };
  },
  list_allowlist: ({ mailbox_id }) => ({ mailbox_id }),
  list_grants: () => ({}),
  revoke_grant: async (place, fresh) => ({ grant_id: await oauthGrant(node, place, fresh) }),
  get_authorization_server: () => ({}),
  get_mcp_resource: () => ({}),
  list_policies: ({ mailbox_id }) => ({ mailbox_id }),
  create_policy: ({ mailbox_id }) => ({ ...rule(), mailbox_id }),
  update_policy: ({ policy_id }, fresh) => ({ policy_id, name: fresh ? "Changed" : "Seized" }),
  revoke_policy: async (place, fresh) => ({
    policy_id: fresh ? await freshPolicy(place) : place.policy_id,
  }),
  replay_policy: ({ mailbox_id }) => ({ mailbox_id, match: { has_link: true }, outcome: "hold" }),
  add_allowlist_entry: ({ mailbox_id }) => ({ mailbox_id, pattern: "*@friends.example" }),
  remove_allowlist_entry: async (place, fresh) => ({
    mailbox_id: place.mailbox_id,
    entry_id: await allowlistEntry(
      node,
      place,
      fresh ? `w${counter++}@example.com` : "stays@example.com",
    ),
  }),
  stop_sending: () => ({}),
  resume_sending: async () => {
    await node.asOwner("UPDATE operator SET stopped_at = NULL");
    return {};
  },
  list_changes: () => ({}),
  decide_change: () => ({ change_id: "0".repeat(26), decision: "refuse" }),
  get_audit_log: ({ mailbox_id }) => ({ mailbox_id }),
  get_checkpoint: () => ({}),
  get_entry_proof: () => ({ index: 0 }),
  get_log_checkpoint: ({ operator_id }) => ({ operator_id }),
  get_tile: () => ({ tile_path: "entries/000.p/1" }),
  get_log_tile: ({ operator_id }) => ({ operator_id, tile_path: "entries/000.p/1" }),
  list_api_keys: () => ({}),
  create_api_key: () => ({ name: "made", scopes: ["admin"], test: true }),
  update_api_key: ({ key_id }) => ({ key_id, name: `Name ${counter++}` }),
  revoke_api_key: async (place, fresh) => ({
    key_id: fresh ? await ownersKey(node, place) : place.key_id,
  }),
  create_decision_challenge: (place) => ({
    decisions: [{ email_id: place.email_id, decision: "approve", digest: "0".repeat(64) }],
  }),
  list_decision_passkeys: () => ({}),
  create_decision_passkey_options: () => ({}),
  enrol_decision_passkey: () => ({
    name: "A device",
    response: { id: "AA", client_data_json: "e30", attestation_object: "oA" },
  }),
  revoke_decision_passkey: () => ({ passkey_id: someId }),
  get_directory_head: () => ({}),
  put_directory_key: () => ({ public_key: null }),
  post_directory_signature: () => ({ signature: "A".repeat(86) + "==" }),
  list_members: () => ({}),
  update_member: () => ({ person_id: someId, name: "Grace" }),
  remove_member: () => ({ person_id: someId }),
  recover_member: () => ({ person_id: someId }),
  invite_member: () => ({ email: `p${counter++}@example.com`, name: "Grace", role: "approver" }),
  list_invitations: () => ({}),
  revoke_invitation: () => ({ invitation_id: someId }),
  list_sessions: () => ({}),
  revoke_session: () => ({ session_id: someId }),
  revoke_sessions: () => ({}),
  get_notifications: () => ({}),
  update_notifications: () => ({ mail: "each" }),
  list_sign_in_passkeys: () => ({}),
  create_sign_in_passkey_options: () => ({}),
  enrol_sign_in_passkey: () => ({
    name: "A device",
    response: { id: "AA", client_data_json: "e30", attestation_object: "oA" },
  }),
  rename_sign_in_passkey: () => ({ passkey_id: someId, name: "A device" }),
  revoke_sign_in_passkey: () => ({ passkey_id: someId }),
  get_account: () => ({}),
  setup_multimail: () => ({}),
  delete_account: () => ({}),
  get_usage: ({ mailbox_id }) => ({ mailbox_id }),
  update_account: () => ({ postal_address: "Another Street 1" }),
  get_jwks: () => ({}),
  get_signing_key: () => ({}),
  get_protected_resource: () => ({}),
  get_public_keys: () => ({}),
  export_audit_log: ({ mailbox_id }) => ({ mailbox_id }),
  get_reputation: async ({ operator_id }) => ({ hash: await addressHash(node, operator_id) }),
  export_operator: () => ({}),
  export_subject: () => ({ address: "matrix@example.net" }),
  erase_subject: () => ({ address: `matrix${counter++}@example.net` }),
  list_erasures: () => ({}),
  get_erasure: async (place) => ({ erasure_id: await anErasure(node, place) }),
  get_retention: () => ({}),
  put_retention: () => ({ spam: { delete_after_days: 30_000 + counter++ } }),
  list_legal_holds: () => ({}),
  create_legal_hold: ({ mailbox_id }) => ({ mailbox_id, reason: "A case" }),
  release_legal_hold: async (place) => ({ hold_id: await aHold(node, place) }),
  show_unsubscribe: ({ token }) => ({ token }),
  unsubscribe: ({ token }) => ({ token }),
  list_suppression: ({ mailbox_id }) => ({ mailbox_id }),
  check_suppression: ({ mailbox_id }) => ({ mailbox_id, address: "nobody@example.com" }),
  add_suppression: ({ mailbox_id }) => ({ mailbox_id, address: `s${counter++}@example.com` }),
  remove_suppression: async (place, fresh) => ({
    mailbox_id: place.mailbox_id,
    address: fresh ? await freshSuppression(place) : "kept@example.com",
  }),
  import_suppression: ({ mailbox_id }) => ({
    suppressions: [{ address: `i${counter++}@example.com`, mailbox_id }],
  }),
  export_suppression: () => ({}),
  health: () => ({}),
  ready: () => ({}),
  openapi: () => ({}),
};

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

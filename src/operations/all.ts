/** The list of operations: adding a capability is adding its file here. */
import type { Operation } from "../contract/operation.ts";
import { deleteAccount } from "./account/delete-account.ts";
import { getAccount } from "./account/get-account.ts";
import { health, openapi, ready } from "./account/health.ts";
import { setupMultimail } from "./account/setup-multimail.ts";
import { updateAccount } from "./account/update-account.ts";
import { exportAuditLog } from "./audit/export-audit-log.ts";
import { getAuditLog } from "./audit/get-audit-log.ts";
import { getCheckpoint, getLogCheckpoint } from "./audit/get-checkpoint.ts";
import { getEntryProof } from "./audit/get-entry-proof.ts";
import { getProof } from "./audit/get-proof.ts";
import { getLogTile, getTile } from "./audit/get-tile.ts";
import { exportOperator } from "./compliance/export-operator.ts";
import { createLegalHold, listLegalHolds, releaseLegalHold } from "./compliance/legal-holds.ts";
import { getRetention, putRetention } from "./compliance/retention.ts";
import { eraseSubject, exportSubject, getErasure, listErasures } from "./compliance/subjects.ts";
import { showUnsubscribe, unsubscribe } from "./compliance/unsubscribe.ts";
import { addContact } from "./contacts/add-contact.ts";
import { deleteContact } from "./contacts/delete-contact.ts";
import { getContact, updateContact } from "./contacts/get-contact.ts";
import { searchContacts } from "./contacts/search-contacts.ts";
import type { OperationContext } from "./context.ts";
import { checkRoute } from "./destinations/check-route.ts";
import {
  flushDestination,
  listDestinations,
  pauseDestination,
  resumeDestination,
} from "./destinations/destinations.ts";
import { deleteDomain, rotateDkim, updateDomain } from "./domains/change-domain.ts";
import { createDomain } from "./domains/create-domain.ts";
import { listEvents, streamEvents } from "./events/list-events.ts";
import { waitForEmail } from "./events/wait-for-email.ts";
import { getDomainReports } from "./domains/get-domain-reports.ts";
import { getDomain, getDomainZone } from "./domains/get-domain.ts";
import { listDomains } from "./domains/list-domains.ts";
import { verifyDomain } from "./domains/verify-domain.ts";
import { listGrants, revokeGrant } from "./grants/grants.ts";
import {
  getAuthorizationServer,
  getJwks,
  getMcpResource,
  getProtectedResource,
  getPublicKeys,
  getSigningKey,
} from "./identity/well-known.ts";
import { verifyEmail } from "./identity/verify-email.ts";
import { getReputation } from "./identity/reputation.ts";
import { notSpam, quarantineEmail, refuseEmail, releaseEmail, reportSpam } from "./inbound/care.ts";
import { listReceived } from "./inbound/list-received.ts";
import { listSpam } from "./inbound/list-spam.ts";
import { createApiKey } from "./keys/create-api-key.ts";
import { listApiKeys } from "./keys/list-api-keys.ts";
import { updateApiKey } from "./keys/update-api-key.ts";
import { revokeApiKey } from "./keys/revoke-api-key.ts";
import { addAllowlistEntry, listAllowlist, removeAllowlistEntry } from "./mailboxes/allowlist.ts";
import { configureMailbox } from "./mailboxes/configure-mailbox.ts";
import { createMailbox } from "./mailboxes/create-mailbox.ts";
import { deleteMailbox } from "./mailboxes/delete-mailbox.ts";
import { getMailbox } from "./mailboxes/get-mailbox.ts";
import { listMailboxes } from "./mailboxes/list-mailboxes.ts";
import { updateMailbox } from "./mailboxes/update-mailbox.ts";
import { applyUpgrade, requestUpgrade } from "./mailboxes/upgrade.ts";
import { cancelMessage } from "./messages/cancel-message.ts";
import { getAttachmentUrl, openAttachmentLink } from "./messages/attachment-links.ts";
import { checkInbox } from "./messages/check-inbox.ts";
import {
  createDraft,
  deleteDraft,
  getDraft,
  listDrafts,
  sendDraft,
  updateDraft,
} from "./messages/drafts.ts";
import { editScheduledEmail } from "./messages/edit-scheduled-email.ts";
import { downloadAttachment } from "./messages/download-attachment.ts";
import { getRawEmail } from "./messages/get-raw-email.ts";
import { getTranscripts } from "./messages/get-transcripts.ts";
import { markEmail } from "./messages/mark-email.ts";
import { readEmail } from "./messages/read-email.ts";
import { replyEmail } from "./messages/reply-email.ts";
import { resendEmail } from "./messages/resend-email.ts";
import { scheduleEmail } from "./messages/schedule-email.ts";
import { sendEmail } from "./messages/send-email.ts";
import { deleteTag, getTags, setTags, tagEmail } from "./messages/tags.ts";
import { decideChange, listChanges } from "./oversight/changes.ts";
import { decideByLink, showApproval } from "./oversight/approval-link.ts";
import { createDecisionChallenge } from "./oversight/create-decision-challenge.ts";
import {
  createDecisionPasskeyOptions,
  enrolDecisionPasskey,
  listDecisionPasskeys,
  revokeDecisionPasskey,
} from "./oversight/decision-passkeys.ts";
import {
  getDirectoryHead,
  postDirectorySignature,
  putDirectoryKey,
} from "./oversight/directory-head.ts";
import { decideEmail } from "./oversight/decide-email.ts";
import { editPendingEmail } from "./oversight/edit-pending-email.ts";
import { getEmailVersions } from "./oversight/get-email-versions.ts";
import { undoDecision } from "./oversight/undo-decision.ts";
import { waitForDecision } from "./oversight/wait-for-decision.ts";
import { resumeSending, stopSending } from "./oversight/kill-switch.ts";
import { listPending } from "./oversight/list-pending.ts";
import { inviteMember, listInvitations, revokeInvitation } from "./people/invitations.ts";
import { listMembers, recoverMember, removeMember, updateMember } from "./people/members.ts";
import { getNotifications, updateNotifications } from "./people/notifications.ts";
import {
  createSignInPasskeyOptions,
  enrolSignInPasskey,
  listSignInPasskeys,
  renameSignInPasskey,
  revokeSignInPasskey,
} from "./people/passkeys.ts";
import { listSessions, revokeSession, revokeSessions } from "./people/sessions.ts";
import {
  createPolicy,
  listPolicies,
  replayPolicy,
  revokePolicy,
  updatePolicy,
} from "./policies/policies.ts";
import { getThread } from "./threads/get-thread.ts";
import { listThreads } from "./threads/list-threads.ts";
import { setThreadOwner } from "./threads/set-thread-owner.ts";
import { confirmAgent, registerAgent } from "./signup/register-agent.ts";
import { confirmSignUp, getSignUpChallenge, signUp } from "./signup/sign-up.ts";
import { addSuppression } from "./suppression/add-suppression.ts";
import { checkSuppression } from "./suppression/check-suppression.ts";
import { exportSuppression } from "./suppression/export-suppression.ts";
import { importSuppression } from "./suppression/import-suppression.ts";
import { listSuppression } from "./suppression/list-suppression.ts";
import { removeSuppression } from "./suppression/remove-suppression.ts";
import { getUsage } from "./usage/get-usage.ts";

import {
  getWebhookDelivery,
  listWebhookDeliveries,
  redeliverWebhook,
  redeliverWebhookDelivery,
} from "./webhooks/deliveries.ts";
import { rotateWebhook, testWebhook } from "./webhooks/webhook-care.ts";
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  updateWebhook,
} from "./webhooks/webhooks.ts";

/** Every operation, in the order in which docs show them. */
export const allOperations: readonly Operation<OperationContext>[] = [
  sendEmail,
  scheduleEmail,
  editScheduledEmail,
  resendEmail,
  createDraft,
  listDrafts,
  getDraft,
  updateDraft,
  deleteDraft,
  sendDraft,
  replyEmail,
  checkInbox,
  readEmail,
  markEmail,
  getRawEmail,
  getTranscripts,
  downloadAttachment,
  getAttachmentUrl,
  openAttachmentLink,
  cancelMessage,
  getTags,
  setTags,
  tagEmail,
  deleteTag,
  listThreads,
  getThread,
  setThreadOwner,
  searchContacts,
  addContact,
  getContact,
  updateContact,
  deleteContact,
  listReceived,
  listSpam,
  reportSpam,
  quarantineEmail,
  notSpam,
  releaseEmail,
  refuseEmail,
  listPending,
  decideEmail,
  createDecisionChallenge,
  listDecisionPasskeys,
  createDecisionPasskeyOptions,
  enrolDecisionPasskey,
  revokeDecisionPasskey,
  getDirectoryHead,
  putDirectoryKey,
  postDirectorySignature,
  showApproval,
  decideByLink,
  editPendingEmail,
  undoDecision,
  waitForDecision,
  waitForEmail,
  getEmailVersions,
  listEvents,
  streamEvents,
  listWebhooks,
  createWebhook,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  rotateWebhook,
  testWebhook,
  redeliverWebhook,
  listWebhookDeliveries,
  getWebhookDelivery,
  redeliverWebhookDelivery,
  listPolicies,
  createPolicy,
  updatePolicy,
  revokePolicy,
  replayPolicy,
  listMailboxes,
  createMailbox,
  getMailbox,
  updateMailbox,
  deleteMailbox,
  configureMailbox,
  requestUpgrade,
  applyUpgrade,
  listAllowlist,
  addAllowlistEntry,
  removeAllowlistEntry,
  stopSending,
  resumeSending,
  listChanges,
  decideChange,
  listDomains,
  createDomain,
  getDomain,
  updateDomain,
  verifyDomain,
  rotateDkim,
  getDomainZone,
  getDomainReports,
  deleteDomain,
  listDestinations,
  checkRoute,
  pauseDestination,
  resumeDestination,
  flushDestination,
  getAuditLog,
  exportAuditLog,
  getProof,
  verifyEmail,
  getEntryProof,
  getCheckpoint,
  getLogCheckpoint,
  getTile,
  getLogTile,
  listApiKeys,
  createApiKey,
  updateApiKey,
  revokeApiKey,
  listMembers,
  updateMember,
  removeMember,
  recoverMember,
  inviteMember,
  listInvitations,
  revokeInvitation,
  listSessions,
  revokeSession,
  revokeSessions,
  getNotifications,
  updateNotifications,
  listSignInPasskeys,
  createSignInPasskeyOptions,
  enrolSignInPasskey,
  renameSignInPasskey,
  revokeSignInPasskey,
  getSignUpChallenge,
  signUp,
  confirmSignUp,
  registerAgent,
  confirmAgent,
  setupMultimail,
  getAccount,
  updateAccount,
  deleteAccount,
  getUsage,
  getJwks,
  getSigningKey,
  getPublicKeys,
  getAuthorizationServer,
  getMcpResource,
  listGrants,
  revokeGrant,
  getProtectedResource,
  getReputation,
  showUnsubscribe,
  unsubscribe,
  exportOperator,
  exportSubject,
  eraseSubject,
  listErasures,
  getErasure,
  getRetention,
  putRetention,
  listLegalHolds,
  createLegalHold,
  releaseLegalHold,
  listSuppression,
  checkSuppression,
  addSuppression,
  removeSuppression,
  importSuppression,
  exportSuppression,
  health,
  ready,
  openapi,
];

/** The addresses of signing in, of one's own account, and of the people of the operator. */
import type { Context, Hono } from "hono";
import {
  accountPage,
  endGrant,
  endSession,
  endSessions,
  enrol,
  enrolmentOptions,
  savePasskey,
} from "./account-page.ts";
import { notificationsPage, notificationsPath, saveNotifications } from "./notifications-page.ts";
import {
  decisionPasskeyOptions,
  decisionPasskeysPage,
  enrolDecisionPasskey,
  revokeDecisionPasskey,
  saveDirectoryKey,
  saveSignature,
} from "./decision-passkeys-page.ts";
import { keysPage, keysPath, revokeKey } from "./keys-page.ts";
import { invite, peoplePage, revokeInvitation, saveMember } from "./people-page.ts";
import {
  join,
  joinPage,
  mailCode,
  redeemCode,
  redeemLink,
  redeemPasskey,
  signInOptions,
  signInPage,
  signOut,
} from "./sign-in-pages.ts";
import { confirmSignUp, requestSignUp, signUpPage } from "./sign-up-pages.ts";
import {
  mailStepUpCode,
  stepUpByCode,
  stepUpByPasskey,
  stepUpOptions,
  stepUpPage,
} from "./step-up-pages.ts";
import { type MemberVisit, type Visit, pathId, signedIn } from "./visit.ts";

type Handler = (c: Context) => Promise<Response>;

/** How handlers are made: those that show, and those that take a form. */
export type Handlers = {
  show(answer: (visit: Visit, c: Context) => Promise<Response>): Handler;
  change(
    answer: (visit: Visit, form: URLSearchParams, c: Context) => Promise<Response>,
    more?: { needs_session?: boolean; max_body?: number },
  ): Handler;
};

/** Hangs these pages into the application. */
export function mountPeople(app: Hono, { show, change }: Handlers): void {
  const anybody = { needs_session: false };
  app.get("/sign-in", show(signInPage));
  app.post("/sign-in", change(redeemLink, anybody));
  app.post("/sign-in/code", change(mailCode, anybody));
  app.post("/sign-in/redeem", change(redeemCode, anybody));
  app.post("/sign-in/passkey/options", change(signInOptions, anybody));
  app.post("/sign-in/passkey", change(redeemPasskey, anybody));
  app.get("/join", show(joinPage));
  app.post("/join", change(join, anybody));
  app.get("/signup", show(signUpPage));
  app.post("/signup", change(requestSignUp, anybody));
  app.post("/signup/confirm", change(confirmSignUp, anybody));
  app.post("/sign-out", change(signOut));

  const member = (answer: (visit: MemberVisit) => Promise<Response>) =>
    show((visit) => answer(signedIn(visit)));
  const save = (
    answer: (visit: MemberVisit, form: URLSearchParams, c: Context) => Promise<Response>,
  ) => change((visit, form, c) => answer(signedIn(visit), form, c));
  const idOf = (c: Context) => pathId(c.req.param("id"));
  app.get("/step-up", member(stepUpPage));
  app.post("/step-up/code", save(mailStepUpCode));
  app.post("/step-up/redeem", save(stepUpByCode));
  app.post("/step-up/passkey/options", save(stepUpOptions));
  app.post("/step-up/passkey", save(stepUpByPasskey));
  app.get("/decision-passkeys", member(decisionPasskeysPage));
  app.post("/decision-passkeys/options", save(decisionPasskeyOptions));
  app.post("/decision-passkeys/key", save(saveDirectoryKey));
  app.post("/decision-passkeys/head", save(saveSignature));
  app.post("/decision-passkeys", save(enrolDecisionPasskey));
  app.post(
    "/decision-passkeys/:id",
    save((visit, _, c) => revokeDecisionPasskey(visit, idOf(c))),
  );
  app.get("/account", member(accountPage));
  app.post("/account/passkeys/options", save(enrolmentOptions));
  app.post("/account/passkeys", save(enrol));
  app.post(
    "/account/passkeys/:id",
    save((visit, form, c) => savePasskey(visit, idOf(c), form)),
  );
  app.post("/account/sessions", save(endSessions));
  app.post(
    "/account/sessions/:id",
    save((visit, _, c) => endSession(visit, idOf(c))),
  );
  app.post(
    "/account/grants/:id",
    save((visit, _, c) => endGrant(visit, idOf(c))),
  );
  app.get(notificationsPath, member(notificationsPage));
  app.post(notificationsPath, save(saveNotifications));
  app.get(keysPath, member(keysPage));
  app.post(
    `${keysPath}/:id`,
    save((visit, _, c) => revokeKey(visit, idOf(c))),
  );
  app.get("/people", member(peoplePage));
  app.post("/people", save(invite));
  app.post(
    "/people/invitations/:id",
    save((visit, form, c) => revokeInvitation(visit, idOf(c), form)),
  );
  app.post(
    "/people/:id",
    save((visit, form, c) => saveMember(visit, idOf(c), form)),
  );
}

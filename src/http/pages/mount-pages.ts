/** The pages for people: server-rendered, scripts only where a browser needs one. Every GET only shows; every POST proves where it came from. */
import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import { Refusal } from "../../core/refusal.ts";
import { catcherPage, caughtHtml, caughtPage, caughtRaw } from "./catcher-pages.ts";
import { mountConsent } from "./consent-routes.ts";
import { readForm, typed } from "./form.ts";
import { mountLadder } from "./ladder-routes.ts";
import { mailboxPage, mailboxesPage, saveMailbox } from "./mailbox-pages.ts";
import { mountMessages } from "./message-routes.ts";
import type { PagesOptions } from "./options.ts";
import { pendingPage } from "./pending-page.ts";
import { mountPolicies } from "./policy-pages.ts";
import { receivedPage } from "./received-page.ts";
import { asRefusal, refusalPage } from "./refusal-page.ts";
import { type Provenance, assertFormToken, foreignForm, provenance } from "./same-origin.ts";
import { type Handlers, mountPeople } from "./people-routes.ts";
import { script, scriptNames } from "./scripts.ts";
import { cookieOf, welcomePage } from "./sign-in-pages.ts";
import { setsSession } from "./session-cookie.ts";
import { stylesheet } from "./stylesheet.ts";
import { verifyPage } from "./verify-page.ts";
import {
  type MemberVisit,
  type Visit,
  allowed,
  anonymousVisit,
  openVisit,
  pathId,
  signedIn,
} from "./visit.ts";

/** Hangs the pages into the application, at the addresses that a person sees. */
export function mountPages(app: Hono, options: PagesOptions): void {
  const routes = { show: shower(options), change: changer(options) };
  app.get("/assets/pages.css", (c) => stylesheet(c.req.query("v") ?? null));
  const { show, change } = routes;

  app.get(
    "/",
    show((visit) => (visit.session ? homePage(signedIn(visit)) : welcomePage(visit))),
  );
  for (const name of scriptNames)
    app.get(`/assets/${name}.js`, (c) => script(name, c.req.query("v") ?? null));
  app.get("/verify", show(verifyPage));
  mountPeople(app, routes);
  mountMessages(app, routes);
  mountPolicies(app, routes);
  mountLadder(app, routes);
  if (options.oauth) mountConsent(app, routes, options.oauth);
  const member = (answer: (visit: MemberVisit, c: Context) => Promise<Response>) =>
    show((visit, c) => answer(signedIn(visit), c));
  app.get("/pending", member(pendingPage));
  app.get("/received", member(receivedPage));
  app.get("/mailboxes", member(mailboxesPage));
  app.get(
    "/mailboxes/:id",
    member((visit, c) => mailboxPage(visit, pathId(c.req.param("id")))),
  );
  app.post(
    "/mailboxes/:id",
    change((visit, form, c) => saveMailbox(signedIn(visit), pathId(c.req.param("id")), form)),
  );
  mountCatcher(app, routes);
}

/** The local mail catcher's pages. */
function mountCatcher(app: Hono, { show }: Handlers): void {
  const member = (answer: (visit: MemberVisit, c: Context) => Promise<Response>) =>
    show((visit, c) => answer(signedIn(visit), c));
  app.get("/catcher", member(catcherPage));
  app.get(
    "/catcher/:id",
    member((visit, c) => caughtPage(visit, c.req.param("id"))),
  );
  app.get(
    "/catcher/:id/html",
    member((visit, c) => caughtHtml(visit, c.req.param("id"))),
  );
  app.get(
    "/catcher/:id/raw",
    member((visit, c) => caughtRaw(visit, c.req.param("id"))),
  );
}

/** The queue for who decides; an auditor, who may not, begins with the mailboxes. */
function homePage(visit: MemberVisit): Promise<Response> {
  return allowed(visit, "list_pending") ? pendingPage(visit) : mailboxesPage(visit);
}

type Handler = (c: Context) => Promise<Response>;

/** Handlers that show. Hono answers HEAD by them too, so they may change nothing. */
function shower(options: PagesOptions) {
  return (answer: (visit: Visit, c: Context) => Promise<Response>): Handler =>
    async (c) => {
      let visit = anonymousVisit(c, options);
      try {
        visit = await openVisit(c, options);
        return underNextToken(visit, await answer(visit, c));
      } catch (error) {
        return underNextToken(visit, await refusalPage(visit, asRefusal(error, visit)));
      }
    };
}

/** Where the session has another token since this request began, the browser learns it; an answer that sets the cookie knows better. */
function underNextToken(visit: Visit, response: Response): Response {
  const token = visit.session?.next_token;
  if (visit.session === null || token === undefined) return response;
  const own = response.headers.getSetCookie().some((one) => setsSession(one));
  if (own) return response;
  const { expires_at } = visit.session;
  const cookie = cookieOf({ session_token: token, expires_at }, visit.options.secure_cookies);
  response.headers.append("set-cookie", cookie);
  return response;
}

type Change = (visit: Visit, form: URLSearchParams, c: Context) => Promise<Response>;

/**
 * Handlers that change something: the form must come from our own page and carry the session's token. Signing in has no
 * session yet and goes by the former alone. What a person typed is given back with a refusal, but never words that
 * another site may have put into the form.
 */
function changer(options: PagesOptions) {
  return (
    answer: Change,
    { needs_session = true, max_body }: { needs_session?: boolean; max_body?: number } = {},
  ): Handler =>
    async (c) => {
      let visit = anonymousVisit(c, options);
      let kept = "";
      try {
        // Nothing may be awaited before this: see readForm.
        const form = await readForm(
          c.req.raw,
          c.env as Partial<HttpBindings> | undefined,
          max_body,
        );
        const from: Provenance = provenance(c.req.raw, options.public_url);
        if (from === "same") kept = typed(form, "reason");
        if (from === "other") throw foreignForm();
        visit = await openVisit(c, options);
        if (needs_session) {
          if (!visit.session) throw new Refusal("unauthenticated", "Your session has ended.");
          assertFormToken(visit.session.csrf_token, form.get("csrf_token"));
        }
        return underNextToken(visit, await answer(visit, form, c));
      } catch (error) {
        return underNextToken(visit, await refusalPage(visit, asRefusal(error, visit), kept));
      }
    };
}

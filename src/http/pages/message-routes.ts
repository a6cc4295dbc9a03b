/** The addresses of one message: looking at it, deciding, editing, pulling it back, and the page behind a decision link. */
import { decisionPromptFor } from "./decision-form.ts";
import type { Context, Hono } from "hono";
import { approvalPage, decideOnApproval } from "./approval-page.ts";
import { editPage, saveEdit, undoDecision } from "./edit-page.ts";
import {
  decide,
  messageAttachment,
  messageHtml,
  messageProof,
  messageRaw,
} from "./message-actions.ts";
import { messagePage } from "./message-page.ts";
import type { Handlers } from "./people-routes.ts";
import { careFor } from "./received-page.ts";
import { type MemberVisit, pathId, signedIn } from "./visit.ts";

/** Bytes of an edited message as a form, in which each character may take nine. */
const maxEdit = 10 * 1024 * 1024;

/** Hangs them into the application. */
export function mountMessages(app: Hono, { show, change }: Handlers): void {
  app.get(
    "/approve/:token",
    show((visit, c) => approvalPage(visit, c.req.param("token"))),
  );
  app.post(
    "/approve/:token",
    change((visit, form, c) => decideOnApproval(visit, c.req.param("token"), form), {
      needs_session: false,
    }),
  );

  const member = (answer: (visit: MemberVisit, c: Context) => Promise<Response>) =>
    show((visit, c) => answer(signedIn(visit), c));
  app.get(
    "/messages/:id",
    member((visit, c) => messagePage(visit, pathId(c.req.param("id")))),
  );
  app.get(
    "/messages/:id/html",
    member((visit, c) => messageHtml(visit, pathId(c.req.param("id")))),
  );
  app.get(
    "/messages/:id/raw",
    member((visit, c) => messageRaw(visit, pathId(c.req.param("id")))),
  );
  app.get(
    "/messages/:id/proof",
    member((visit, c) => messageProof(visit, pathId(c.req.param("id")))),
  );
  app.post(
    "/messages/:id/prompt",
    change((visit, form, c) => decisionPromptFor(signedIn(visit), pathId(c.req.param("id")), form)),
  );
  app.post(
    "/messages/:id/decide",
    change((visit, form, c) => decide(signedIn(visit), pathId(c.req.param("id")), form)),
  );
  app.get(
    "/messages/:id/edit",
    member((visit, c) => editPage(visit, pathId(c.req.param("id")))),
  );
  app.post(
    "/messages/:id/edit",
    change((visit, form, c) => saveEdit(signedIn(visit), pathId(c.req.param("id")), form), {
      max_body: maxEdit,
    }),
  );
  app.post(
    "/messages/:id/undo",
    change((visit, _form, c) => undoDecision(signedIn(visit), pathId(c.req.param("id")))),
  );
  app.get(
    "/messages/:id/attachments/:place",
    member((visit, c) => messageAttachment(visit, pathId(c.req.param("id")), c.req.param("place"))),
  );
  app.post(
    "/messages/:id/care",
    change((visit, form, c) => careFor(signedIn(visit), pathId(c.req.param("id")), form)),
  );
}

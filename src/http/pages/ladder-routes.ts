/** The addresses of what loosens, what stops and what ends: changes that keys asked for, allowlists, the kill switch, deletion. */
import type { Context, Hono } from "hono";
import { addToAllowlist, removeFromAllowlist } from "./allowlist-parts.ts";
import { changesPage, settleChange } from "./changes-page.ts";
import { deleteAccount, deleteMailbox } from "./giving-up.ts";
import { resumeSending, stopSending } from "./kill-switch-parts.ts";
import { operatorPage, operatorPath, saveOperator } from "./operator-page.ts";
import type { Handlers } from "./people-routes.ts";
import { pathId, signedIn } from "./visit.ts";

/** Hangs these pages into the application. */
export function mountLadder(app: Hono, { show, change }: Handlers): void {
  const idOf = (c: Context, name = "id"): string => pathId(c.req.param(name));
  app.get(
    "/changes",
    show((visit) => changesPage(signedIn(visit))),
  );
  app.post(
    "/changes/:id",
    change((visit, form, c) => settleChange(signedIn(visit), idOf(c), form)),
  );
  app.post(
    "/mailboxes/:id/allowlist",
    change((visit, form, c) => addToAllowlist(signedIn(visit), idOf(c), form)),
  );
  app.post(
    "/mailboxes/:id/allowlist/:entry",
    change((visit, _, c) => removeFromAllowlist(signedIn(visit), idOf(c), idOf(c, "entry"))),
  );
  app.get(
    operatorPath,
    show((visit) => operatorPage(signedIn(visit))),
  );
  app.post(
    operatorPath,
    change((visit, form) => saveOperator(signedIn(visit), form)),
  );
  app.post(
    "/operator/delete",
    change((visit, form) => deleteAccount(signedIn(visit), form)),
  );
  app.post(
    "/mailboxes/:id/delete",
    change((visit, form, c) => deleteMailbox(signedIn(visit), idOf(c), form)),
  );
  app.post(
    "/sending/stop",
    change((visit, form) => stopSending(signedIn(visit), form)),
  );
  app.post(
    "/sending/resume",
    change((visit) => resumeSending(signedIn(visit))),
  );
}

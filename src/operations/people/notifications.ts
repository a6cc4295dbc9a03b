/** `get_notifications`, `update_notifications`: how and when the person who asks is told of mail that waits. */
import { z } from "zod";
import {
  chatWebhook,
  digestMinutes,
  noticeMail,
  notifications,
  quietHours,
} from "../../contract/notifications.ts";
import type { Engine } from "../../engine/engine.ts";
import { operation } from "../context.ts";

function shown(
  settings: Awaited<ReturnType<Engine["noticeSettings"]>>,
): z.output<typeof notifications> {
  const { chat_webhook_url: url, ...rest } = settings;
  return { ...rest, chat_webhook_host: url === null ? null : new URL(url).host };
}

export const getNotifications = operation({
  name: "get_notifications",
  tag: "people",
  summary: "Get notification settings",
  description:
    "Answers how and when the person who asks is told of mail that waits for a decision. For people who are signed in, not for keys.",
  method: "GET",
  path: "/v1/account/notifications",
  effect: "read",
  access: "read",
  input: z.strictObject({}),
  output: notifications,
  status: 200,
  refusals: ["role_required"],
  tool: false,
  async handle({ engine, actor }) {
    return shown(await engine.noticeSettings(actor));
  },
});

export const updateNotifications = operation({
  name: "update_notifications",
  tag: "people",
  summary: "Change notification settings",
  description:
    "Changes how and when the person who asks is told of mail that waits for a decision; what is left out stays. Escalations, when nobody has decided and time runs out, are mailed at any hour. A chat gets links that decide, so setting one needs a fresh sign-in.",
  method: "PATCH",
  path: "/v1/account/notifications",
  effect: "write",
  access: "read",
  input: z.strictObject({
    mail: noticeMail.optional(),
    digest_minutes: digestMinutes.optional(),
    quiet: quietHours.nullable().optional(),
    chat_webhook_url: chatWebhook.nullable().optional(),
  }),
  output: notifications,
  status: 200,
  refusals: ["validation_failed", "role_required", "fresh_sign_in_required"],
  tool: false,
  async handle({ engine, actor }, change) {
    return shown(await engine.changeNoticeSettings(actor, change));
  },
});

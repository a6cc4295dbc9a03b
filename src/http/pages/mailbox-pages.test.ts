/** Mailboxes: only what a person changed is changed, and a refused form comes back as it was filled in. */
import { describe, expect, test } from "vitest";
import { type Sample, samplePages } from "../../../test/browser/sample-pages.ts";
import { Refusal } from "../../core/refusal.ts";

const origin = "http://localhost";
const get = async (sample: Sample, path: string, cookie: string) =>
  (
    await sample.app.request(`${origin}${path}`, {
      headers: { cookie: `multimail_session=${cookie}` },
    })
  ).text();
const save = async (
  sample: Sample,
  cookie: string,
  fields: Record<string, string> | URLSearchParams,
) => {
  const form = new URLSearchParams(fields);
  form.set("csrf_token", `csrf-of-${cookie}`);
  const response = await sample.app.request(`${origin}/mailboxes/${sample.mailbox.id}`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin,
      cookie: `multimail_session=${cookie}`,
    },
    body: form.toString(),
  });
  return {
    status: response.status,
    text: await response.text(),
    location: response.headers.get("location"),
  };
};
const asShown = {
  oversight_mode: "gated_send",
  was_oversight_mode: "gated_send",
  approvals_required: "1",
  was_approvals_required: "1",
  expiry_seconds: "168",
  was_expiry_seconds: "168",
  undo_seconds: "10",
  was_undo_seconds: "10",
  ai_disclosure: "yes",
  was_ai_disclosure: "yes",
};

describe("the settings of a mailbox", () => {
  test("are in the form as they are stored, each with what it was", async () => {
    const sample = samplePages();
    const text = await get(sample, `/mailboxes/${sample.mailbox.id}`, sample.signIn());
    for (const [name, value] of Object.entries(asShown).filter(([name]) => name.startsWith("was_")))
      expect(text).toContain(`name="${name}" value="${value}"`);
    expect(text.match(/<input[^>]* checked>/g)).toHaveLength(1);
  });

  test("change one by one: the rest is not even mentioned", async () => {
    const sample = samplePages();
    const answer = await save(sample, sample.signIn(), {
      ...asShown,
      oversight_mode: "read_only",
      expiry_seconds: "1.5",
    });
    expect(answer.location).toBe(`/mailboxes/${sample.mailbox.id}?saved`);
    expect(sample.calls[0]).toMatchObject({
      name: "update_mailbox",
      input: { mailbox_id: sample.mailbox.id, oversight_mode: "read_only", expiry_seconds: 5400 },
    });
    expect(sample.calls[0]?.input).not.toHaveProperty("undo_seconds");
  });

  test("name who is asked first: who is ticked, or everybody where nobody is", async () => {
    const sample = samplePages();
    const cookie = sample.signIn();
    const path = `/mailboxes/${sample.mailbox.id}`;
    const boxes = [...(await get(sample, path, cookie)).matchAll(/id="approver-(\w+)"/g)];
    const [grace = "", owner = "", ...others] = boxes.map(([, id = ""]) => id);
    // One of each role that may decide, and two more: an auditor has no box.
    expect(others).toHaveLength(3);
    const tick = async (ids: string[], was: string) => {
      sample.calls.length = 0;
      const named = ids.map((id): [string, string] => ["approver_ids", id]);
      const form = new URLSearchParams({ ...asShown, was_approver_ids: was });
      for (const one of named) form.append(...one);
      expect((await save(sample, cookie, form)).status).toBe(303);
      return sample.calls.find(({ name }) => name === "update_mailbox")?.input;
    };
    expect(await tick([], "")).toBeUndefined();
    expect(await tick([grace, owner], "")).toMatchObject({ approver_ids: [grace, owner] });
    const text = await get(sample, path, cookie);
    expect(text).toContain(`name="was_approver_ids" value="${grace} ${owner}"`);
    expect(text).toMatch(new RegExp(`id="approver-${grace}" checked`));
    expect(await tick([grace, owner], `${grace} ${owner}`)).toBeUndefined();
    expect(await tick([], `${grace} ${owner}`)).toMatchObject({ approver_ids: null });
    // Whoever left has no box, which is no change.
    sample.mailbox.approver_ids = [sample.mailbox.id, grace];
    expect(await get(sample, path, cookie)).toContain(`name="was_approver_ids" value="${grace}"`);
  });

  test("that nobody touched change nothing", async () => {
    const sample = samplePages();
    expect((await save(sample, sample.signIn(), asShown)).status).toBe(303);
    expect(sample.calls).toEqual([]);
  });

  test("refused for want of a fresh sign-in come back as filled in, with how to sign in", async () => {
    const sample = samplePages();
    sample.refuse = new Refusal(
      "fresh_sign_in_required",
      "Raising a mode needs a sign-in of the last minutes.",
    );
    const answer = await save(sample, sample.signIn(), {
      ...asShown,
      oversight_mode: "autonomous",
      undo_seconds: "77",
    });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain("Please confirm who you are");
    expect(answer.text).toContain("/step-up");
    expect(answer.text).toMatch(/value="autonomous" id="mode-autonomous"[^>]* checked/);
    expect(answer.text).toContain(`name="was_oversight_mode" value="gated_send"`);
    expect(answer.text).toContain(`value="77"`);
  });

  test.each([
    ["approvals_required", "many", "must be a number"],
    ["approvals_required", "9", "approvals_required"],
    ["oversight_mode", `"><script>`, "oversight_mode"],
  ])("refuse %s = %s by name", async (name, value, words) => {
    const sample = samplePages();
    const answer = await save(sample, sample.signIn(), { ...asShown, [name]: value });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(words);
    expect(answer.text).not.toContain("<script");
    expect(sample.mailbox).toMatchObject({ approvals_required: 1, oversight_mode: "gated_send" });
  });

  test("are not offered to an approver, and refused when sent all the same", async () => {
    const sample = samplePages();
    const cookie = sample.signIn("approver");
    expect(await get(sample, `/mailboxes/${sample.mailbox.id}`, cookie)).toContain(
      "Only an owner or admin",
    );
    expect((await save(sample, cookie, { ...asShown, oversight_mode: "read_only" })).status).toBe(
      403,
    );
    expect(sample.mailbox.oversight_mode).toBe("gated_send");
  });
});

describe("the messages of a mailbox", () => {
  test("are listed by status, and an unknown status lists all", async () => {
    const sample = samplePages();
    sample.addEmail({ status: "rejected", subject: "The rejected one" });
    sample.addEmail({ status: "sent", subject: "The sent one" });
    const cookie = sample.signIn();
    const path = `/mailboxes/${sample.mailbox.id}`;
    const sent = await get(sample, `${path}?status=sent`, cookie);
    expect(sent).toContain("The sent one");
    expect(sent).not.toContain("The rejected one");
    expect(await get(sample, `${path}?status=<script>`, cookie)).toContain("The rejected one");
  });
});

/** Changing a mode: what lowering one binds, and who may raise one. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { roleScopes } from "../../src/core/actor.ts";
import { modes } from "../../src/core/oversight/types.ts";
import { hashToken, newToken } from "../../src/engine/tokens.ts";
import { insertPerson } from "../../src/store/people.ts";
import { insertSignInLink } from "../../src/store/sessions.ts";
import { promise } from "../promises.ts";
import { toolNames } from "./mcp-tools.ts";
import { type Mode, type ModedInstance, modedInstance } from "./moded-instance.ts";
import { setMode } from "./people.ts";
import { keyOf } from "./owner-keys.ts";
import { signIn } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

describe("lowering a mode binds what is already queued", () => {
  test(promise("gate.mode-checked-twice"), async () => {
    await it.restart({ MULTIMAIL_ROLES: "api" });
    const cases: { from: Mode; to: string; ends: string }[] = [
      { from: "autonomous", to: "read_only", ends: "blocked" },
      { from: "autonomous", to: "gated_all", ends: "pending_send_approval" },
      { from: "autonomous", to: "gated_send", ends: "pending_send_approval" },
      // No copy was made for the overseer, so a person looks in their place.
      { from: "autonomous", to: "monitored", ends: "pending_send_approval" },
      { from: "monitored", to: "gated_send", ends: "pending_send_approval" },
      { from: "monitored", to: "read_only", ends: "blocked" },
      { from: "autonomous", to: "a mode of the future", ends: "blocked" },
      { from: "autonomous", to: "autonomous", ends: "sent" },
      { from: "monitored", to: "monitored", ends: "sent" },
    ];
    const queued = [];
    for (const one of cases) {
      const id = await it.mailboxIn(one.from);
      const sent = await it.send(id);
      expect(sent.body.status).toBe("queued");
      if (modes.some((mode) => mode === one.to))
        expect((await it.lower(id, one.to)).status).toBe(200);
      else await it.setRaw(id, one.to);
      queued.push({ ...one, id, emailId: String(sent.body.id) });
    }
    const allowed = await it.mailboxIn("autonomous");
    await it.allow(allowed, "*@example.com");
    const listed = await it.send(allowed);
    await it.lower(allowed, "gated_send");
    queued.push({
      from: "autonomous",
      to: "gated_send (allowlisted)",
      ends: "sent",
      id: allowed,
      emailId: listed.body.id,
    });

    await it.restart();
    for (const { id, emailId, ends, from, to } of queued) {
      const message = await it.reaches(id, emailId, ends);
      expect(it.copiesOf(message).length > 0, `${from} lowered to ${to}`).toBe(ends === "sent");
    }
    // Held is not lost: once a person has approved, it leaves, and only then.
    for (const { id, emailId, ends } of queued.filter(
      (one) => one.ends === "pending_send_approval",
    )) {
      expect((await it.running.decide(emailId, "approve")).status, ends).toBe(200);
      expect(it.copiesOf(await it.reaches(id, emailId, "sent")).map(({ to }) => to)).toContain(
        "ada@example.com",
      );
    }
  });

  test("a deferred message is held when its mailbox was lowered in the meantime", async () => {
    const id = await it.mailboxIn("autonomous");
    it.sink.fault("mail", "tempfail");
    const sent = await it.send(id, { to: ["later@example.com"] });
    await it.deferred(id, sent.body.id);
    it.sink.heal();
    await it.lower(id, "gated_send");
    await it.dueNow(sent.body.id);
    expect(it.copiesOf(await it.reaches(id, sent.body.id, "pending_send_approval"))).toEqual([]);
  });

  test("an approval does not outlive the mailbox's right to send", async () => {
    const id = await it.mailboxIn("gated_send");
    const sent = await it.send(id);
    await it.lower(id, "read_only");
    expect((await it.running.decide(sent.body.id, "approve")).status).toBe(200);
    expect(it.copiesOf(await it.reaches(id, sent.body.id, "blocked"))).toEqual([]);
  });

  test("raising a mode frees nothing that waits already", async () => {
    const id = await it.mailboxIn("gated_send");
    const sent = await it.send(id);
    expect(await setMode(it.running, it.cookie, id, "autonomous")).toBe(303);
    expect((await it.send(id)).body.status).toBe("queued");
    expect((await it.read(id, sent.body.id)).status).toBe("pending_send_approval");
  });
});

describe("who may raise a mode", () => {
  test(promise("gate.raise-needs-person"), async () => {
    for (const [i, from] of modes.entries()) {
      const id = await it.mailboxIn(from);
      for (const to of modes.slice(i + 1)) {
        const refused = await it.running.call(
          it.running.known.agent_key,
          `/v1/mailboxes/${id}/configure`,
          { oversight_mode: to },
          { method: "PATCH" },
        );
        expect(refused.status, `${from} to ${to}`).toBe(403);
        expect(refused.body).toMatchObject({
          code: "mode_raise_needs_person",
          field: "oversight_mode",
        });
        // Not beside another change either; a key that may change more asks, and nothing has changed.
        const beside = await it.running.call(
          it.running.known.admin_key,
          `/v1/mailboxes/${id}`,
          { display_name: "x", oversight_mode: to },
          { method: "PATCH" },
        );
        expect(beside.status).toBe(202);
      }
      const now = await it.running.call(it.running.known.admin_key, `/v1/mailboxes/${id}`);
      expect(now.body).toMatchObject({ oversight_mode: from });
      for (const to of modes.slice(0, i).toReversed())
        expect((await it.lower(id, to)).status).toBe(200);
    }
    const id = await it.mailboxIn("read_only");
    expect(await setMode(it.running, it.cookie, id, "autonomous")).toBe(303);
    expect((await it.send(id)).body.status).toBe("queued");
  });

  test("no key makes a mailbox freer than gated_send, or asks for fewer approvals", async () => {
    for (const mode of ["monitored", "autonomous"]) {
      const made = await it.running.call(it.running.known.admin_key, "/v1/mailboxes", {
        address: "free",
        oversight_mode: mode,
      });
      expect(made.status).toBe(202);
      expect(made.body.status).toBe("approval_required");
    }
    const { body } = await it.running.call(it.running.known.admin_key, "/v1/mailboxes", {
      address: "two",
      approvals_required: 2,
    });
    const fewer = await it.running.call(
      it.running.known.admin_key,
      `/v1/mailboxes/${body.id}`,
      { approvals_required: 1 },
      { method: "PATCH" },
    );
    expect(fewer.status).toBe(202);
    const now = await it.running.call(it.running.known.admin_key, `/v1/mailboxes/${body.id}`);
    expect(now.body.approvals_required).toBe(2);
  });

  test.each(["approver", "auditor"] as const)("a signed-in %s raises nothing", async (role) => {
    expect(roleScopes[role]).not.toContain("admin");
    const id = await it.mailboxIn("gated_all");
    const answer = await setMode(it.running, await signInAs(role), id, "autonomous");
    expect(answer).not.toBe(303);
    const now = await it.running.call(it.running.known.admin_key, `/v1/mailboxes/${id}`);
    expect(now.body.oversight_mode).toBe("gated_all");
  });

  test(promise("gate.mode-unknown"), async () => {
    for (const mode of ["turbo", "", "AUTONOMOUS", "autonomous "]) {
      const id = await it.mailboxIn("autonomous");
      await it.setRaw(id, mode);
      expect(
        (await it.running.call(it.running.known.agent_key, `/v1/mailboxes/${id}`)).body
          .oversight_mode,
      ).toBe("read_only");
      expect((await it.send(id)).body.code, mode).toBe("mode_forbids_send");
      expect(await toolNames(it.running.known.url, await keyFor(id))).not.toContain("send_email");
      const raised = await it.lower(id, "gated_all");
      expect(raised.body.status).toBe("approval_required");
    }
  });
});

/** Somebody of another role, signed in by a link as the owner's is. */
async function signInAs(role: "approver" | "auditor"): Promise<string> {
  const link = newToken("mm_link_", it.node.context.random);
  const personId = it.node.context.new_id();
  const now = new Date();
  await it.node.as(async (tx) => {
    await insertPerson(tx, {
      person_id: personId,
      name: role,
      email: `${role}@agents.example`,
      role,
      created_at: now,
    });
    await insertSignInLink(tx, {
      token_hash: hashToken(link.token),
      person_id: personId,
      created_at: now,
      expires_at: new Date(now.getTime() + 60_000),
      used_at: null,
    });
  });
  const dashboard = `${it.running.known.url}/sign-in?token=${link.token}`;
  const { running } = it;
  return signIn({ ...running, known: { ...running.known, dashboard_link: dashboard } });
}

const keyFor = async (mailboxId: string): Promise<string> =>
  keyOf(it.node, ["read", "send"], { mailbox_ids: [mailboxId] });

/** Members, roles and invitations: who may change whom, what ends with a removal, and what races cannot do. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Actor, type Role, roles } from "../../src/core/actor.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { createAuthenticator } from "../evidence/authenticator.ts";
import { promise } from "../promises.ts";
import { type World, openWorld } from "../simulation/engine-world.ts";
import { mails, member, otherOperator, outcome, tokenIn, visitor } from "./members.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.clock.now += 3_600_000;
  await world.sql("UPDATE person SET removed_at = now() WHERE removed_at IS NULL");
  await mails(world);
});

const page = { limit: 100 };
const ids = async (actor: Actor): Promise<string[]> =>
  (await world.engine.findMembers(actor, page)).rows.map((row) => row.person_id);
const invite = (actor: Actor, email: string, role: Role = "approver") =>
  world.engine.inviteMember(actor, { email, name: "Grace Hopper", role });

describe("roles", () => {
  test(promise("people.roles"), async () => {
    const answers: Record<string, string> = {};
    for (const by of roles)
      for (const role of roles) {
        const actor = await member(world, by);
        await member(world, "owner");
        const target = await member(world, role);
        const to = role === "approver" ? "auditor" : "approver";
        answers[`${by} changes ${role}`] = await outcome(
          world.engine.changeMember(actor, target.person_id, { role: to }),
        );
        answers[`${by} makes ${role}`] = await outcome(
          world.engine.changeMember(actor, (await member(world, "approver")).person_id, { role }),
        );
        const email = `${by}-${role}-${world.clock.now}@new.example`;
        answers[`${by} invites ${role}`] = await outcome(invite(actor, email, role));
        answers[`${by} removes ${role}`] = await outcome(
          world.engine.removeMember(actor, (await member(world, role)).person_id),
        );
      }
    const done = Object.entries(answers).filter(([, answer]) => answer === "done");
    expect(done.map(([what]) => what).toSorted()).toEqual(
      roles
        .flatMap((role) =>
          ["changes", "makes", "invites", "removes"].flatMap((verb) => [
            `owner ${verb} ${role}`,
            ...(role === "owner" ? [] : [`admin ${verb} ${role}`]),
          ]),
        )
        .toSorted(),
    );
    const others = Object.values(answers).filter((answer) => answer !== "done");
    expect(new Set(others)).toEqual(new Set(["role_required"]));
  });

  test("a sign-in of more than 15 minutes ago, and a key of the owner's, change nobody", async () => {
    const owner = await member(world, "owner");
    const target = await member(world, "approver");
    const old = { ...owner, signed_in_at: new Date(world.clock.now - 16 * 60_000).toISOString() };
    const key: Actor = { ...owner, kind: "api_key", role: null, signed_in_at: null };
    for (const [actor, code] of [
      [old, "fresh_sign_in_required"],
      [key, "role_required"],
    ] as const) {
      const { engine } = world;
      const id = target.person_id;
      expect(await outcome(engine.changeMember(actor, id, { role: "auditor" }))).toBe(code);
      expect(await outcome(engine.removeMember(actor, id))).toBe(code);
      expect(await outcome(engine.recoverMember(actor, id, { revoke_passkeys: true }))).toBe(code);
      expect(await outcome(invite(actor, "late@new.example"))).toBe(code);
    }
    expect(await ids(owner)).toContain(target.person_id);
    expect(await mails(world)).toEqual([]);
  });

  test("whoever was demoted or removed a moment ago changes nothing with the session they had", async () => {
    const owner = await member(world, "owner");
    const admin = await member(world, "admin");
    await world.engine.changeMember(owner, admin.person_id, { role: "approver" });
    expect(await outcome(invite(admin, "one@new.example"))).toBe("role_required");
    const other = await member(world, "admin");
    await world.engine.removeMember(owner, other.person_id);
    expect(await outcome(invite(other, "two@new.example"))).toBe("role_required");
  });

  test("two who demote each other at once do not both succeed", async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await member(world, "owner"), await member(world, "owner")];
      const answers = await Promise.all([
        outcome(world.engine.changeMember(a, b.person_id, { role: "approver" })),
        outcome(world.engine.changeMember(b, a.person_id, { role: "approver" })),
      ]);
      expect(answers.toSorted()).toEqual(["done", "role_required"]);
      await world.sql("UPDATE person SET removed_at = now() WHERE removed_at IS NULL");
    }
  });

  test("a member of another operator is not there", async () => {
    const owner = await member(world, "owner");
    const stranger = await member(world, "approver", { operator_id: await otherOperator(world) });
    const id = stranger.person_id;
    expect(await outcome(world.engine.changeMember(owner, id, { name: "x" }))).toBe("not_found");
    expect(await outcome(world.engine.removeMember(owner, id))).toBe("not_found");
    expect(await ids(stranger)).toEqual([id]);
  });
});

describe("the last owner", () => {
  test("can be neither removed nor demoted", async () => {
    const owner = await member(world, "owner");
    await member(world, "admin");
    const { engine } = world;
    const id = owner.person_id;
    expect(await outcome(engine.removeMember(owner, id))).toBe("last_owner");
    expect(await outcome(engine.changeMember(owner, id, { role: "admin" }))).toBe("last_owner");
    const second = await member(world, "owner");
    expect(await outcome(engine.changeMember(owner, id, { role: "admin" }))).toBe("done");
    expect(await outcome(engine.removeMember(second, second.person_id))).toBe("last_owner");
  });

  test(promise("people.last-owner"), async () => {
    for (let round = 0; round < 10; round++) {
      const owners = await Promise.all([1, 2, 3].map(() => member(world, "owner")));
      const answers = await Promise.all(
        owners.map((owner, i) =>
          outcome(
            (round + i) % 2 === 0
              ? world.engine.removeMember(owner, owner.person_id)
              : world.engine.changeMember(owner, owner.person_id, { role: "approver" }),
          ),
        ),
      );
      expect(answers.toSorted()).toEqual(["done", "done", "last_owner"]);
      await world.sql("UPDATE person SET removed_at = now() WHERE removed_at IS NULL");
    }
  });
});

describe("a removed member", () => {
  test(promise("people.removal-ends-all"), async () => {
    const owner = await member(world, "owner");
    const gone = await member(world, "admin");
    const { engine } = world;
    await engine.signIn.requestCode(gone.email, visitor);
    const admission = await signInAs(gone);
    const { secret } = await engine.createApiKey(gone, {
      name: "theirs",
      scopes: ["read", "oversight"],
      mailbox_ids: null,
      test: false,
      person_id: gone.person_id,
      expires_at: null,
    });
    await invite(gone, "friend@new.example");
    const [invitation] = (await mails(world)).filter(({ to }) => to === "friend@new.example");
    await engine.recoverMember(owner, gone.person_id, { revoke_passkeys: false });
    const recovery = (await mails(world)).find(
      ({ to, text }) => to === gone.email && tokenIn(text) !== "",
    );
    expect(await engine.signIn.session(admission)).not.toBeNull();
    expect(await engine.authenticate(secret)).not.toBeNull();

    await engine.removeMember(owner, gone.person_id);
    expect(await engine.signIn.session(admission)).toBeNull();
    expect(await engine.authenticate(secret)).toBeNull();
    expect(await outcome(engine.signIn.redeem(tokenIn(recovery?.text), visitor))).toBe(
      "invalid_link",
    );
    expect(await outcome(engine.signIn.accept(tokenIn(invitation?.text), visitor))).toBe(
      "invalid_link",
    );
    await engine.signIn.requestCode(gone.email, visitor);
    expect(await ids(owner)).not.toContain(gone.person_id);
    expect(await world.entries(gone.person_id)).toContain("person.removed");
  });

  test("has no passkey any more, of either kind, and the log says so of each", async () => {
    const place = { origin: "https://mail.operator.example", rp_id: "mail.operator.example" };
    const { engine } = world;
    for (const end of ["removeMember", "recoverMember"] as const) {
      const owner = await member(world, "owner");
      const gone = await member(world, "approver");
      const [enters, decides] = [createAuthenticator(place), createAuthenticator(place)];
      const entering = await engine.enrolPasskey(gone, {
        name: "enters",
        response: enters.enrol((await engine.passkeyOptions(gone)).challenge),
      });
      const deciding = await engine.enrolDecisionPasskey(gone, {
        name: "decides",
        response: decides.enrol((await engine.decisionPasskeyOptions(gone)).challenge),
      });
      if (end === "removeMember") await engine.removeMember(owner, gone.person_id);
      else await engine.recoverMember(owner, gone.person_id, { revoke_passkeys: true });
      const { challenge } = await engine.signIn.passkeyOptions(visitor);
      const answer = enters.assert(Buffer.from(challenge, "base64url"));
      expect(await outcome(engine.signIn.redeemPasskey(answer, visitor))).toBe("invalid_passkey");
      expect(await world.entries(entering.passkey_id)).toEqual([
        "passkey.enrolled",
        "passkey.revoked",
      ]);
      expect(await world.entries(deciding.passkey_id)).toEqual([
        "approver.enrolled",
        "approver.revoked",
      ]);
      const all = await engine.findDecisionPasskeys(owner, { own: false, all: false });
      expect(all.map(({ passkey_id }) => passkey_id)).not.toContain(deciding.passkey_id);
    }
  });

  test("gets no session by a sign-in that comes at the same moment", async () => {
    for (let round = 0; round < 10; round++) {
      const owner = await member(world, "owner");
      const gone = await member(world, "approver");
      await world.engine.recoverMember(owner, gone.person_id, { revoke_passkeys: false });
      const [mail] = await mails(world);
      const [admitted] = await Promise.allSettled([
        world.engine.signIn.redeem(tokenIn(mail?.text), visitor),
        world.engine.removeMember(owner, gone.person_id),
      ]);
      const token = admitted.status === "fulfilled" ? admitted.value.session_token : "";
      expect(await world.engine.signIn.session(token)).toBeNull();
    }
  });

  test("leaves their address to be invited again", async () => {
    const owner = await member(world, "owner");
    const gone = await member(world, "approver");
    expect(await outcome(invite(owner, gone.email.toUpperCase()))).toBe("already_exists");
    await world.engine.removeMember(owner, gone.person_id);
    expect(await outcome(invite(owner, gone.email))).toBe("done");
  });
});

/** Signs a member in by a link from the owner's hand. */
async function signInAs(person: { person_id: string; operator_id: string }): Promise<string> {
  const owner = await member(world, "owner", { operator_id: person.operator_id });
  await mails(world);
  await world.engine.recoverMember(owner, person.person_id, { revoke_passkeys: false });
  // Of several mails of one moment any may come first.
  const mail = (await mails(world)).find(({ text }) => tokenIn(text) !== "");
  return (await world.engine.signIn.redeem(tokenIn(mail?.text), visitor)).session_token;
}

describe("a demoted member", () => {
  test("keeps no key in their name that does what their new role may not", async () => {
    const owner = await member(world, "owner");
    const admin = await member(world, "admin");
    const key = async (...scopes: ("read" | "send" | "admin" | "oversight")[]) =>
      (
        await world.engine.createApiKey(owner, {
          name: scopes.join(),
          scopes,
          mailbox_ids: null,
          test: false,
          person_id: admin.person_id,
          expires_at: null,
        })
      ).secret;
    const [rules, decides, writes] = [
      await key("read", "admin"),
      await key("read", "oversight"),
      await key("read", "send"),
    ];
    const alive = async () =>
      (
        await Promise.all([rules, decides, writes].map((key) => world.engine.authenticate(key)))
      ).map(Boolean);
    await world.engine.changeMember(owner, admin.person_id, { role: "approver" });
    expect(await alive()).toEqual([false, true, true]);
    await world.engine.changeMember(owner, admin.person_id, { role: "auditor" });
    expect(await alive()).toEqual([false, false, true]);
    const told = (await mails(world)).filter(({ to }) => to === admin.email);
    expect(new Set(told.map(({ text }) => /You are now (\w+)/.exec(text)?.[1]))).toEqual(
      new Set(["approver", "auditor"]),
    );
  });
});

describe("an invitation", () => {
  const invited = async (role: Role = "approver", by?: Actor) => {
    const owner = by ?? (await member(world, "owner"));
    const email = `new-${world.clock.now}-${role}@new.example`;
    const row = await invite(owner, email, role);
    const [mail] = (await mails(world)).filter(({ to }) => to === email);
    return { owner, email, row, token: tokenIn(mail?.text) };
  };
  const accept = (token: string) => world.engine.signIn.accept(token, visitor);

  test("makes a member with the role it says, and begins their session", async () => {
    const { owner, email, token, row } = await invited("auditor");
    const { session_token } = await accept(token);
    const view = await world.engine.signIn.session(session_token);
    expect(view?.person).toMatchObject({ email, name: "Grace Hopper" });
    expect(view?.actor).toMatchObject({ role: "auditor", verified_by: "invitation" });
    expect(await ids(owner)).toContain(view?.person.id);
    expect(await world.entries(view?.person.id ?? "")).toEqual([
      "person.joined",
      "person.signed_in",
    ]);
    expect(await world.entries(row.invitation_id)).toEqual(["person.invited"]);
    const open = (await world.engine.findInvitations(owner, page)).rows;
    expect(open.map(({ invitation_id }) => invitation_id)).not.toContain(row.invitation_id);
  });

  test(promise("people.invitation-once"), async () => {
    const { token, owner } = await invited();
    const before = await ids(owner);
    const answers = await Promise.all(Array.from({ length: 8 }, () => outcome(accept(token))));
    expect(answers.filter((answer) => answer === "done")).toHaveLength(1);
    expect(answers.filter((answer) => answer === "invalid_link")).toHaveLength(7);
    expect(await ids(owner)).toHaveLength(before.length + 1);
  });

  test("that is unknown, used, revoked, replaced or too old is refused in the same words", async () => {
    const words = async (token: string): Promise<string> => {
      const error: unknown = await accept(token).catch((caught: unknown) => caught);
      return error instanceof Refusal
        ? JSON.stringify([error.code, error.message, error.detail])
        : "in";
    };
    const used = await invited();
    await accept(used.token);
    const revoked = await invited("admin");
    await world.engine.revokeInvitation(revoked.owner, revoked.row.invitation_id);
    const replaced = await invited("auditor");
    await invite(replaced.owner, replaced.email);
    const old = await invited("owner");
    world.clock.now += 7 * 24 * 3_600_000 + 1000;
    const said = [];
    for (const token of ["nonsense", used.token, revoked.token, replaced.token, old.token])
      said.push(await words(token));
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toContain("invalid_link");
  });

  test("is worthless once its sender may not send it any more, and stays so", async () => {
    const owner = await member(world, "owner");
    const [one, two] = [await member(world, "owner"), await member(world, "admin")];
    const [toOwner, toAdmin] = [await invited("owner", one), await invited("admin", two)];
    await world.engine.changeMember(owner, one.person_id, { role: "admin" });
    await world.engine.changeMember(owner, two.person_id, { role: "approver" });
    expect(await outcome(accept(toOwner.token))).toBe("invalid_link");
    expect(await outcome(accept(toAdmin.token))).toBe("invalid_link");
  });

  test("stores no token, and its entries hold no address", async () => {
    const { token, email, row } = await invited();
    expect(row.token_hash).toHaveLength(32);
    expect(JSON.stringify(row)).not.toContain(token);
    expect(await world.entryBodies(row.invitation_id)).not.toContain(email);
  });

  test("goes out fifty times an hour and no more", async () => {
    const owner = await member(world, "owner");
    const answers = [];
    for (let i = 0; i < 51; i++)
      answers.push(await outcome(invite(owner, `many-${i}-${world.clock.now}@new.example`)));
    expect(answers.indexOf("rate_limited")).toBe(50);
  });
});

describe("an owner lets a member in again", () => {
  test("by a mailed link that works once, within an hour; only the newest works", async () => {
    const owner = await member(world, "owner");
    const lost = await member(world, "approver");
    const recover = async () => {
      await world.engine.recoverMember(owner, lost.person_id, { revoke_passkeys: false });
      const [mail] = await mails(world);
      expect(mail?.to).toBe(lost.email);
      return tokenIn(mail?.text);
    };
    const [first, second] = [await recover(), await recover()];
    const redeem = (token: string) => outcome(world.engine.signIn.redeem(token, visitor));
    expect(await redeem(first)).toBe("invalid_link");
    expect(await redeem(second)).toBe("done");
    expect(await redeem(second)).toBe("invalid_link");
    const third = await recover();
    world.clock.now += 3_601_000;
    expect(await redeem(third)).toBe("invalid_link");
    expect(await world.entries(lost.person_id)).toContain("person.recovered");
  });

  test("and ends the sessions of a lost device; an admin may not", async () => {
    const lost = await member(world, "approver");
    const session = await signInAs(lost);
    const how = { revoke_passkeys: true };
    const admin = await member(world, "admin");
    expect(await outcome(world.engine.recoverMember(admin, lost.person_id, how))).toBe(
      "role_required",
    );
    expect(await world.engine.signIn.session(session)).not.toBeNull();
    await world.engine.recoverMember(await member(world, "owner"), lost.person_id, how);
    expect(await world.engine.signIn.session(session)).toBeNull();
  });
});

/** The authorisation matrix for people: every operation by an owner, admin, approver and auditor, on own and foreign resources. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDispatcher, type Dispatcher } from "../../src/contract/dispatch.ts";
import { type OperationSpec, opens } from "../../src/contract/operation.ts";
import { type Actor, type Role, roleScopes, roles } from "../../src/core/actor.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { createReader } from "../../src/engine/read.ts";
import { allOperations } from "../../src/operations/all.ts";
import { insertPerson } from "../../src/store/people.ts";
import { promise } from "../promises.ts";
import { type Place, inputs, placeOf, reachInto } from "./authorisation-inputs.ts";
import { type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let dispatcher: Dispatcher;
let own: Place;
let foreign: Place;
const people = new Map<Role, string>();

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  const other = await node.found("other");
  reachInto(running, node);
  dispatcher = createDispatcher(allOperations, {
    read: createReader(node.context),
    engine: node.engine,
    now: () => new Date(),
    instance: {
      version: "0",
      public_url: running.known.url,
      openapi: () => ({}),
      sole_operator: () => Promise.resolve(null),
      sign_up_open: false,
      // The ways out are asked of nobody here.
      routes: {
        report: () => Promise.reject(new Refusal("not_found", "There is no way out.")),
        avoided: () => new Map(),
      },
    },
  });
  for (const role of roles) {
    const person_id = node.context.new_id();
    people.set(role, person_id);
    const email = `${role}@people.example`;
    await node.as((tx) =>
      insertPerson(tx, { person_id, name: role, email, role, created_at: new Date() }),
    );
  }
  const { admin_key: admin, agent_key: agent, oversight_key: overseer, mailbox_id } = running.known;
  own = await placeOf({ admin, agent, overseer }, node.operator_id, mailbox_id);
  foreign = await placeOf(
    { admin: other.admin_key, agent: other.agent_key, overseer: other.oversight_key },
    other.operator_id,
    other.mailbox_id,
  );
});
afterAll(async () => {
  await node.close();
  await running.stop();
});

/** A person with that role who signed in this moment. */
function actorOf(role: Role): Actor {
  return {
    kind: "person",
    operator_id: node.operator_id,
    credential_id: node.context.new_id(),
    person_id: people.get(role) ?? "",
    role,
    scopes: roleScopes[role],
    mailbox_ids: null,
    test: false,
    signed_in_at: new Date().toISOString(),
    verified_by: "passkey",
  };
}

/** The code of the refusal, or "done". */
async function ask(spec: OperationSpec, actor: Actor, input: object): Promise<string> {
  try {
    await dispatcher.call(spec.name, actor, input, { request_id: "test" });
    return "done";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    return `fault: ${String(error)}`;
  }
}

const ids = ["mailbox_id", "email_id", "key_id", "contact_id", "domain_id"];

test(promise("people.role-matrix"), async () => {
  const wrong: string[] = [];
  const may: Record<Role, string[]> = { owner: [], admin: [], approver: [], auditor: [] };
  for (const spec of allOperations) {
    for (const role of roles) {
      const actor = actorOf(role);
      const open = opens(spec, actor);
      const code = await ask(spec, actor, (await inputs[spec.name]?.(own, open)) ?? {});
      if (code.startsWith("fault")) wrong.push(`${spec.name} by ${role}: ${code}`);
      if (!open && code !== "scope_required") wrong.push(`${spec.name} by ${role}: ${code}`);
      const denied = code === "scope_required" || code === "role_required";
      if (!denied && spec.effect !== "read" && spec.access !== "public") may[role].push(spec.name);
      if (spec.access === "public" || !ids.some((name) => name in spec.input.shape)) continue;
      const strange = await ask(spec, actor, (await inputs[spec.name]?.(foreign, false)) ?? {});
      const hidden = ["not_found", "scope_required", "role_required"].includes(strange);
      if (!hidden) wrong.push(`${spec.name} by ${role} on another operator's: ${strange}`);
    }
  }
  expect(wrong).toEqual([]);
  const ownersAlone = may.owner.filter((name) => !may.admin.includes(name));
  expect(new Set(ownersAlone)).toEqual(
    new Set(["recover_member", "put_directory_key", "delete_account"]),
  );
  expect(may.admin.filter((name) => !may.owner.includes(name))).toEqual([]);
  // An auditor changes nothing but what is their own.
  expect(may.auditor.filter((name) => !isOwn(name))).toEqual([]);
  expect(may.approver.filter((name) => !may.admin.includes(name))).toEqual([]);
  expect(may.approver).toContain("decide_email");
  for (const name of ["invite_member", "create_api_key", "update_mailbox", "create_domain"])
    expect(may.approver).not.toContain(name);
});

/** What each person does with their own passkeys, sessions, grants and notices. */
function isOwn(name: string): boolean {
  return /session|sign_in_passkey|notif|revoke_grant/.test(name);
}

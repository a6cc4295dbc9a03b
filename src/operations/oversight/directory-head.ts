/** `get_directory_head` and how the operator signs the approver directory with a key of their own. */
import { z } from "zod";
import { directoryHead } from "../../contract/directory.ts";
import { operation } from "../context.ts";

export const getDirectoryHead = operation({
  name: "get_directory_head",
  tag: "oversight",
  summary: "Get the approver directory's head, to be signed",
  description:
    "Answers the text that lists every living passkey for decisions by its leaf in the log. Whoever signs it with a key that this server does not have makes sure that the server cannot add approvers unseen: ssh-keygen -Y sign -n multimail-directory, or Ed25519.",
  method: "GET",
  path: "/v1/directory/head",
  effect: "read",
  access: "audit",
  input: z.strictObject({}),
  output: directoryHead,
  status: 200,
  refusals: ["scope_required", "unavailable"],
  tool: false,
  cli: { command: "directory-head", json: true },
  handle: ({ engine, actor }) => engine.readDirectoryHead(actor),
});

export const putDirectoryKey = operation({
  name: "put_directory_key",
  tag: "oversight",
  summary: "Put the public key that the directory is signed with",
  description:
    "An Ed25519 public key: a line ssh-ed25519 …, a PEM, or 32 bytes in base64; null takes it away. Verifiers that pin it take no approver that it did not sign for. Owners only, freshly signed in. Not for keys.",
  method: "PUT",
  path: "/v1/directory/key",
  effect: "write",
  access: "admin",
  input: z.strictObject({ public_key: z.string().min(1).max(2000).nullable() }),
  output: directoryHead,
  status: 200,
  refusals: ["validation_failed", "role_required", "fresh_sign_in_required", "unavailable"],
  tool: false,
  handle: ({ engine, actor }, { public_key }) => engine.putDirectoryKey(actor, public_key),
});

export const postDirectorySignature = operation({
  name: "post_directory_signature",
  tag: "oversight",
  summary: "Hand in the signature over the directory's head",
  description:
    "Keeps the signature when it is by the directory's key over the head as it is now. SSHSIG as ssh-keygen writes it, or a raw Ed25519 signature in base64.",
  method: "POST",
  path: "/v1/directory/head",
  effect: "write",
  access: "admin",
  input: z.strictObject({
    statement: z.string().max(200_000).optional().describe("What was signed, to name what changed"),
    signature: z.string().min(1).max(2000),
  }),
  output: directoryHead,
  status: 200,
  refusals: [
    "validation_failed",
    "not_found",
    "stale_digest",
    "scope_required",
    "test_key",
    "unavailable",
  ],
  tool: false,
  cli: { command: "sign-directory", positional: ["signature"] },
  handle: ({ engine, actor }, signed) => engine.postDirectorySignature(actor, signed),
});

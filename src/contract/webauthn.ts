/** What browsers answer to WebAuthn calls, as JSON with base64url bytes (WebAuthn L3, `toJSON`), bounded. */
import { z } from "zod";

const bytes = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/, "not base64url");

const transports = z.array(z.string().min(1).max(32)).max(8);

/** Answer to `navigator.credentials.create()`: id, and the response's clientDataJSON, attestationObject, transports. */
export const registrationResponse = z
  .strictObject({
    id: bytes(1400),
    client_data_json: bytes(8192),
    attestation_object: bytes(16_384),
    transports: transports.optional(),
  })
  .describe("What navigator.credentials.create() answered; bytes in base64url.");

/** Answer to `navigator.credentials.get()`. */
export const assertionResponse = z
  .strictObject({
    id: bytes(1400),
    client_data_json: bytes(8192),
    authenticator_data: bytes(4096),
    signature: bytes(2048),
  })
  .describe("What navigator.credentials.get() answered; bytes in base64url.");

/** {@link registrationResponse}, read. */
export type RegistrationResponse = z.output<typeof registrationResponse>;

/** {@link assertionResponse}, read. */
export type AssertionResponse = z.output<typeof assertionResponse>;

const credential = z.object({
  type: z.literal("public-key"),
  id: z.string(),
  transports: z.array(z.string()),
});

/** Options for `navigator.credentials.create()`, as `PublicKeyCredential.parseCreationOptionsFromJSON()` takes them. */
export const creationOptions = z.object({
  rp: z.object({ id: z.string(), name: z.string() }),
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  challenge: z.string(),
  pubKeyCredParams: z.array(z.object({ type: z.literal("public-key"), alg: z.int() })),
  timeout: z.int(),
  excludeCredentials: z.array(credential),
  authenticatorSelection: z.object({
    residentKey: z.enum(["required", "preferred", "discouraged"]),
    requireResidentKey: z.boolean(),
    userVerification: z.literal("required"),
  }),
  attestation: z.literal("none"),
});

/** Options for `navigator.credentials.get()`, as `PublicKeyCredential.parseRequestOptionsFromJSON()` takes them. */
export const requestOptions = z.object({
  challenge: z.string(),
  timeout: z.int(),
  rpId: z.string(),
  allowCredentials: z.array(credential),
  userVerification: z.literal("required"),
});

/** {@link creationOptions}, as made. */
export type CreationOptions = z.output<typeof creationOptions>;

/** {@link requestOptions}, as made. */
export type RequestOptions = z.output<typeof requestOptions>;

/** OAuth clients: those that register here, and those known by a metadata document of their own. */
import { parseJson } from "../contract/json.ts";
import type { OAuthClient } from "../contract/oauth.ts";
import { idPattern } from "../core/id.ts";
import {
  isDocumentUrl,
  readDocument,
  readRegistration,
  registrationAnswer,
} from "../oauth/client-metadata.ts";
import { OAuthError } from "../oauth/oauth-error.ts";
import { getClient, insertClient } from "../store/oauth.ts";
import type { EngineContext } from "./context.ts";
import { sourcePace } from "./source-pace.ts";

/** Fetches a metadata document: its text, or null where there is none to be had. Guarded, bounded in size and time. */
export type FetchDocument = (url: string) => Promise<string | null>;

const minute = 60_000;
/** Registrations of one network in ten minutes. */
const registrationsOfOne = 60;
/** Registrations that nobody used yet, of the whole instance; and how long they are kept. */
const maxUnused = 10_000;
const unusedLife = 24 * 60 * minute;
/** Documents that are remembered, and for how long; a failure for less. */
const maxDocuments = 500;
const documentLife = 10 * minute;
const failureLife = minute / 2;

type Remembered = { client: Promise<OAuthClient>; until: number };

/** Makes the two ways by which a client is known. */
export function createClients(context: EngineContext, fetchDocument: FetchDocument) {
  const pace = sourcePace(context.now, registrationsOfOne, 10 * minute);
  const documents = new Map<string, Remembered>();

  async function register(metadata: unknown, source: string): Promise<Record<string, unknown>> {
    // Behind a proxy everybody comes from one address: whoever runs the instance says so by that setting.
    if (context.limits.public_rate !== 0) pace(source);
    const client = { client_id: context.new_id(), ...readRegistration(metadata) };
    const now = context.now();
    await insertClient(
      context.database,
      { client_id: client.client_id, metadata: client, created_at: now },
      { unused_since: new Date(now.getTime() - unusedLife), at_most: maxUnused },
    );
    return registrationAnswer(client, now);
  }

  async function load(url: string): Promise<OAuthClient> {
    const text = await fetchDocument(url);
    if (text === null)
      throw new OAuthError("invalid_client", "The client's metadata document cannot be read", 401);
    let body: unknown;
    try {
      body = parseJson(text);
    } catch {
      throw new OAuthError("invalid_client", "The client's metadata document is no JSON", 401);
    }
    return readDocument(url, body);
  }

  /** One fetch for all who ask at once; the oldest is forgotten where there are too many. */
  function remembered(url: string): Promise<OAuthClient> {
    const now = context.now().getTime();
    const known = documents.get(url);
    if (known && known.until > now) return known.client;
    documents.delete(url);
    const entry: Remembered = { client: load(url), until: now + documentLife };
    documents.set(url, entry);
    entry.client.catch(() => (entry.until = context.now().getTime() + failureLife));
    const [oldest] = documents.keys();
    if (documents.size > maxDocuments && oldest !== undefined) documents.delete(oldest);
    return entry.client;
  }

  async function client(clientId: string): Promise<OAuthClient> {
    if (isDocumentUrl(clientId)) return remembered(clientId);
    const row = idPattern.test(clientId) ? await getClient(context.database, clientId) : null;
    if (row === null)
      throw new OAuthError("invalid_client", "The client is not registered here", 401);
    return row as OAuthClient;
  }

  return { register, client };
}

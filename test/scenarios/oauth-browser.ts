/** What a program and the browser of its person do in OAuth, by HTTP: register, ask, consent, exchange. */
import { createHash, randomBytes } from "node:crypto";
import type { Running } from "./running.ts";

/** Where the programs of these tests wait for their person; nothing listens there. */
export const callback = "http://127.0.0.1:47111/callback";

/** A JSON answer of an endpoint. */
export type Told = {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
};

/** PKCE of one request. */
export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}

/** A program that talks to the instance. */
export function program(running: Running) {
  const { url } = running.known;
  const told = async (response: Response): Promise<Told> => {
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith("{") ? JSON.parse(text) : text,
    };
  };
  const post = async (path: string, fields: Record<string, string>, more: RequestInit = {}) =>
    told(
      await fetch(`${url}${path}`, { method: "POST", body: new URLSearchParams(fields), ...more }),
    );
  const register = async (metadata: unknown): Promise<Told> =>
    told(
      await fetch(`${url}/oauth/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof metadata === "string" ? metadata : JSON.stringify(metadata),
      }),
    );
  return {
    url,
    post,
    register,
    /** A registered client's id. */
    async client(redirect_uris = [callback], client_name = "A test program"): Promise<string> {
      const { status, body } = await register({ client_name, redirect_uris });
      if (status !== 201) throw new Error(`registration answered ${status}`);
      return body.client_id;
    },
    /** The query of a request, whole unless something is left out by `null`. */
    query(client_id: string, more: Record<string, string | null> = {}): string {
      const usual: Record<string, string | null> = {
        response_type: "code",
        client_id,
        redirect_uri: callback,
        code_challenge: pkce().challenge,
        code_challenge_method: "S256",
        state: "a state & more",
        resource: `${url}/mcp`,
        ...more,
      };
      const given = new URLSearchParams();
      for (const [name, value] of Object.entries(usual))
        if (value !== null) given.append(name, value);
      return given.toString();
    },
    /** What the browser shows for a request. */
    ask: (cookie: string | null, query: string): Promise<Response> =>
      fetch(`${url}/oauth/authorize?${query}`, {
        redirect: "manual",
        headers: cookie === null ? {} : { cookie },
      }),
    /** Answers the page as its person does; what the browser was sent to. */
    async consent(
      cookie: string,
      query: string,
      fields: Record<string, string> = {},
    ): Promise<{ status: number; location: URL | null; page: string }> {
      const shown = await fetch(`${url}/oauth/authorize?${query}`, {
        redirect: "manual",
        headers: { cookie },
      });
      const page = await shown.text();
      // Of the session, not of the page: a form can be sent without one that offered it.
      const account = await (await fetch(`${url}/account`, { headers: { cookie } })).text();
      const csrf_token = /name="csrf_token" value="([^"]+)"/.exec(account)?.[1] ?? "";
      const response = await fetch(`${url}/oauth/authorize`, {
        method: "POST",
        redirect: "manual",
        headers: { cookie, origin: url },
        body: new URLSearchParams({
          csrf_token,
          request: query,
          act: "allow",
          level: "read",
          mailboxes: "all",
          ...fields,
        }),
      });
      const location = response.headers.get("location");
      return {
        status: response.status,
        location: location === null ? null : new URL(location, url),
        page,
      };
    },
    /** Exchanges a code. */
    exchange: (code: string, client_id: string, code_verifier: string, more = {}): Promise<Told> =>
      post("/oauth/token", {
        grant_type: "authorization_code",
        code,
        client_id,
        redirect_uri: callback,
        code_verifier,
        ...more,
      }),
    /** Exchanges a refresh token. */
    refresh: (refresh_token: string, client_id: string, more = {}): Promise<Told> =>
      post("/oauth/token", { grant_type: "refresh_token", refresh_token, client_id, ...more }),
    /** A JSON-RPC call at the MCP door. */
    async mcp(token: string, method: string, params: object = {}): Promise<Told> {
      const response = await fetch(`${url}/mcp`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-protocol-version": "2025-11-25",
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      const { status, headers } = response;
      const text = await response.text();
      const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
      return { status, headers, body: data.startsWith("{") ? JSON.parse(data) : data };
    },
  };
}

/** What {@link letIn} answers. */
export type LetIn = {
  client_id: string;
  access_token: string;
  refresh_token: string;
  scope: string;
};

/** The whole way: a new client, a person who agrees, and the first tokens. */
export async function letIn(
  running: Running,
  cookie: string,
  level: string,
  more: {
    client_id?: string;
    query?: Record<string, string | null>;
    form?: Record<string, string>;
  } = {},
): Promise<LetIn> {
  const one = program(running);
  const client_id = more.client_id ?? (await one.client());
  const { verifier, challenge } = pkce();
  const query = one.query(client_id, { code_challenge: challenge, ...more.query });
  const { location, status } = await one.consent(cookie, query, { level, ...more.form });
  const code = location?.searchParams.get("code");
  if (!code) throw new Error(`consent answered ${status} and led to ${String(location)}`);
  const { body } = await one.exchange(code, client_id, verifier);
  if (!body.access_token) throw new Error(`no token: ${JSON.stringify(body)}`);
  return { client_id, ...body };
}

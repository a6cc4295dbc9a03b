/** What clients say of themselves: bounded, public, and never more than they may. */
import { describe, expect, test } from "vitest";
import { isDocumentUrl, readDocument, readRegistration } from "./client-metadata.ts";
import { OAuthError } from "./oauth-error.ts";

const uri = "http://127.0.0.1/cb";

function codeOf(work: () => unknown): string {
  try {
    work();
    return "done";
  } catch (error) {
    if (error instanceof OAuthError) return error.code;
    throw error;
  }
}

describe("a registration", () => {
  test.each<[string, unknown, string]>([
    ["without redirect URIs", { client_name: "x" }, "invalid_redirect_uri"],
    ["with none", { redirect_uris: [] }, "invalid_redirect_uri"],
    ["with many", { redirect_uris: Array(11).fill(uri) }, "invalid_redirect_uri"],
    ["with a script", { redirect_uris: [uri, "javascript:alert(1)"] }, "invalid_redirect_uri"],
    [
      "with a huge name",
      { redirect_uris: [uri], client_name: "x".repeat(201) },
      "invalid_client_metadata",
    ],
    [
      "for another grant",
      { redirect_uris: [uri], grant_types: ["password"] },
      "invalid_client_metadata",
    ],
    [
      "for tokens in the URL",
      { redirect_uris: [uri], response_types: ["token"] },
      "invalid_client_metadata",
    ],
    ["that is a list", [], "invalid_client_metadata"],
    ["that is nothing", null, "invalid_client_metadata"],
  ])("%s is refused", (_, body, code) => {
    expect(codeOf(() => readRegistration(body))).toBe(code);
  });

  test("becomes a public client with a name of one line, whatever else it asks for", () => {
    const client = readRegistration({
      redirect_uris: [uri, uri],
      client_name: "  Good\u202E\r\n\u0000 name\u200B ",
      token_endpoint_auth_method: "client_secret_basic",
      jwks_uri: "http://127.0.0.1/keys",
      client_uri: "javascript:alert(1)",
    });
    expect(client).toEqual({ client_name: "Good name", client_uri: null, redirect_uris: [uri] });
    expect(readRegistration({ redirect_uris: [uri] }).client_name).toBe("A program without a name");
  });
});

describe("a metadata document", () => {
  const id = "https://app.example/oauth/client.json";

  test("stands under an https URL with a path, written as it is read", () => {
    expect(isDocumentUrl(id)).toBe(true);
    for (const other of [
      "http://app.example/c.json",
      "https://app.example",
      "https://app.example/",
      "https://app.example/a/../c.json",
      "https://app.example/c.json#x",
      "https://app.example/c.json?x=1",
      "https://user@app.example/c.json",
      "https://APP.example/c.json",
      "https://app.example:443/c.json",
      `https://app.example/${"x".repeat(1000)}`,
      "0123456789ABCDEFGHJKMNPQRS",
    ])
      expect([other, isDocumentUrl(other)]).toEqual([other, false]);
  });

  test("names its own URL, and no secret", () => {
    const body = { client_id: id, client_name: "App", redirect_uris: [uri] };
    expect(readDocument(id, body)).toMatchObject({ client_id: id, client_name: "App" });
    for (const wrong of [
      { ...body, client_id: "https://other.example/c.json" },
      { ...body, client_secret: "x" },
      { ...body, token_endpoint_auth_method: "client_secret_post" },
      { ...body, redirect_uris: ["javascript:1"] },
      [],
      null,
      "x",
    ])
      expect(codeOf(() => readDocument(id, wrong))).toBe("invalid_client");
  });
});

/** MCP resources computed from operations: what has a `multimail://` address, the list of it, and reading. */
import {
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
  type ResourceTemplateType,
} from "@modelcontextprotocol/server";
import { type OperationSpec, opens } from "../contract/operation.ts";
import { type CallContext, type Caller, partedTexts } from "./call.ts";
import { foreignWords } from "./fence.ts";
import { called, resourcePage } from "./resource-list.ts";
import { outputSchema } from "./tool-schema.ts";

/** An operation that is read at an address. */
type ResourceEntry = {
  operation: OperationSpec;
  template: string;
  preset: Readonly<Record<string, unknown>>;
  /** The address in pieces between slashes: fixed text, or the name of an input. */
  pieces: readonly { text?: string; input?: string }[];
  foreign_words: OperationSpec["foreign_words"];
};

/** All resources of a server. */
export type ResourceTable = {
  /** The templates that the caller's scopes open. */
  templates(caller: Caller): ResourceTemplateType[];
  /** A page: mailboxes, then their mail, newest first. Throws InvalidParams for a cursor that is not ours. */
  list(
    context: CallContext,
    caller: Caller,
    cursor: string | undefined,
  ): Promise<{ resources: Resource[]; nextCursor?: string }>;
  /**
   * Reads by address. Throws {@link ResourceNotFoundError} where there is nothing or the caller may not see it, and
   * InvalidParams with the refusal's code otherwise.
   */
  read(context: CallContext, caller: Caller, uri: string): Promise<ReadResourceResult>;
};

/** Longest address that is looked at: a thread's name may have 200 characters, each up to 12 when percent-encoded. */
const longestUri = 4096;

/** Builds the table from the operations that have a `resource`. */
export function resourceTable(operations: readonly OperationSpec[]): ResourceTable {
  const entries = operations.flatMap((operation) =>
    operation.resource === undefined ? [] : [entry(operation, operation.resource)],
  );
  return {
    templates: ({ actor }) =>
      entries
        .filter(({ operation }) => opens(operation, actor))
        .map(({ operation, template }) => ({
          uriTemplate: template,
          name: operation.name.replace(/^(get|read)_/, ""),
          title: operation.summary,
          description: operation.description,
          mimeType: "application/json",
        })),
    list: resourcePage,
    async read(context, caller, uri) {
      for (const item of entries) {
        const input = matched(item, uri);
        if (input !== null) return readEntry(context, caller, item, uri, input);
      }
      throw new ResourceNotFoundError(uri);
    },
  };
}

function entry(
  operation: OperationSpec,
  { uri, preset = {} }: NonNullable<OperationSpec["resource"]>,
): ResourceEntry {
  if ("content_type" in operation.output)
    throw new Error(`${operation.name}: a resource has to be JSON`);
  const output = outputSchema(operation.name, operation.output);
  const pieces = uri.split("/").map((piece) => {
    const input = /^\{(\w+)\}$/.exec(piece)?.[1];
    return input === undefined ? { text: piece } : { input };
  });
  return {
    operation,
    template: uri,
    preset,
    pieces,
    foreign_words: foreignWords(operation, output),
  };
}

/** The inputs that the address names, or null where it is of another kind. Nothing is normalised: an address is exact. */
function matched({ pieces }: ResourceEntry, uri: string): Record<string, string> | null {
  if (uri.length > longestUri) return null;
  const parts = uri.split("/");
  if (parts.length !== pieces.length) return null;
  const input: Record<string, string> = {};
  for (const [i, piece] of pieces.entries()) {
    const part = parts[i] ?? "";
    if (piece.input === undefined) {
      if (part !== piece.text) return null;
      continue;
    }
    const value = decoded(part);
    if (value === null) return null;
    input[piece.input] = value;
  }
  return input;
}

/** A path segment (RFC 3986 section 3.3) in clear, or null where it is empty, a dot segment, or has what needs encoding. */
function decoded(part: string): string | null {
  if (!/^[\w.~!$&'()*+,;=:@%-]+$/.test(part)) return null;
  try {
    const value = decodeURIComponent(part);
    return value === "." || value === ".." || value.includes("\0") ? null : value;
  } catch {
    return null;
  }
}

async function readEntry(
  context: CallContext,
  caller: Caller,
  item: ResourceEntry,
  uri: string,
  input: Record<string, string>,
): Promise<ReadResourceResult> {
  const body = await called(context, caller, item.operation, { ...input, ...item.preset }, uri);
  // A document is read as it is: taken apart it could be checked no more.
  if (item.foreign_words !== "fields")
    return { contents: [{ uri, mimeType: "application/json", text: JSON.stringify(body) }] };
  const [known, fenced] = partedTexts(body, context);
  const trusted = { uri, mimeType: "application/json", text: known };
  if (fenced === undefined) return { contents: [trusted] };
  return {
    contents: [trusted, { uri: `${uri}#untrusted`, mimeType: "text/plain", text: fenced }],
  };
}

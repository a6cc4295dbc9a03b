/** What a `$ref` of a JSON document means. */

/** Follows a JSON pointer in a URI fragment, as `#/components/schemas/x` (RFC 6901 section 6); undefined where nothing is. */
// oxlint-disable-next-line typescript/no-explicit-any
export function pointed(document: any, reference: string): any {
  return (
    reference
      .slice(2)
      .split("/")
      // oxlint-disable-next-line typescript/no-explicit-any
      .reduce((at: any, part) => at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], document)
  );
}

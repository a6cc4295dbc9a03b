/** Places in JSON, and one value changed at a place. */

/** Where a value stands in JSON. */
export type Path = (string | number)[];

/** The value at one more step. */
export function stepInto(value: unknown, part: string | number): unknown {
  return (value as Record<string, unknown>)[part];
}

/** Every place of `value` that holds no object or list. */
export function leafPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    leafPaths(inner, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

/** Changes one value into another that is of its form, so that not merely the form fails. */
export function changeLeaf(root: unknown, path: Path): void {
  const parent = path.slice(0, -1).reduce(stepInto, root) as Record<string, unknown>;
  const name = String(path.at(-1));
  const value: unknown = parent[name];
  if (typeof value === "boolean") parent[name] = !value;
  else if (typeof value === "number") parent[name] = value + 1;
  else if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value))
    parent[name] = value.slice(0, -1) + (value.endsWith("0") ? "1" : "0");
  else if (typeof value === "string")
    parent[name] = /^\d{4}-.*Z$/.test(value)
      ? value.replace(/^\d{4}/, "2031")
      : value.replace(/[A-Za-z0-9](?=[^A-Za-z0-9]*$)/, (last) => (last === "A" ? "B" : "A"));
}

/** Order of the oversight modes and what each asks for. */
import { type Mode, modes } from "./types.ts";

/** Reads a stored or foreign mode; whatever is not a known mode counts as `read_only`. */
export function readMode(value: unknown): Mode {
  return modes.find((mode) => mode === value) ?? "read_only";
}

/** Place in the order of autonomy: 0 for `read_only` to 4 for `autonomous`. */
export function autonomy(mode: Mode): number {
  return modes.indexOf(mode);
}

/** The one of two modes that allows less. */
export function stricter(a: Mode, b: Mode): Mode {
  return autonomy(a) <= autonomy(b) ? a : b;
}

/** True when outbound mail may be submitted at all. */
export function maySubmit(mode: Mode): boolean {
  return mode !== "read_only";
}

/** True when mail of this mode waits for a decision. `read_only` gates too, though nothing should get that far. */
export function gates(mode: Mode, allowlisted: boolean): boolean {
  switch (mode) {
    case "read_only":
    case "gated_all":
      return true;
    case "gated_send":
      return !allowlisted;
    case "monitored":
    case "autonomous":
      return false;
  }
}

/** True when a change of mode gives the agent more room and so needs a person. */
export function raises(from: Mode, to: Mode): boolean {
  return autonomy(to) > autonomy(from);
}

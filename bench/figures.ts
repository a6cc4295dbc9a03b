/** Figures of the bench: medians, ratios against targets, and how they are printed. */

/** One measured run of one side. */
export type Run = {
  /** In the row's unit, more is better unless the row says otherwise. */
  value: number;
  /** CPU of the system under test in milliseconds a message, where it can be told. */
  cpu_ms?: number;
  /** Share of the machine that neither the system under test nor our own injector and sink used. */
  noise?: number;
  /** Further figures of the row, by name. */
  more?: Record<string, number>;
};

/** One side of a row: ours or what it is compared with. */
export type Side = { name: string; runs: Run[] };

/** A row of the table. */
export type Row = {
  row: string;
  what: string;
  unit: string;
  /** The first side is ours. */
  sides: Side[];
  /** What must hold, each computed from medians. */
  checks: { what: string; value: number; target: string; holds: boolean }[];
  notes: string[];
};

/** The middle value; the mean of the two middle ones for an even count; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The `share` quantile (0..1) of unsorted values by the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Median of one figure over a side's runs; NaN where no run has it. */
export function of(side: Side | undefined, figure: (run: Run) => number | undefined): number {
  return median((side?.runs ?? []).flatMap((run) => figure(run) ?? []));
}

/** A check that a value reaches a least value. */
export function atLeast(what: string, value: number, least: number): Row["checks"][number] {
  return { what, value, target: `≥ ${least}`, holds: value >= least };
}

/** A check that a value stays within a limit. */
export function atMost(what: string, value: number, most: number): Row["checks"][number] {
  return { what, value, target: `≤ ${most}`, holds: value <= most };
}

/** Ratio of our first side's median to another's; the check is left out where that side was not measured. */
export function ratio(row: Pick<Row, "sides">, against: string, least: number): Row["checks"] {
  const [ours] = row.sides;
  const theirs = row.sides.find((side) => side.name === against);
  if (!theirs || theirs.runs.length === 0) return [];
  const value = of(ours, (run) => run.value) / of(theirs, (run) => run.value);
  return [atLeast(`÷ ${against}`, value, least)];
}

/** The row as lines of text. */
export function print(row: Row): string {
  const lines = [`\n${row.row}: ${row.what}`];
  for (const side of row.sides) {
    if (side.runs.length === 0) continue;
    const values = side.runs.map((run) => run.value);
    const cpu = of(side, (run) => run.cpu_ms);
    const noise = of(side, (run) => run.noise);
    const more = Object.keys(side.runs[0]?.more ?? {}).map(
      (name) => `${name} ${short(of(side, (run) => run.more?.[name]))}`,
    );
    lines.push(
      `  ${side.name.padEnd(28)} ${short(median(values)).padStart(8)} ${row.unit}` +
        (values.length > 1 ? `  (${values.map(short).join(", ")})` : "") +
        (Number.isNaN(cpu) ? "" : `  CPU ${cpu.toFixed(2)} ms`) +
        (more.length > 0 ? `  ${more.join(", ")}` : "") +
        (Number.isNaN(noise) ? "" : `  others ${Math.round(noise * 100)} %`),
    );
  }
  for (const check of row.checks)
    lines.push(
      `  ${check.holds ? "reached" : "MISSED "}  ${check.what} ${short(check.value)} (${check.target})`,
    );
  for (const note of row.notes) lines.push(`  note: ${note}`);
  return `${lines.join("\n")}\n`;
}

function short(value: number): string {
  if (Number.isNaN(value)) return "-";
  return Math.abs(value) >= 100
    ? String(Math.round(value))
    : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

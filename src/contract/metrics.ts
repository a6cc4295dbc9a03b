/** Figures for monitoring, as parts of the instance report them and Prometheus reads them. */

/** One metric with its values; labels take few values, never what callers or mail say. */
export type Metric = {
  /** With the prefix `multimail_`; counters end in `_total`. */
  name: string;
  type: "counter" | "gauge";
  help: string;
  values: { labels?: Readonly<Record<string, string>>; value: number }[];
};

/** A stream to write to, as a process has them. */

/** Standard output and standard error, as commands see them. */
export type Output = {
  write(chunk: string | Uint8Array): unknown;
  /** Width of the terminal, where it is one. */
  columns?: number;
};

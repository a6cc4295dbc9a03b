/** The vocabulary of DNS questions and answers: record types, their shapes, and the resolver's interface. */

/** What the resolver can be asked for. */
export type DnsType = "MX" | "A" | "AAAA" | "TLSA" | "TXT" | "CNAME" | "PTR" | "SRV";

/** One record as data. Names are lower-case A-labels without the final dot; the root is `.`. */
export interface DnsRecordOf {
  MX: { readonly preference: number; readonly exchange: string };
  A: string;
  AAAA: string;
  TLSA: TlsaRecord;
  /** The character strings of one record. */
  TXT: readonly string[];
  CNAME: string;
  PTR: string;
  SRV: {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: string;
  };
}

/** RFC 6698 §2.1. */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  readonly data: Buffer;
}

/**
 * `nxdomain`: no such name. `nodata`: the name has no such record. `servfail`: the server failed, refused, or found forged data.
 * `timeout`: nobody answered.
 */
export type DnsStatus = "ok" | "nxdomain" | "nodata" | "servfail" | "timeout";

export interface DnsAnswer<T extends DnsType> {
  readonly status: DnsStatus;
  /** Empty unless `ok`. */
  readonly records: readonly DnsRecordOf[T][];
  /** A trusted validating resolver vouches for all of it by DNSSEC (the AD bit), for the absence too. */
  readonly authenticated: boolean;
  /** Seconds this may be kept. */
  readonly ttl: number;
  /** The name behind all aliases (CNAME); the name asked for where there are none. */
  readonly canonical: string;
}

export interface DnsResolver {
  /** Answers from the cache or the servers. Never rejects: what went wrong is the status. */
  resolve<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<T>>;
  /** Gives up what is under way (as `timeout`) and answers nothing but the cache afterwards. */
  close(): void;
}

const LABEL = /^[a-z0-9_*](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * A name as it is asked: lower-case, without the final dot. Null for what no question can be asked about: empty or overlong labels,
 * more than 253 octets, octets other than letters, digits, hyphen and underscore (RFC 1035 §2.3.4, RFC 8552).
 */
export function questionName(name: string): string | null {
  const plain = (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
  if (plain.length === 0 || plain.length > 253) return null;
  return plain.split(".").every((label) => LABEL.test(label)) ? plain : null;
}

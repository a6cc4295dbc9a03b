/** URLs that are refused as they are written: the spellings by which calls are led inside. */
import { describe, expect, test } from "vitest";
import { targetFault } from "./target.ts";

const open = { allow_private: false, allow_http: false };

describe("a target is refused before any name is looked up", () => {
  test.each([
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//example.com",
    "https://",
    "not a url",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0177.0.0.01/",
    "https://127.0.0.1./",
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://192.0.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:1::1]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://app.localhost/",
    "https://printer.local/",
    "https://vault.internal/",
    "https://router.home.arpa/",
    "https://intranet/",
    `https://example.com/${"a".repeat(2000)}`,
  ])("%s", (url) => {
    expect(targetFault(url, open)).not.toBeNull();
  });

  test("public names and addresses are not", () => {
    for (const url of [
      "https://example.com/hook?a=b",
      "https://example.com:8443/",
      "https://93.184.216.34/",
      "https://[2606:2800:220:1::1]/",
      "https://bücher.example.net/",
    ])
      expect(targetFault(url, open), url).toBeNull();
  });

  test("whoever runs the instance may let it call inside, and by http, but never with a password in the address", () => {
    const inside = { allow_private: true, allow_http: true };
    for (const url of ["http://localhost:3000/", "http://10.0.0.1/", "https://[::1]/"])
      expect(targetFault(url, inside), url).toBeNull();
    for (const url of ["ftp://10.0.0.1/", "http://a:b@10.0.0.1/"])
      expect(targetFault(url, inside), url).not.toBeNull();
  });
});

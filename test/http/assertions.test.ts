/** Assertions of Cloudflare Access, against an issuer on loopback; only `Date` is virtual. */
import { exportSPKI, importJWK, SignJWT, UnsecuredJWT, type JWTPayload } from "jose";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { assertionCheck, type CheckAssertion } from "../../src/host/access/assertions.ts";
import { makeKey, openIssuer, sign } from "./support/issuer.ts";

const key = await makeKey("first");
const next = await makeKey("second");
const curved = await makeKey("curved", "ES256");
const stranger = { ...(await makeKey("first")), kid: "first" };
const issuer = await openIssuer();
afterAll(() => issuer.close());

const grant = { scopes: ["read"], component: "shop" } as const;
const now = () => Math.floor(Date.now() / 1000);
let check: CheckAssertion;

beforeEach(() => {
  issuer.offer([key.publicJwk, curved.publicJwk]);
  check = assertionCheck({ issuer: issuer.url, audience: "tag", grant });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The code of the refusal, or `accepted`. */
async function outcome(assertion: string): Promise<string> {
  const result = await check(assertion);
  return result.ok ? "accepted" : result.refusal.code;
}

test.each([
  ["RS256", key],
  ["ES256", curved],
])("a valid one of %s gives what is configured", async (_, signer) => {
  expect(await check(await sign(signer, issuer.url))).toEqual({ ok: true, value: { grant } });
});

test.each<[string, JWTPayload]>([
  ["of another audience", { aud: ["other"] }],
  ["of no audience", { aud: [] }],
  ["of another issuer", { iss: "https://other.cloudflareaccess.com" }],
  ["of the issuer with a path", { iss: "https://team.cloudflareaccess.com/" }],
  ["that has expired", { exp: now() - 60 }],
  ["that never expires", { exp: undefined }],
  ["that is not valid yet", { nbf: now() + 600 }],
])("one %s is unauthorized", async (_, claims) => {
  expect(await outcome(await sign(key, issuer.url, claims))).toBe("unauthorized");
});

const claims = () => ({ iss: issuer.url, aud: ["tag"], iat: now(), exp: now() + 600 });

test("one without a signature is unauthorized", async () => {
  expect(await outcome(new UnsecuredJWT(claims()).encode())).toBe("unauthorized");
});

test.each(["spki", "jwk"])(
  "one signed by HS256 with the public key (%s) is unauthorized",
  async (form) => {
    const publicKey = await importJWK(key.publicJwk, "RS256", { extractable: true });
    if (publicKey instanceof Uint8Array) throw new Error("a public key is no bytes");
    const text = form === "spki" ? await exportSPKI(publicKey) : JSON.stringify(key.publicJwk);
    const forged = await new SignJWT(claims())
      .setProtectedHeader({ alg: "HS256", kid: key.kid })
      .sign(new TextEncoder().encode(text));
    expect(await outcome(forged)).toBe("unauthorized");
  },
);

test("one signed by another key under a known id is unauthorized", async () => {
  expect(await outcome(await sign(stranger, issuer.url))).toBe("unauthorized");
});

test("one that was changed is unauthorized", async () => {
  const [head, , signature] = (await sign(key, issuer.url)).split(".");
  const other = (await sign(key, issuer.url, { sub: "somebody else" })).split(".")[1];
  expect(await outcome([head, other, signature].join("."))).toBe("unauthorized");
});

test.each(["", "a", "a.b.c", "..", "{}"])(
  "what is no assertion is unauthorized: %j",
  async (text) => {
    expect(await outcome(text)).toBe("unauthorized");
  },
);

test("keys are read once, and again for an unknown one, but not more often than every 30 s", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const before = issuer.reads();
  const rotated = () => sign(next, issuer.url);
  expect(await outcome(await sign(key, issuer.url))).toBe("accepted");
  expect(await outcome(await sign(key, issuer.url))).toBe("accepted");
  issuer.offer([next.publicJwk]);
  for (let asked = 0; asked < 5; asked += 1) {
    expect(await outcome(await rotated())).toBe("unauthorized");
  }
  expect(issuer.reads() - before).toBe(1);
  vi.setSystemTime(Date.now() + 31_000);
  expect(await outcome(await rotated())).toBe("accepted");
  expect(await outcome(await sign(key, issuer.url))).toBe("unauthorized");
  expect(issuer.reads() - before).toBe(2);
});

test("keys out of reach let nobody in, and are asked for again", async () => {
  const logged = vi.spyOn(console, "error").mockReturnValue();
  issuer.offer(undefined);
  expect(await outcome(await sign(key, issuer.url))).toBe("access-keys-unavailable");
  expect(logged).toHaveBeenCalled();
  issuer.offer([key.publicJwk]);
  expect(await outcome(await sign(key, issuer.url))).toBe("accepted");
});

test("keys that are too old let nobody in while new ones are out of reach", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  vi.useFakeTimers({ toFake: ["Date"] });
  expect(await outcome(await sign(key, issuer.url))).toBe("accepted");
  issuer.offer(undefined);
  expect(await outcome(await sign(key, issuer.url))).toBe("accepted");
  vi.setSystemTime(Date.now() + 11 * 60_000);
  expect(await outcome(await sign(key, issuer.url))).toBe("access-keys-unavailable");
});

test("a server that does not listen lets nobody in", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const gone = await openIssuer();
  await gone.close();
  check = assertionCheck({ issuer: gone.url, audience: "tag", grant });
  expect(await outcome(await sign(key, gone.url))).toBe("access-keys-unavailable");
});

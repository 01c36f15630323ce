/** An issuer of assertions on loopback, as Cloudflare Access is one: keys that can be read, and a pen. */
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from "jose";
import { openReceiver } from "./receiver.ts";

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function makeKey(kid: string, alg = "RS256"): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  return { kid, alg, privateKey, publicJwk };
}

/** The claims of a valid assertion, and those that are given. */
export function sign(key: SigningKey, issuer: string, claims: JWTPayload = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: issuer, aud: ["tag"], sub: "user", iat: now, nbf: now, exp: now + 600 };
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .sign(key.privateKey);
}

export interface Issuer {
  readonly url: string;
  /** What is at the address of the keys: a set of them, or undefined, which answers 503. */
  offer(keys: readonly JWK[] | undefined): void;
  /** How often the keys were read. */
  reads(): number;
  close(): Promise<void>;
}

export async function openIssuer(...first: readonly JWK[]): Promise<Issuer> {
  let keys: readonly JWK[] | undefined = first;
  const receiver = await openReceiver(({ path }, response) => {
    const found = path === "/cdn-cgi/access/certs" ? keys : undefined;
    response.writeHead(found === undefined ? 503 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: found }));
  });
  return {
    url: receiver.url,
    offer: (offered) => (keys = offered),
    reads: () => receiver.received.length,
    close: () => receiver.close(),
  };
}

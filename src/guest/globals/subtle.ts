/**
 * Cryptography that draws random numbers: new keys, and signatures and ciphertexts that are padded at
 * random. What it made is recorded, so that history has it again; all else of `crypto.subtle` is a
 * function of its arguments and needs no record. A recorded key lies in the agent's oplog.
 */
import { replace } from "./replace.ts";
import { callingScope } from "../scopes/scope.ts";
import { decode, encode } from "../values.ts";

type Algorithm = string | { readonly name: string };
type JsonKey = Readonly<Record<string, unknown>>;
type Keys = JsonKey | { readonly publicKey: JsonKey; readonly privateKey: JsonKey };

/** Usages that the public half of a pair can have; all others are the private half's. */
const PUBLIC_USAGES = new Set(["encrypt", "verify", "wrapKey"]);

function nameOf(algorithm: Algorithm | undefined): string {
  return String(typeof algorithm === "object" ? algorithm.name : algorithm).toUpperCase();
}

/** The value that `make` makes, recorded as one call. */
async function recorded<T>(request: object, make: () => Promise<T>): Promise<T> {
  const { settled } = callingScope("crypto.subtle").call({
    identity: {
      call: "crypto.random",
      durability: "read-local",
      request: encode(request, "request"),
    },
    perform: async () => ({ ok: true, response: encode(await make(), "result") }),
  });
  return decode((await settled) ?? "null") as T;
}

function isPair(keys: Keys): keys is Extract<Keys, { publicKey: unknown }> {
  return "publicKey" in keys;
}

type Subtle = SubtleCrypto & {
  readonly [name in "encrypt" | "sign" | "wrapKey"]: (...args: unknown[]) => Promise<ArrayBuffer>;
};

/** Exported, whatever the author asked for: the record has to hold it. */
async function makeKeys(algorithm: Algorithm, usages: readonly string[]): Promise<Keys> {
  const made = await native.generateKey(algorithm, true, [...usages]);
  const json = (key: CryptoKey): Promise<JsonKey> =>
    native.exportKey("jwk", key) as unknown as Promise<JsonKey>;
  return "publicKey" in made
    ? { publicKey: await json(made.publicKey), privateKey: await json(made.privateKey) }
    : json(made);
}

function importKeys(
  keys: Keys,
  algorithm: Algorithm,
  extractable: boolean,
  usages: readonly string[],
): Promise<CryptoKey | CryptoKeyPair> {
  const take = (key: JsonKey, isExtractable: boolean, used: readonly string[]) =>
    crypto.subtle.importKey("jwk", key as unknown as JsonWebKey, algorithm, isExtractable, [
      ...used,
    ]);
  if (!isPair(keys)) return take(keys, extractable, usages);
  const [publicUsages, privateUsages] = [true, false].map((isPublic) =>
    usages.filter((usage) => PUBLIC_USAGES.has(usage) === isPublic),
  );
  return Promise.all([
    take(keys.publicKey, true, publicUsages ?? []),
    take(keys.privateKey, extractable, privateUsages ?? []),
  ]).then(([publicKey, privateKey]) => ({ publicKey, privateKey }));
}

const NATIVE_NAMES = ["encrypt", "exportKey", "generateKey", "sign", "wrapKey"] as const;

/** The platform's methods, taken before anything is put in their place. */
const native = Object.fromEntries(
  NATIVE_NAMES.map((name) => [name, (crypto.subtle[name] as () => unknown).bind(crypto.subtle)]),
) as unknown as Subtle;

/** What `method` makes by an algorithm of these names, its argument at `position`, is recorded. */
function recordMade(
  method: "encrypt" | "sign" | "wrapKey",
  position: number,
  names: ReadonlySet<string>,
): void {
  const owner = Object.getPrototypeOf(crypto.subtle) as Subtle;
  const usual = owner[method];
  replace(owner, method, function made(this: unknown, ...args: unknown[]) {
    const algorithm = args[position] as Algorithm | undefined;
    if (!names.has(nameOf(algorithm))) return Reflect.apply(usual, this, args);
    return recorded({ [method]: algorithm }, () => native[method](...args));
  });
}

async function generateKey(
  algorithm: Algorithm,
  extractable: boolean,
  usages: readonly string[],
): Promise<CryptoKey | CryptoKeyPair> {
  const keys = await recorded({ generateKey: algorithm, usages }, () =>
    makeKeys(algorithm, usages),
  );
  return importKeys(keys, algorithm, extractable, usages);
}

/** Called once, before any author code is evaluated. */
export function recordChanceOfSubtle(): void {
  replace(Object.getPrototypeOf(crypto.subtle) as object, "generateKey", generateKey);
  recordMade("sign", 0, new Set(["ECDSA", "RSA-PSS"]));
  recordMade("encrypt", 0, new Set(["RSA-OAEP"]));
  recordMade("wrapKey", 3, new Set(["RSA-OAEP"]));
}

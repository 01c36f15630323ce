/** R2: an upload in parts is a handle that is made here; each of its steps is one call. */
import { methodDurability } from "../../core/bindings/kinds.ts";
import { callWithArguments } from "./binding-call.ts";
import { callingScope, type Scope } from "../scopes/scope.ts";

/** What an upload is known by. */
interface UploadPlace {
  readonly key: string;
  readonly uploadId: string;
}

class Upload implements UploadPlace {
  readonly key: string;
  readonly uploadId: string;
  readonly #name: string;

  constructor(name: string, { key, uploadId }: UploadPlace) {
    this.#name = name;
    this.key = key;
    this.uploadId = uploadId;
  }

  uploadPart(...args: unknown[]): Promise<unknown> {
    return this.#goOn("uploadPart", args);
  }

  complete(...args: unknown[]): Promise<unknown> {
    return this.#goOn("completeMultipartUpload", args);
  }

  abort(): Promise<unknown> {
    return this.#goOn("abortMultipartUpload", []);
  }

  #goOn(method: string, args: readonly unknown[]): Promise<unknown> {
    const scope = callingScope("A call of a binding");
    return callBucket(scope, this.#name, method, [this.key, this.uploadId, ...args]);
  }
}

async function callBucket(
  scope: Scope,
  name: string,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  const durability = methodDurability("r2", method);
  const result = await callWithArguments(scope, { name, method, durability }, args);
  return method === "createMultipartUpload" ? new Upload(name, result as UploadPlace) : result;
}

/** A method of an R2 bucket. */
export function callStorage(
  scope: Scope,
  name: string,
  method: string,
  args: readonly unknown[],
): unknown {
  if (method !== "resumeMultipartUpload") return callBucket(scope, name, method, args);
  const [key, uploadId] = args as readonly [string, string];
  return new Upload(name, { key, uploadId });
}

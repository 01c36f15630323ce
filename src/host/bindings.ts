/** Calls bindings of the host for agents that are granted them. */
import { isRefusedRedirect, send } from "./exchange.ts";
import { thrownData } from "../core/oplog/thrown.ts";
import { grantsOf, type ConfiguredGrants, type HostBindingKinds } from "../core/bindings/grants.ts";
import type { BindingKind, Grants } from "../core/bindings/kinds.ts";
import type { ErrorData } from "../core/oplog/entry.ts";
import type {
  BindingInput,
  BindingRequest,
  BoundStatement,
  EffectResult,
  FetchRequest,
} from "../core/protocol.ts";
import type { Bindings } from "../runtime/ports.ts";
import { bindingKinds } from "./binding-kinds.ts";
import { toBindingValue, Unrecordable } from "./binding-values.ts";

function statementOf(database: D1Database, { sql, params }: BoundStatement): D1PreparedStatement {
  const statement = database.prepare(sql);
  return params.length === 0 ? statement : statement.bind(...params);
}

function execute(
  database: D1Database,
  method: string,
  input: Extract<BindingInput, BoundStatement>,
): unknown {
  const statement = statementOf(database, input);
  switch (method) {
    case "first":
      return input.column === undefined ? statement.first() : statement.first(input.column);
    case "raw":
      return statement.raw(input.options as { columnNames: true });
    case "all":
      return statement.all();
    default:
      return statement.run();
  }
}

async function fetchFrom(service: Fetcher, request: FetchRequest): Promise<Response> {
  const response = await send(request, (url, init) => service.fetch(url, init));
  if (isRefusedRedirect(request, response)) {
    throw new TypeError("The answer is a redirect, which this request does not allow.");
  }
  return response;
}

function invoke(target: object, method: string, args: readonly unknown[]): unknown {
  const called: unknown = method in Object.prototype ? undefined : Reflect.get(target, method);
  if (typeof called !== "function") throw new TypeError(`The binding has no method ${method}.`);
  return Reflect.apply(called, target, args) as unknown;
}

/** Methods of a multipart upload, by the names under which they are recorded. */
const UPLOADING: ReadonlyMap<string, string> = new Map([
  ["uploadPart", "uploadPart"],
  ["completeMultipartUpload", "complete"],
  ["abortMultipartUpload", "abort"],
]);

/** An upload is known by its key and its id, which come before the arguments. */
function goOnUploading(bucket: R2Bucket, method: string, input: readonly unknown[]): unknown {
  const [key, uploadId, ...args] = input as [string, string, ...unknown[]];
  return invoke(bucket.resumeMultipartUpload(key, uploadId), method, args);
}

function call(kind: BindingKind, binding: object, { method, input }: BindingRequest): unknown {
  if (Array.isArray(input)) {
    const uploading = kind === "r2" ? UPLOADING.get(method) : undefined;
    return uploading === undefined
      ? invoke(binding, method, input)
      : goOnUploading(binding as R2Bucket, uploading, input);
  }
  const request = input as Exclude<BindingInput, readonly unknown[]>;
  if ("url" in request) return fetchFrom(binding as Fetcher, request);
  const database = binding as D1Database;
  if ("sql" in request) return execute(database, method, request);
  return database.batch(request.statements.map((statement) => statementOf(database, statement)));
}

/** What came over RPC may hold on to the service, and so keep this object in memory. */
function release(result: unknown): void {
  if ((typeof result !== "object" && typeof result !== "function") || result === null) return;
  const dispose: unknown = Reflect.get(result, Symbol.dispose);
  if (typeof dispose === "function") Reflect.apply(dispose, result, []);
}

function failure(error: unknown): ErrorData {
  if (error instanceof Unrecordable) {
    return { name: "AgentError", message: error.message, code: error.code };
  }
  return thrownData(error);
}

export class HostBindings implements Bindings {
  readonly #env: object;
  readonly #kinds: HostBindingKinds;
  readonly #configured: ConfiguredGrants;
  readonly #valueBytes: number;

  /** `valueBytes` is how much a call may give. */
  constructor(env: object, configured: ConfiguredGrants, valueBytes: number) {
    this.#valueBytes = valueBytes;
    this.#env = env;
    this.#kinds = bindingKinds(env);
    this.#configured = configured;
  }

  grants(component: string, asked: readonly string[]): Grants {
    return grantsOf(component, asked, this.#configured, this.#kinds);
  }

  async perform(request: BindingRequest): Promise<EffectResult> {
    try {
      const { name, method } = request;
      const binding = Reflect.get(this.#env, name) as object;
      const result = await call(this.#kinds.get(name) ?? "other", binding, request);
      try {
        const source = { what: `binding.${name}.${method}`, limit: this.#valueBytes };
        const value = await toBindingValue(result, source);
        return { ok: true, response: "null", value };
      } finally {
        release(result);
      }
    } catch (error) {
      return { ok: false, error: failure(error) };
    }
  }
}

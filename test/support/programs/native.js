/**
 * Work that the platform does in an isolate's memory, for agents to do beside their durable calls.
 * Plain JavaScript that imports nothing, to be uploaded as it is.
 */

/** @type {(length: number, of?: number) => Uint8Array<ArrayBuffer>} */
const bytes = (length, of = 7) => new Uint8Array(length).fill(of);

/**
 * A stream of the code's own: each chunk is made when it is asked for.
 *
 * @param {number} count
 * @param {(at: number) => Uint8Array | Promise<Uint8Array>} make
 */
export function chunks(count, make) {
  let made = 0;
  return new ReadableStream({
    async pull(controller) {
      if (made < count) controller.enqueue(await make(made++));
      else controller.close();
    },
  });
}

/** @type {(stream: ReadableStream) => Promise<number>} */
const size = async (stream) => (await new Response(stream).arrayBuffer()).byteLength;
const gzip = () => new CompressionStream("gzip");
const gunzip = () => new DecompressionStream("gzip");
/** @type {(length: number) => ReadableStream} */
const packed = (length) => new Blob([bytes(length)]).stream().pipeThrough(gzip());

/** @type {(buffer: ArrayBuffer) => number | undefined} */
const first = (buffer) => new Uint8Array(buffer)[0];

/**
 * Work by its name; what it gives is the same each time.
 *
 * @type {Readonly<Record<string, () => Promise<unknown>>>}
 */
export const WORK = {
  text: () => new Response("a text").text(),
  request: () => new Request("http://nowhere/", { method: "POST", body: "a request" }).text(),
  json: () => new Response('{"a":1}').json(),
  form: async () => {
    const form = new FormData();
    form.set("field", "value");
    return (await new Response(form).formData()).get("field");
  },
  blob: () => new Blob(["blob"]).text(),
  digest: async () => first(await crypto.subtle.digest("SHA-256", bytes(100_000))),
  derive: async () => {
    const key = await crypto.subtle.importKey("raw", bytes(16), "PBKDF2", false, ["deriveBits"]);
    const salted = { name: "PBKDF2", salt: bytes(8), iterations: 1000, hash: "SHA-256" };
    return first(await crypto.subtle.deriveBits(salted, key, 64));
  },
  sign: async () => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes(16), algorithm, false, ["sign"]);
    return first(await crypto.subtle.sign("HMAC", key, bytes(10_000)));
  },
  packed: () => size(packed(200_000).pipeThrough(gunzip())),
  chunks: () =>
    size(
      chunks(300, (at) => bytes(500, at))
        .pipeThrough(gzip())
        .pipeThrough(gunzip()),
    ),
  through: () => {
    const stream = new Blob([bytes(300_000)]).stream();
    return size(
      stream.pipeThrough(new TransformStream()).pipeThrough(new IdentityTransformStream()),
    );
  },
  reader: async () => {
    let length = 0;
    const body = new Blob([bytes(100_000)]).stream().pipeThrough(gzip());
    for await (const chunk of body) length += chunk.length > 0 ? 1 : 0;
    return length > 0;
  },
  tee: async () => {
    const [one, other] = new Blob(["both"]).stream().tee();
    return Promise.all([new Response(one).text(), new Response(other).text()]);
  },
  clone: async () => {
    const response = new Response("twice");
    return Promise.all([response.clone().text(), response.text()]);
  },
  writer: async () => {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const written = writer.write(bytes(10)).then(() => writer.close());
    const length = await size(readable);
    await written;
    return length;
  },
  rewriter: () =>
    new HTMLRewriter()
      .on("b", {
        async element(b) {
          await Promise.resolve();
          b.setInnerContent("new");
        },
      })
      .transform(new Response("<b>old</b>".repeat(50)))
      .text(),
};

import { html } from "hono/html";

/** A piece of a page. */
export type Html = ReturnType<typeof html>;

/** A text of the description: `code` between backticks, and paragraphs. */
export function prose(text: string): readonly Html[] {
  return text.split("\n\n").map((paragraph) => html`<p>${inline(paragraph)}</p>`);
}

/** A text without paragraphs. */
export function inline(text: string): readonly Html[] {
  return text
    .split("`")
    .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

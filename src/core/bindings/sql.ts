/** Tells SQL statements that only read. In doubt a statement writes. */

/** Comments, texts and quoted names, none of which says what a statement does. */
const OPAQUE = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]/g;

const WRITES = /\b(?:insert|update|delete|replace)\b/i;

/** Pragmas that tell something and set nothing. */
const TELLING_PRAGMA =
  /^pragma\s+(?:table_list|(?:table_x?info|index_list|index_x?info|foreign_key_list|foreign_key_check|quick_check)\s*\([^()]*\))$/i;

/** Whether a text is one statement, and one that changes nothing. */
export function isReadStatement(sql: string): boolean {
  const bare = sql.replace(OPAQUE, (text) => (/^(?:--|\/\*)/.test(text) ? " " : "x")).trim();
  const statement = bare.replace(/(?:\s*;)+$/, "");
  if (statement.includes(";")) return false;
  const [verb = ""] = /^[a-z]+/i.exec(statement) ?? [];
  switch (verb.toLowerCase()) {
    case "select":
    case "values":
    case "explain":
      return true;
    case "with":
      return !WRITES.test(statement);
    case "pragma":
      return TELLING_PRAGMA.test(statement);
    default:
      return false;
  }
}

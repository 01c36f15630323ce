import { accept, refuse, type Result } from "../../core/errors.ts";

/**
 * A host with a variable that is wrong lets nobody in: what is wrong may be who is to be let in. It
 * names the variables only, for whoever asks is not known.
 */
export function checkConfiguration(wrong: readonly string[]): Result<null> {
  if (wrong.length === 0) return accept(null);
  const [what, them] = wrong.length === 1 ? ["variable", "it"] : ["variables", "them"];
  return refuse(
    "configuration-invalid",
    `The configuration of this server is wrong in the ${what} ${wrong.join(", ")}: its log says what to write; set ${them} and deploy again.`,
  );
}

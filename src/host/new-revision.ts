/** What code is known by, and whether what it says of itself can be kept. */
import type { AgentTypeDescription } from "../core/api/description.ts";
import type { ComponentSource } from "../core/api/operations.ts";
import { toCanonicalForm } from "../core/component/canonical-form.ts";
import { refuse, type Result } from "../core/errors.ts";
import { utf8Length } from "../core/utf8-length.ts";
import { sha256 } from "../transport/digest.ts";

/** The description of a revision is one row. */
const descriptionBytes = 1_000_000;

/** The canonical form of a source, as it is stored, and the digest of that. */
export async function identityOf(
  source: ComponentSource,
): Promise<{ readonly form: Uint8Array; readonly digest: string }> {
  const form = new TextEncoder().encode(toCanonicalForm(source));
  return { form, digest: `sha256:${await sha256(form)}` };
}

export function checkDescription(
  inspection: Result<readonly AgentTypeDescription[]>,
): Result<readonly AgentTypeDescription[]> {
  if (!inspection.ok || utf8Length(JSON.stringify(inspection.value)) <= descriptionBytes) {
    return inspection;
  }
  return refuse(
    "invalid-component",
    "The methods' descriptions and schemas are more than 1 MB together: shorten them, or split the component.",
  );
}

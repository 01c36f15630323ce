/** A block of the tour to paste, and the output that the README shows for it. */
export interface TourStep {
  readonly heading: string;
  /** In the first terminal the server runs; all else happens in the second. */
  readonly terminal: 1 | 2;
  readonly code: string;
  readonly shown: string | undefined;
}

const pieces =
  /^(?<level>##+) (?<title>.*)$|^<!-- tour: terminal (?<terminal>1) -->$|^```(?<language>\w*)\n(?<body>[\s\S]*?)^```$/gm;

/** The steps of the section "The tour", in order: each bash block, with the text block after it. */
export function readTour(readme: string): readonly TourStep[] {
  const steps: TourStep[] = [];
  let heading = "";
  let isInTour = false;
  let terminal: 1 | 2 = 2;
  for (const { groups = {} } of readme.matchAll(pieces)) {
    const { level, title, language, body = "" } = groups;
    if (title !== undefined) {
      heading = title;
      if (level === "##") isInTour = title === "The tour";
    } else if (groups["terminal"] !== undefined) {
      terminal = 1;
    } else if (isInTour && language === "bash") {
      steps.push({ heading, terminal, code: body, shown: undefined });
      terminal = 2;
    } else if (isInTour && language === "text") {
      const step = steps.pop();
      if (step === undefined || step.shown !== undefined) {
        throw new Error(`Under "${heading}" an output is shown that belongs to no block.`);
      }
      steps.push({ ...step, shown: body.trimEnd() });
    }
  }
  return steps;
}

/** What an output must match to be what is shown, where `…` stands for whatever varies. */
export function patternOf(shown: string): RegExp {
  const literal = shown.split("…").map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join(".+")}$`);
}

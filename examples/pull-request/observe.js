/**
 * What a GitHub delivery says about its pull request, as a list of `[name, value]`.
 * Names without a slash are single facts, `section/item` is one of many. `null`: no longer so.
 * Every revision of the agent shares this module, so it must stay a pure function.
 */
export function observe(event, payload) {
  const facts = payload.pull_request ? pullRequestFacts(payload.pull_request) : [];
  const own = eventFacts[event]?.(payload) ?? [];
  return [...facts, ...own].filter(([, value]) => value !== undefined);
}

/** Only what is another value than before counts as a change. */
export function sameValue(left, right) {
  return JSON.stringify(left ?? null) === JSON.stringify(right ?? null);
}

function pullRequestFacts(pull) {
  return [
    ["title", pull.title],
    ["author", pull.user?.login],
    ["state", pull.merged_at ? "merged" : pull.state],
    ["draft", pull.draft],
    ["locked", pull.locked],
    ["head", pull.head?.sha],
    ["milestone", titleOf(pull.milestone)],
    ["labels", pull.labels?.map((label) => label.name).sort()],
    ["assignees", pull.assignees?.map((user) => user.login).sort()],
    ["reviewers", pull.requested_reviewers?.map((user) => user.login).sort()],
  ];
}

const eventFacts = {
  pull_request_review: ({ review }) => [[`reviews/${review.user.login}`, review.state]],
  pull_request_review_comment: ({ action, comment }) => [
    [`comments/${comment.id}`, action === "deleted" ? null : comment.body],
  ],
  pull_request_review_thread: ({ action, thread }) => [[`threads/${thread.node_id}`, action]],
  check_run: ({ check_run: run }) => [[`checks/${run.name}`, run.conclusion ?? run.status]],
  check_suite: ({ check_suite: suite }) => [
    [`suites/${suite.app.name}`, suite.conclusion ?? suite.status],
  ],
  workflow_run: ({ workflow_run: run }) => [
    [`workflows/${run.workflow_id}`, run.conclusion ?? run.status],
  ],
  deployment_review: ({ action, environment }) => [[`deployments/${environment}`, action]],
  deployment_status: ({ deployment_status: status }) => [
    [`deployments/${status.environment}`, status.state],
  ],
  issues: ({ issue }) => [["milestone", titleOf(issue.milestone)]],
  push: ({ after }) => [["head", after]],
};

function titleOf(milestone) {
  return milestone === undefined ? undefined : (milestone?.title ?? null);
}

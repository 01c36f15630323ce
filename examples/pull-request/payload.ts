/** The parts of GitHub's webhook payloads that the demo reads. */

interface Named {
  readonly name: string;
}

interface Login {
  readonly login: string;
}

interface Milestone {
  readonly title: string;
}

interface Repository {
  readonly full_name: string;
  readonly url: string;
}

export interface PullRequestPayload {
  readonly number: number;
  readonly title: string;
  readonly state: string;
  readonly draft?: boolean;
  readonly locked?: boolean;
  readonly merged_at?: string | null;
  readonly updated_at?: string;
  readonly user?: Login;
  readonly head?: { readonly sha: string; readonly ref: string };
  readonly milestone?: Milestone | null;
  readonly labels?: readonly Named[];
  readonly assignees?: readonly Login[];
  readonly requested_reviewers?: readonly Login[];
}

/** How runs and suites refer to the pull requests that they belong to. */
export interface PullRequestReference {
  readonly number: number;
  readonly head: { readonly sha: string; readonly ref: string };
}

interface Run {
  readonly status: string;
  readonly conclusion?: string | null;
  readonly head_sha: string;
  readonly pull_requests?: readonly PullRequestReference[];
}

export interface Payload {
  readonly action?: string;
  readonly repository?: Repository;
  readonly pull_request?: PullRequestPayload;
  readonly issue?: {
    readonly number: number;
    readonly pull_request?: object;
    readonly milestone?: Milestone | null;
    readonly updated_at?: string;
  };
  readonly review?: {
    readonly user: Login;
    readonly state: string;
    readonly submitted_at?: string;
  };
  readonly comment?: { readonly id: number; readonly body: string; readonly updated_at?: string };
  readonly thread?: { readonly node_id: string };
  readonly check_run?: Run & Named & { readonly started_at?: string; completed_at?: string | null };
  readonly check_suite?: Run & { readonly app: Named; readonly updated_at?: string };
  readonly workflow_run?: Run & { readonly workflow_id: number; readonly updated_at?: string };
  readonly deployment?: { readonly sha: string };
  readonly deployment_status?: {
    readonly environment: string;
    readonly state: string;
    readonly updated_at?: string;
  };
  readonly environment?: string;
  readonly ref?: string;
  readonly sha?: string;
  readonly after?: string;
}

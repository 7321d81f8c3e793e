/** What `ftlint server` speaks beyond LSP; the page is docs/protocol.md. Nothing here runs. */

export interface Verdict {
  readonly kind: 'confirmed' | 'not-reproduced' | 'not-replayable';
  readonly level: string | null;
  readonly summary: string;
  readonly interpreter: string | null;
}

export interface Step {
  /** Index into `Interleaving.threads`. */
  readonly thread: number;
  /** Null where the file is none of the workspace. */
  readonly uri: string | null;
  /** Starts at 0. */
  readonly line: number;
  /** That line of the program. */
  readonly source?: string;
  /** The same, as servers before docs/protocol.md call it: the server may be another version than the extension. */
  readonly text?: string;
  /** What the thread did there. */
  readonly note: string;
  /** Whether another thread ran before. */
  readonly switch: boolean;
}

export interface Interleaving {
  readonly threads: readonly string[];
  readonly steps: readonly Step[];
  readonly schedule: string;
}

export interface ReplayAnswer {
  readonly fingerprint: string;
  readonly verdict: Verdict;
  readonly interleaving: Interleaving | null;
}

export interface Finding {
  readonly uri: string;
  readonly range: { readonly start: Position; readonly end: Position };
  readonly rule: string;
  readonly name: string;
  readonly message: string;
  readonly confidence: string;
  readonly severity: string | number;
  readonly fingerprint: string;
  readonly replayable?: boolean;
  readonly verdict: Verdict | null;
}

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface ServerStatus {
  readonly version: string;
  readonly interpreter: string | null;
  readonly files: number;
  readonly indexing: boolean;
}

export const SERVER = {
  replay: 'ftlint.server.replay',
  interleaving: 'ftlint.server.interleaving',
  explain: 'ftlint.server.explain',
  findings: 'ftlint.server.findings',
  status: 'ftlint.server.status',
} as const;

export const DID_CHANGE_TRUST = 'ftlint/didChangeTrust';
export const FINDINGS_CHANGED = 'ftlint/findingsChanged';

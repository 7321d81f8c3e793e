/** How the Races view is ordered. Pure. */
import type { Finding, Verdict } from './protocol';

export const GROUPINGS = ['verdict', 'file', 'rule'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Group {
  readonly key: string;
  readonly label: string;
  readonly findings: readonly Finding[];
}

type Kind = Verdict['kind'] | 'open';

/** In the order of the view: what is proved comes first. */
const KINDS: Readonly<Record<Kind, string>> = {
  confirmed: 'Confirmed',
  open: 'Not replayed yet',
  'not-reproduced': 'Not reproduced (which does not mean safe)',
  'not-replayable': 'Not replayable',
};

export function kindOf(finding: Finding): Kind {
  return finding.verdict?.kind ?? 'open';
}

/** `name` makes a path that people read from a URI. */
export function grouped(findings: readonly Finding[], by: Grouping, name: (uri: string) => string): Group[] {
  const groups = new Map<string, Finding[]>();
  for (const it of [...findings].sort(byPlace)) {
    const key = by === 'verdict' ? kindOf(it) : by === 'file' ? it.uri : it.rule;
    const group = groups.get(key);
    if (group) group.push(it);
    else groups.set(key, [it]);
  }
  const label = (key: string, first: Finding): string =>
    by === 'verdict' ? KINDS[kindOf(first)] : by === 'file' ? name(key) : `${key} ${first.name}`;
  const res = [...groups].flatMap(([key, all]) => {
    const first = all[0];
    return first ? [{ key, label: label(key, first), findings: all }] : [];
  });
  const order = Object.keys(KINDS);
  return by === 'verdict'
    ? res.sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key))
    : res.sort((a, b) => compare(a.label, b.label));
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.uri, b.uri) ||
    a.range.start.line - b.range.start.line ||
    a.range.start.character - b.range.start.character ||
    compare(a.rule, b.rule)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

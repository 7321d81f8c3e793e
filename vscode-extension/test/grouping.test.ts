import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped } from '../src/grouping';
import type { Finding, Verdict } from '../src/protocol';

function finding(uri: string, line: number, rule: string, kind?: Verdict['kind']): Finding {
  const verdict = kind ? { kind, level: null, summary: '', interpreter: null } : null;
  const range = { start: { line, character: 0 }, end: { line, character: 1 } };
  const fingerprint = `${uri}${line}${rule}`;
  return { uri, range, rule, name: `n-${rule}`, message: 'm', confidence: 'high', severity: 'error', fingerprint, verdict };
}

const ALL = [
  finding('b', 3, 'FTL2', 'not-reproduced'),
  finding('b', 1, 'FTL1'),
  finding('a', 9, 'FTL1', 'confirmed'),
  finding('a', 2, 'FTL2', 'not-replayable'),
];

const shape = (by: 'verdict' | 'file' | 'rule'): string[] =>
  grouped(ALL, by, (it) => `/${it}`).map((it) => `${it.label}: ${it.findings.map((f) => f.fingerprint).join(' ')}`);

test('by verdict, what is proved comes first', () => {
  assert.deepEqual(
    grouped(ALL, 'verdict', String).map((it) => it.key),
    ['confirmed', 'open', 'not-reproduced', 'not-replayable'],
  );
});

test('by file, in the order of lines', () => {
  assert.deepEqual(shape('file'), ['/a: a2FTL2 a9FTL1', '/b: b1FTL1 b3FTL2']);
});

test('by rule, with its name', () => {
  assert.deepEqual(shape('rule'), ['FTL1 n-FTL1: a9FTL1 b1FTL1', 'FTL2 n-FTL2: a2FTL2 b3FTL2']);
});

test('no finding is lost, and the argument stays as it was', () => {
  const before = [...ALL];
  for (const by of ['verdict', 'file', 'rule'] as const) {
    assert.equal(grouped(ALL, by, String).flatMap((it) => it.findings).length, ALL.length);
  }
  assert.deepEqual(ALL, before);
});

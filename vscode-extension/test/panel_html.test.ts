import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escape, page } from '../src/panel_html';
import type { Step } from '../src/protocol';

const EVIL = `<img src=x onerror="alert('1')">&`;

function step(thread: number, rest: Partial<Step> = {}): Step {
  return { thread, uri: 'file:///a.py', line: 4, source: '  n += 1', note: 'reads n', switch: false, ...rest };
}

function html(steps: readonly Step[], threads: readonly string[] = ['A', 'B'], title = 'T', schedule = 's1'): string {
  const parts = { nonce: 'NONCE', source: 'https://own.invalid', style: 'style.css', script: 'panel.js', title, name: (it: string) => it };
  return page({ threads, steps, schedule }, parts);
}

test('all five characters are escaped', () => {
  assert.equal(escape(`<>&"'`), '&lt;&gt;&amp;&quot;&#39;');
});

test('whatever a program says stays text', () => {
  const res = html([step(0, { source: EVIL, note: EVIL, uri: EVIL })], [EVIL, 'B'], EVIL, EVIL);
  assert.ok(!res.includes('<img'));
  assert.ok(!res.includes('onerror="'));
});

test('the policy forbids all but the own files, and the script has the nonce', () => {
  const res = html([step(0)]);
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(res)?.[1] ?? '';
  assert.match(policy, /^default-src &#39;none&#39;; style-src https:\/\/own\.invalid; script-src &#39;nonce-NONCE&#39;/);
  assert.doesNotMatch(policy, /unsafe|\*|data:/);
  assert.doesNotMatch(res, / style=| on\w+=|<script(?! nonce="NONCE")/);
});

test('each step is in the lane of its thread and says where it is', () => {
  const res = html([step(0), step(1, { switch: true }), step(0, { switch: true })]);
  assert.deepEqual([...res.matchAll(/<li class="(at-\d)/g)].map((it) => it[1]), ['at-0', 'at-1', 'at-0']);
  assert.equal(res.match(/crossing/g)?.length, 2);
  assert.ok(res.includes('file:///a.py:5'));
  assert.equal(res.match(/tabindex="0"/g)?.length, 1);
});

test('a thread that is not named does not break the page', () => {
  assert.match(html([step(7)], []), /thread 8/);
  assert.match(html([step(-1)], ['A']), /at-0/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locate, type Places } from '../src/locate';

function places(files: readonly string[], rest: Partial<Places> = {}): Places {
  const runs = (it: string): boolean => files.includes(it);
  return {
    setting: '',
    bundled: '/extension/bin/ftlint',
    environments: ['/ws/.venv'],
    path: ['/usr/bin', '/opt/bin'],
    trusted: true,
    windows: false,
    runs,
    ...rest,
  };
}

const ALL = ['/own/ftlint', '/extension/bin/ftlint', '/ws/.venv/bin/ftlint', '/opt/bin/ftlint'];

function command(it: Places): string | undefined {
  const found = locate(it);
  return 'command' in found ? found.command : undefined;
}

test('the order is setting, bundled, environment, PATH', () => {
  assert.equal(command(places(ALL, { setting: '/own/ftlint' })), '/own/ftlint');
  assert.equal(command(places(ALL)), '/extension/bin/ftlint');
  assert.equal(command(places(ALL.slice(2))), '/ws/.venv/bin/ftlint');
  assert.equal(command(places(ALL.slice(3))), '/opt/bin/ftlint');
});

test('a wrong setting is an error, whatever else there is', () => {
  const found = locate(places(ALL, { setting: '/gone/ftlint' }));
  assert.ok('looked' in found);
  assert.match(found.looked.join(), /ftlint\.path names \/gone\/ftlint/);
});

test('nothing of the environment is run without trust', () => {
  assert.equal(command(places(ALL.slice(2), { trusted: false })), '/opt/bin/ftlint');
  const found = locate(places(['/ws/.venv/bin/ftlint'], { trusted: false }));
  assert.ok('looked' in found && found.looked.some((it) => it.includes('not trusted')));
});

test('relative entries of PATH are left out: they lie in the workspace', () => {
  assert.equal(command(places(['bin/ftlint', './ftlint'], { path: ['bin', '.', ''], environments: [] })), undefined);
});

test('each answer says why', () => {
  for (const files of [ALL.slice(1), ALL.slice(2), ALL.slice(3)]) {
    const found = locate(places(files));
    assert.ok('why' in found && found.why.length > 10);
  }
});

test('Windows has other names', () => {
  const it = places([], { windows: true, runs: (file) => /Scripts.ftlint\.exe$/.test(file) });
  assert.match(command(it) ?? '', /Scripts/);
});

/** The page of the interleaving panel. Pure; everything that comes from a program is escaped. */
import type { Interleaving, Step } from './protocol';

export interface PageParts {
  readonly nonce: string;
  /** What VS Code allows as a source of the panel's own files. */
  readonly source: string;
  readonly style: string;
  readonly script: string;
  readonly title: string;
  /** A path for people, from a URI. */
  readonly name: (uri: string) => string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (it) => ENTITIES[it] ?? it);
}

export function page(interleaving: Interleaving, parts: PageParts): string {
  const policy =
    `default-src 'none'; style-src ${parts.source}; script-src 'nonce-${parts.nonce}'; ` +
    `base-uri 'none'; form-action 'none'`;
  const lanes = Math.max(1, interleaving.threads.length);
  const heads = interleaving.threads.map((it, n) => `<span class="head lane-${n % 6}" role="columnheader">${escape(it)}</span>`);
  const steps = interleaving.steps.map((it, n) => step(it, n, interleaving, parts));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escape(parts.style)}">
<title>Interleaving</title>
</head>
<body>
<header>
<h1>${escape(parts.title)}</h1>
<p class="help"><kbd>↑</kbd> <kbd>↓</kbd> walk through the steps, <kbd>Enter</kbd> goes to the line</p>
</header>
<main data-lanes="${Math.min(lanes, 8)}">
<div class="heads">${heads.join('')}</div>
<ol>${steps.join('\n')}</ol>
</main>
<footer>Repeat it in a terminal: <code>ftlint check --replay --schedule ${escape(interleaving.schedule)}</code></footer>
<script nonce="${escape(parts.nonce)}" src="${escape(parts.script)}"></script>
</body>
</html>`;
}

function step(it: Step, index: number, interleaving: Interleaving, parts: PageParts): string {
  const lane = Number.isInteger(it.thread) && it.thread >= 0 ? it.thread : 0;
  const thread = interleaving.threads[lane] ?? `thread ${lane + 1}`;
  const place = it.uri === null ? '' : `${parts.name(it.uri)}:${it.line + 1}`;
  const crossing = it.switch && index > 0 ? ' crossing' : '';
  return (
    `<li class="at-${lane % 8} lane-${lane % 6}${crossing}"><button type="button" data-step="${index}" ` +
    `tabindex="${index === 0 ? 0 : -1}" aria-label="${escape(`step ${index + 1}, ${thread}: ${it.note}, ${place}`)}">` +
    `<span class="number">${index + 1}</span><span class="thread">${escape(thread)}</span>` +
    `<code>${escape((it.source ?? it.text ?? '').trim())}</code><span class="note">${escape(it.note)}</span>` +
    `<span class="place">${escape(place)}</span></button></li>`
  );
}

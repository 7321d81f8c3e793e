/** Runs inside of the interleaving panel: keys and clicks become the number of a step. */

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const api = acquireVsCodeApi();
const steps = [...document.querySelectorAll<HTMLButtonElement>('button[data-step]')];

function choose(index: number, focus: boolean): void {
  const chosen = steps[index];
  if (!chosen) return;
  for (const it of steps) {
    it.tabIndex = it === chosen ? 0 : -1;
    it.toggleAttribute('aria-current', it === chosen);
    if (it === chosen) it.setAttribute('aria-current', 'step');
  }
  chosen.focus();
  chosen.scrollIntoView({ block: 'nearest' });
  api.postMessage({ step: index, focus });
}

steps.forEach((it, index) => it.addEventListener('click', (event) => choose(index, event.detail === 0 || event.detail > 1)));

document.addEventListener('keydown', (event) => {
  const now = steps.findIndex((it) => it.tabIndex === 0);
  const next = { ArrowDown: now + 1, j: now + 1, ArrowUp: now - 1, k: now - 1, Home: 0, End: steps.length - 1 }[event.key];
  if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  choose(Math.max(0, Math.min(next, steps.length - 1)), false);
});

/**
 * Which server is started, and why. Pure: what exists is asked through a function, so that tests can say it.
 *
 * A binary that the workspace brings (its setting, its Python environment) is never started before the workspace is
 * trusted: opening a folder must not run what lies in it.
 */
import { isAbsolute, join } from 'node:path';

export interface Places {
  /** The setting `ftlint.path`; empty when it is not set. */
  readonly setting: string;
  /** The binary inside of the extension. */
  readonly bundled: string;
  /** Roots of Python environments, the best first. */
  readonly environments: readonly string[];
  /** The variable PATH, split. */
  readonly path: readonly string[];
  readonly trusted: boolean;
  readonly windows: boolean;
  /** Whether there is a file that can be run. */
  readonly runs: (file: string) => boolean;
}

export interface Located {
  readonly command: string;
  /** Completes "uses … because it is". */
  readonly why: string;
}

export interface NotLocated {
  /** Whole sentences, one for each place that was looked at. */
  readonly looked: readonly string[];
}

export function locate(places: Places): Located | NotLocated {
  const name = places.windows ? 'ftlint.exe' : 'ftlint';
  const looked: string[] = [];
  if (places.setting) {
    // A path that was written down and is wrong must be told, not silently replaced by another binary.
    if (places.runs(places.setting)) return { command: places.setting, why: 'what the setting ftlint.path names' };
    return { looked: [`The setting ftlint.path names ${places.setting}, which is not a program.`] };
  }
  if (places.runs(places.bundled)) return { command: places.bundled, why: 'the one that comes with the extension' };
  looked.push('The extension comes without a binary for this platform.');
  if (places.trusted) {
    for (const root of places.environments) {
      const command = join(root, places.windows ? 'Scripts' : 'bin', name);
      if (places.runs(command)) return { command, why: `installed in the Python environment ${root}` };
      looked.push(`The Python environment ${root} has no ftlint.`);
    }
  } else if (places.environments.length > 0) {
    looked.push('Python environments are left out while the workspace is not trusted.');
  }
  for (const folder of places.path.filter((it) => isAbsolute(it))) {
    const command = join(folder, name);
    if (places.runs(command)) return { command, why: `the first on PATH, in ${folder}` };
  }
  looked.push('There is none on PATH.');
  return { looked };
}

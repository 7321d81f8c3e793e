//! `--fix` and `--diff`: applies fixes until nothing is left to mend, and writes files back as they were encoded.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use ftlint_analyzer::db::{Database, SourceFile};
use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::fix::{Applicability, Edit, applied, fixes};
use ftlint_project::decode::decode;
use ftlint_project::load::{Loaded, reason};
use ftlint_project::paths::Short;
use similar::TextDiff;

use crate::args::CheckArgs;
use crate::console::Console;

/// One fix may make room for another; code that never settles is left as it is then.
const ROUNDS: usize = 50;

/// What came of all fixes.
pub(crate) struct Mended {
    changed: BTreeMap<Arc<str>, Change>,
    /// Findings that only an unsafe fix would mend.
    unsafe_left: usize,
    /// What is still found.
    pub(crate) left: Vec<Diagnostic>,
}

/// The text of one file before and after so many fixes.
struct Change {
    before: String,
    after: String,
    applied: usize,
}

/// Applies fixes in memory. `find` computes the findings anew.
pub(crate) fn mend(
    args: &CheckArgs,
    db: &mut Database,
    loaded: &Loaded,
    mut found: Vec<Diagnostic>,
    find: &dyn Fn(&Database) -> Vec<Diagnostic>,
) -> anyhow::Result<Mended> {
    if args.reads_stdin() {
        bail!("standard input cannot be mended; name the file");
    }
    let files: BTreeMap<Arc<str>, SourceFile> =
        loaded.project.files(db).iter().map(|it| (Arc::clone(it.path(db)), *it)).collect();
    let mut res = Mended { changed: BTreeMap::new(), unsafe_left: 0, left: Vec::new() };
    for _ in 0..ROUNDS {
        let edits = round(args, db, &files, &found);
        if edits.is_empty() {
            break;
        }
        for (path, edits) in edits {
            let Some(file) = files.get(&path) else { continue };
            let before = file.text(db).get();
            let after = applied(&before, edits.iter().flatten());
            let known = res.changed.entry(path).or_insert_with(|| Change {
                before: before.to_string(),
                after: String::new(),
                applied: 0,
            });
            known.after.clone_from(&after);
            known.applied += edits.len();
            db.set_text(*file, after);
        }
        found = find(db);
    }
    res.changed.retain(|_, it| it.before != it.after);
    let is_unsafe = |it: &&Diagnostic| {
        let file = files.get(&it.location.file);
        file.is_some_and(|file| !fixes(db, *file, it).is_empty())
    };
    res.unsafe_left = if args.unsafe_fixes { 0 } else { found.iter().filter(is_unsafe).count() };
    res.left = found;
    Ok(res)
}

/// The edits of one round: the first fix of each finding that may be used and does not touch another one's.
fn round(
    args: &CheckArgs,
    db: &Database,
    files: &BTreeMap<Arc<str>, SourceFile>,
    found: &[Diagnostic],
) -> BTreeMap<Arc<str>, Vec<Vec<Edit>>> {
    let mut res: BTreeMap<Arc<str>, Vec<Vec<Edit>>> = BTreeMap::new();
    for diagnostic in found {
        let path = &diagnostic.location.file;
        let Some(file) = files.get(path) else { continue };
        let mut all = fixes(db, *file, diagnostic);
        // A safe one is better than an unsafe one; among equals the first is the best.
        all.sort_by_key(|it| std::cmp::Reverse(it.applicability));
        let usable =
            all.into_iter().find(|it| args.unsafe_fixes || it.applicability == Applicability::Safe);
        let Some(fix) = usable.filter(|it| it.edits.iter().all(|it| it.file == *path)) else {
            continue;
        };
        let known = res.entry(Arc::clone(path)).or_default();
        let touches =
            |a: &Edit| known.iter().flatten().any(|b| a.start <= b.end && b.start <= a.end);
        // What is inserted is a new lock under a name that was free; the next round sees it, and may use it again.
        let inserts = |it: &[Edit]| it.iter().any(|it| it.start == it.end);
        let second = inserts(&fix.edits) && known.iter().any(|it| inserts(it));
        if !second && !fix.edits.iter().any(touches) {
            known.push(fix.edits);
        }
    }
    res.retain(|_, it| !it.is_empty());
    res
}

/// "Fixed 3 findings; 2 more with --unsafe-fixes."
fn summary(mended: &Mended) -> String {
    let files = match mended.changed.len() {
        0 => {
            return match mended.unsafe_left {
                0 => "Nothing could be fixed.".to_owned(),
                n => format!("Nothing could be fixed safely; {n} with --unsafe-fixes."),
            };
        }
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    };
    let applied: usize = mended.changed.values().map(|it| it.applied).sum();
    let findings = if applied == 1 { "finding" } else { "findings" };
    let more = match mended.unsafe_left {
        0 => String::new(),
        n => format!("; {n} more with --unsafe-fixes"),
    };
    format!("Fixed {applied} {findings} in {files}{more}.")
}

/// The edits as a unified diff; whether there are any.
pub(crate) fn print(mended: &Mended, short: &Short) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    for (path, it) in &mended.changed {
        let name = short.path(&**path);
        let diff = TextDiff::from_lines(&it.before, &it.after);
        write!(out, "{}", diff.unified_diff().header(&name, &name))?;
    }
    Ok(!mended.changed.is_empty())
}

/// Writes all files and says how many; what could not be written is not mended, and told in messages.
pub(crate) fn save(mended: &mut Mended, short: &Short, console: Console) -> Vec<String> {
    let mut res = Vec::new();
    mended.changed.retain(|path, it| {
        let written = write(Path::new(&**path), &it.before, &it.after);
        if let Err(error) = &written {
            res.push(format!("{}: not fixed: {error:#}", short.path(&**path)));
        }
        written.is_ok()
    });
    for problem in &res {
        console.error(problem);
    }
    Console::line(&summary(mended));
    res
}

/// Puts a new file in the place of the old one, which is whole at any time. A link stays a link.
fn write(path: &Path, before: &str, after: &str) -> anyhow::Result<()> {
    let path: PathBuf = path.canonicalize()?;
    let old = std::fs::read(&path).map_err(|it| anyhow::anyhow!(reason(&it)))?;
    let text = decode(old.clone()).map_err(|it| anyhow::anyhow!(it.message))?;
    if text != before {
        bail!("it was changed meanwhile");
    }
    let mark: &[u8] = if old.starts_with(b"\xef\xbb\xbf") { b"\xef\xbb\xbf" } else { b"" };
    if old.strip_prefix(mark) != Some(before.as_bytes()) {
        bail!("it is not in UTF-8, and ftlint writes no other encoding");
    }
    let directory = path.parent().context("it has no directory")?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(mark)?;
    file.write_all(after.as_bytes())?;
    std::fs::set_permissions(file.path(), std::fs::metadata(&path)?.permissions())?;
    file.persist(&path)?;
    Ok(())
}

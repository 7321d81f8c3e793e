//! `ftlint check`: from paths to findings on standard output and an exit status.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, BufWriter, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use ftlint_analyzer::db::{Database, Project, SourceFile};
use ftlint_analyzer::diagnostic::Diagnostic;
use ftlint_analyzer::fix::{Fix, fixes};
use ftlint_analyzer::settings::{OutputFormat, Settings};
use ftlint_analyzer::{check_project, suppression_problems};
use ftlint_project::config::{Configuration, Overrides, selectors};
use ftlint_project::discover::{Files, Kind, Target, discover, project_root};
use ftlint_project::installed::{environment, extensions, versions};
use ftlint_project::load::{Loaded, Overlay, load, reason};
use ftlint_project::paths::{Short, absolute};

use crate::FAILED;
use crate::args::CheckArgs;
use crate::console::{Console, wants_color};
use crate::fix;
use crate::output::{self, Finding, View};
use crate::replay::{self, Replayed};
use crate::verdicts::Known;

/// Findings were printed.
const FOUND: u8 = 1;

/// Stopped by Ctrl-C, as shells say it.
const INTERRUPTED: u8 = 130;

/// Runs the command.
pub(crate) fn run(args: &CheckArgs) -> anyhow::Result<u8> {
    let console = Console::new(args.color);
    let Analysis { mut db, loaded, files, settings, mut problems, project, short } = analyse(args)?;
    for problem in &problems {
        console.error(problem);
    }
    warn_of_suppressions(&db, &loaded, &short, console);
    let mut diagnostics = diagnostics(&db, &loaded, &files);
    if args.fix || args.diff {
        let again = |db: &Database| self::diagnostics(db, &loaded, &files);
        let mut mended = fix::mend(args, &mut db, &loaded, diagnostics, &again)?;
        if args.diff {
            let changes = fix::print(&mended, &short)?;
            return Ok(if problems.is_empty() { u8::from(changes) } else { FAILED });
        }
        problems.extend(fix::save(&mut mended, &short, console));
        diagnostics = mended.left;
    }
    let known = Known::new(args, &db, loaded.project, &project);
    let replayed = if args.replay {
        replay::replay(args, diagnostics, &known, &short, console)
    } else {
        let mut res = Replayed::without(diagnostics);
        known.look_up(&mut res.findings, None);
        res
    };
    report(args, &Texts::new(&db, loaded.project), &replayed, settings.output_format, &short)?;
    // The system frees a large project at once; dropping it piece by piece takes a sixth of the time.
    std::mem::forget(db);
    Ok(status(args, &replayed, !problems.is_empty()))
}

/// The findings of a run that prints nothing, with the verdicts of earlier runs, and what could not be read.
pub(crate) struct Checked {
    pub(crate) findings: Vec<Finding>,
    pub(crate) problems: Vec<String>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) project: PathBuf,
}

/// Analyses, and leaves the telling to somebody else.
pub(crate) fn quietly(args: &CheckArgs) -> anyhow::Result<Checked> {
    let Analysis { db, loaded, files, settings, problems, project, short: _ } = analyse(args)?;
    let mut res = Replayed::without(diagnostics(&db, &loaded, &files));
    Known::new(args, &db, loaded.project, &project).look_up(&mut res.findings, None);
    Ok(Checked { findings: res.findings, problems, settings, project })
}

/// The project as it was read, before anybody asks what is wrong with it.
struct Analysis {
    db: Database,
    loaded: Loaded,
    files: Files,
    settings: Arc<Settings>,
    problems: Vec<String>,
    project: PathBuf,
    short: Short,
}

fn analyse(args: &CheckArgs) -> anyhow::Result<Analysis> {
    crate::pool();
    let cwd = std::env::current_dir().context("the working directory cannot be read")?;
    let home = std::env::home_dir();
    let short = Short::new(cwd.clone());
    let overlay = overlay(args, &cwd)?;

    let mut configuration = Configuration::new(overrides(args)?, args.isolated, &short);
    let (targets, mut problems) = targets(args, &cwd, overlay.as_ref(), &mut configuration)?;
    let settings = targets
        .first()
        .map_or_else(|| configuration.at(&cwd), |it| Ok(Arc::clone(&it.settings)))?;

    let files = discover(&targets, home.as_deref());
    let listed: Vec<_> =
        files.iter().map(|(path, reported)| (path.as_path(), reported.is_some())).collect();
    let place = targets.first().map_or(cwd.as_path(), |it| &it.path);
    let project = project_root(place, home.as_deref()).unwrap_or(place).to_owned();
    let environment = environment(&project, args.python.as_deref());
    let installed = environment.as_ref().map(versions).unwrap_or_default();

    let mut db = Database::new();
    let loaded =
        load(&db, &listed, overlay.as_ref(), installed, settings.knowledge.clone(), &short);
    db.set_target(loaded.project, settings.target_version);
    if let Some(environment) = &environment {
        let found = extensions(&db, loaded.project, environment);
        db.set_extensions(loaded.project, found);
    }
    problems.extend(loaded.problems.iter().cloned());
    drop(configuration);
    Ok(Analysis { db, loaded, files, settings, problems, project, short })
}

/// Prints the findings, and writes the page if there is to be one.
fn report(
    args: &CheckArgs,
    texts: &Texts<'_>,
    replayed: &Replayed,
    format: Option<OutputFormat>,
    short: &Short,
) -> anyhow::Result<()> {
    let text = |path: &str| texts.get(path);
    let view = View {
        short,
        text: &text,
        fixes: &|it| texts.fixes(it),
        color: wants_color(args.color, &io::stdout()),
        options: &output::repeat::options(args),
    };
    print(&replayed.findings, format.unwrap_or(OutputFormat::Full), &view)?;
    if let Some(path) = &args.report {
        output::page::save(path, &replayed.findings, &view)?;
    }
    Ok(())
}

fn status(args: &CheckArgs, replayed: &Replayed, unreadable: bool) -> u8 {
    if replayed.interrupted {
        INTERRUPTED
    } else if unreadable || replayed.failed {
        FAILED
    } else if replayed.findings.is_empty() || args.exit_zero {
        0
    } else {
        FOUND
    }
}

/// What the command line lays over the configuration. Fails when it names an unknown rule.
fn overrides(args: &CheckArgs) -> anyhow::Result<Overrides> {
    Ok(Overrides {
        select: selectors("--select", &args.select)?,
        ignore: selectors("--ignore", &args.ignore)?,
        min_confidence: args.min_confidence.map(Into::into),
        output_format: args.output_format.map(Into::into),
        target_version: args.target_version.map(Into::into),
    })
}

/// What `-` stands for.
fn overlay(args: &CheckArgs, cwd: &Path) -> anyhow::Result<Option<Overlay>> {
    if !args.reads_stdin() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
    let name = args.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("<stdin>"));
    Ok(Some(Overlay { path: absolute(cwd, &name), bytes }))
}

/// The named paths with their settings, and messages on those that are not there.
fn targets(
    args: &CheckArgs,
    cwd: &Path,
    overlay: Option<&Overlay>,
    configuration: &mut Configuration<'_>,
) -> anyhow::Result<(Vec<Target>, Vec<String>)> {
    let (mut res, mut problems) = (Vec::new(), Vec::new());
    let stdin = [PathBuf::from("-")];
    // An editor that names its buffer asks for nothing else.
    let paths = if args.stdin_filename.is_some() { &stdin[..] } else { &args.paths };
    for named in paths {
        let (path, kind) = match overlay {
            Some(it) if named.as_os_str() == "-" => (it.path.clone(), Kind::File),
            _ => {
                let path = absolute(cwd, named);
                match path.metadata() {
                    Ok(it) if it.is_dir() => (path, Kind::Directory),
                    Ok(_) => (path, Kind::File),
                    Err(error) => {
                        problems.push(format!("{}: {}", named.display(), reason(&error)));
                        continue;
                    }
                }
            }
        };
        let directory =
            if kind == Kind::Directory { &path } else { path.parent().unwrap_or(&path) };
        let settings = configuration.at(directory)?;
        if !(args.force_exclude && settings.exclude.matches(&path.to_string_lossy())) {
            res.push(Target { path, kind, settings });
        }
    }
    Ok((res, problems))
}

/// A suppression that is misspelt hides nothing; the user should know.
fn warn_of_suppressions(db: &Database, loaded: &Loaded, short: &Short, console: Console) {
    // The project's list is sorted by path, the set is not.
    let reported = loaded.project.files(db).iter().filter(|it| loaded.reported.contains(it));
    for file in reported {
        for problem in suppression_problems(db, *file) {
            let path = short.path(&**file.path(db));
            console.warning(&format!("{path}:{}: {}", problem.line, problem.message));
        }
    }
}

/// The findings to show, by file and position.
fn diagnostics(db: &Database, loaded: &Loaded, files: &Files) -> Vec<Diagnostic> {
    let settings: HashMap<String, &Arc<Settings>> = files
        .iter()
        .filter_map(|(path, settings)| {
            Some((path.to_string_lossy().into_owned(), settings.as_ref()?))
        })
        .collect();
    let wanted = |file: SourceFile| loaded.reported.contains(&file);
    let mut res = check_project(db, loaded.project, &wanted);
    res.retain(|it| settings.get(&*it.location.file).is_some_and(|settings| settings.keeps(it)));
    res
}

/// The texts that are shown, each fetched once.
struct Texts<'a> {
    db: &'a Database,
    files: HashMap<&'a str, SourceFile>,
    fetched: RefCell<HashMap<SourceFile, Arc<str>>>,
}

impl<'a> Texts<'a> {
    fn new(db: &'a Database, project: Project) -> Self {
        let files = project.files(db).iter().map(|it| (&**it.path(db), *it)).collect();
        Texts { db, files, fetched: RefCell::default() }
    }

    fn get(&self, path: &str) -> Option<Arc<str>> {
        let file = self.files.get(path)?;
        let mut fetched = self.fetched.borrow_mut();
        Some(Arc::clone(fetched.entry(*file).or_insert_with(|| file.text(self.db).get())))
    }

    fn fixes(&self, diagnostic: &Diagnostic) -> Vec<Fix> {
        let file = self.files.get(&*diagnostic.location.file);
        file.map_or_else(Vec::new, |file| fixes(self.db, *file, diagnostic))
    }
}

fn print(findings: &[Finding], format: OutputFormat, view: &View<'_>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        OutputFormat::Concise => output::concise::write(&mut out, findings, view)?,
        OutputFormat::Full => output::full::write(&mut out, findings, view)?,
        OutputFormat::Json => output::json::write(&mut out, findings, view)?,
        OutputFormat::Sarif => output::sarif::write(&mut out, findings, view)?,
        OutputFormat::Github => output::github::write(&mut out, findings, view)?,
        OutputFormat::Junit => output::junit::write(&mut out, findings, view)?,
    }
    out.flush()?;
    let for_people = matches!(format, OutputFormat::Full | OutputFormat::Concise);
    if for_people || io::stderr().is_terminal() {
        Console::line(&output::summary(findings));
    }
    Ok(())
}

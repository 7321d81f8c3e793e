//! Finds and reads configuration files, and lays the command line over them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use ftlint_analyzer::rule::Confidence;
use ftlint_analyzer::rules::RULES;
use ftlint_analyzer::settings::{OutputFormat, Selector, Settings, Source, TargetVersion};

use crate::args::CheckArgs;
use crate::paths::Short;

const FILES: [(&str, Source); 2] =
    [("ftlint.toml", Source::FtlintToml), ("pyproject.toml", Source::Pyproject)];

/// The settings of each directory that was asked for.
pub(crate) struct Configuration<'a> {
    short: &'a Short,
    isolated: bool,
    overrides: Overrides,
    by_file: HashMap<PathBuf, Option<Arc<Settings>>>,
    default: Arc<Settings>,
}

/// What the command line says.
struct Overrides {
    select: Option<Vec<Selector>>,
    ignore: Option<Vec<Selector>>,
    args: (Option<Confidence>, Option<OutputFormat>, Option<TargetVersion>),
}

impl<'a> Configuration<'a> {
    /// Fails when the command line names an unknown rule.
    pub(crate) fn new(args: &CheckArgs, short: &'a Short) -> anyhow::Result<Self> {
        let overrides = Overrides {
            select: selectors("--select", &args.select)?,
            ignore: selectors("--ignore", &args.ignore)?,
            args: (
                args.min_confidence.map(Into::into),
                args.output_format.map(Into::into),
                args.target_version.map(Into::into),
            ),
        };
        let default = Arc::new(overrides.apply(Settings::default()));
        Ok(Self { short, isolated: args.isolated, overrides, by_file: HashMap::new(), default })
    }

    /// The settings that hold in a directory: those of the nearest configuration upward.
    pub(crate) fn at(&mut self, directory: &Path) -> anyhow::Result<Arc<Settings>> {
        if !self.isolated {
            for ancestor in directory.ancestors() {
                for (name, source) in FILES {
                    if let Some(settings) = self.file(&ancestor.join(name), source)? {
                        return Ok(settings);
                    }
                }
            }
        }
        Ok(Arc::clone(&self.default))
    }

    fn file(&mut self, path: &Path, source: Source) -> anyhow::Result<Option<Arc<Settings>>> {
        if let Some(known) = self.by_file.get(path) {
            return Ok(known.clone());
        }
        let read = if path.is_file() { self.read(path, source)? } else { None };
        let settings = read.map(|it| Arc::new(self.overrides.apply(it)));
        self.by_file.insert(path.to_owned(), settings.clone());
        Ok(settings)
    }

    fn read(&self, path: &Path, source: Source) -> anyhow::Result<Option<Settings>> {
        let text = std::fs::read_to_string(path).with_context(|| self.short.path(path))?;
        let base = path.parent().unwrap_or(path).to_string_lossy();
        match Settings::parse(&text, source, &base, RULES) {
            Ok(settings) => Ok(settings),
            Err(it) => bail!("{}:{}:{}: {}", self.short.path(path), it.line, it.column, it.message),
        }
    }
}

impl Overrides {
    /// `--select` starts anew: what the configuration ignores is asked for all the same.
    fn apply(&self, mut settings: Settings) -> Settings {
        if let Some(select) = &self.select {
            settings.select = Some(select.clone());
            settings.ignore.clear();
        }
        if let Some(ignore) = &self.ignore {
            settings.ignore.clone_from(ignore);
        }
        let (min_confidence, output_format, target_version) = self.args;
        settings.min_confidence = min_confidence.unwrap_or(settings.min_confidence);
        settings.output_format = output_format.or(settings.output_format);
        settings.target_version = target_version.or(settings.target_version);
        settings
    }
}

fn selectors(option: &str, names: &[String]) -> anyhow::Result<Option<Vec<Selector>>> {
    if names.is_empty() {
        return Ok(None);
    }
    let selector =
        |it: &String| Selector::parse(it, RULES).map_err(|it| anyhow::anyhow!("{option}: {it}"));
    names.iter().map(selector).collect::<Result<_, _>>().map(Some)
}

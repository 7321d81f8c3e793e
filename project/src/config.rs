//! Finds and reads configuration files, and lays the command line over them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use ftlint_analyzer::rule::Confidence;
use ftlint_analyzer::rules::RULES;
use ftlint_analyzer::settings::{OutputFormat, Selector, Settings, Source, TargetVersion};

use crate::paths::Short;

/// Where settings are looked for in each directory, first come first.
pub const FILES: [(&str, Source); 2] =
    [("ftlint.toml", Source::FtlintToml), ("pyproject.toml", Source::Pyproject)];

/// The settings of each directory that was asked for.
pub struct Configuration<'a> {
    short: &'a Short,
    isolated: bool,
    overrides: Overrides,
    by_file: HashMap<PathBuf, Option<Arc<Settings>>>,
    default: Arc<Settings>,
}

/// What is laid over every configuration file: by the command line, or by the settings of an editor.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Instead of the rules that the configuration selects, and of those that it ignores.
    pub select: Option<Vec<Selector>>,
    /// Instead of the rules that the configuration ignores.
    pub ignore: Option<Vec<Selector>>,
    /// The lowest confidence that is shown.
    pub min_confidence: Option<Confidence>,
    /// How findings are printed.
    pub output_format: Option<OutputFormat>,
    /// The interpreter that the code is written for.
    pub target_version: Option<TargetVersion>,
}

impl<'a> Configuration<'a> {
    /// With `isolated`, no file is read and only the overrides hold.
    pub fn new(overrides: Overrides, isolated: bool, short: &'a Short) -> Self {
        let default = Arc::new(overrides.apply(Settings::default()));
        Self { short, isolated, overrides, by_file: HashMap::new(), default }
    }

    /// The settings that hold in a directory: those of the nearest configuration upward.
    pub fn at(&mut self, directory: &Path) -> anyhow::Result<Arc<Settings>> {
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
        settings.min_confidence = self.min_confidence.unwrap_or(settings.min_confidence);
        settings.output_format = self.output_format.or(settings.output_format);
        settings.target_version = self.target_version.or(settings.target_version);
        settings
    }
}

/// The rules that some names select; nothing for no names, which is not the same as no rules. An error names the option
/// and the name that is unknown.
pub fn selectors(option: &str, names: &[String]) -> anyhow::Result<Option<Vec<Selector>>> {
    if names.is_empty() {
        return Ok(None);
    }
    let selector =
        |it: &String| Selector::parse(it, RULES).map_err(|it| anyhow::anyhow!("{option}: {it}"));
    names.iter().map(selector).collect::<Result<_, _>>().map(Some)
}

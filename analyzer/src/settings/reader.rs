//! From TOML with positions to [`Settings`]; each mistake is reported at its own key or value.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::rule::{Confidence, Rule};
use crate::settings::{
    ConfigProblem, Knowledge, OutputFormat, PathPatterns, Selector, Settings, Source,
    TargetVersion, did_you_mean,
};

const KEYS: &[&str] = &[
    "select",
    "ignore",
    "min-confidence",
    "exclude",
    "target-version",
    "output-format",
    "per-file-ignores",
    "knowledge",
];

const CONFIDENCES: &[(&str, Confidence)] =
    &[("low", Confidence::Low), ("medium", Confidence::Medium), ("high", Confidence::High)];

const VERSIONS: &[(&str, TargetVersion)] = &[
    ("3.13t", TargetVersion::Py313t),
    ("3.14t", TargetVersion::Py314t),
    ("3.15t", TargetVersion::Py315t),
];

const FORMATS: &[(&str, OutputFormat)] = &[
    ("concise", OutputFormat::Concise),
    ("full", OutputFormat::Full),
    ("json", OutputFormat::Json),
    ("sarif", OutputFormat::Sarif),
    ("github", OutputFormat::Github),
    ("junit", OutputFormat::Junit),
];

/// A mistake before its offset is turned into line and column.
struct Mistake {
    at: usize,
    message: String,
}

type Value<'a> = Spanned<DeValue<'a>>;

pub(super) fn read(
    text: &str,
    source: Source,
    base: &str,
    rules: &[&'static Rule],
) -> Result<Option<Settings>, ConfigProblem> {
    read_document(text, source, base, rules).map_err(|it| locate(text, it))
}

fn read_document(
    text: &str,
    source: Source,
    base: &str,
    rules: &[&'static Rule],
) -> Result<Option<Settings>, Mistake> {
    let document = DeTable::parse(text).map_err(|it| Mistake {
        at: it.span().map_or(0, |span| span.start),
        message: it.message().to_owned(),
    })?;
    let mut table = document.get_ref();
    if source == Source::Pyproject {
        for key in ["tool", "ftlint"] {
            let Some(value) = table.get(key) else { return Ok(None) };
            table = table_of(key, value)?;
        }
    }
    let reader = Reader { base, rules };
    let mut settings = Settings::default();
    for (key, value) in table {
        reader.set(&mut settings, key.get_ref(), &key.span(), value)?;
    }
    Ok(Some(settings))
}

struct Reader<'a> {
    base: &'a str,
    rules: &'a [&'static Rule],
}

impl Reader<'_> {
    fn set(
        &self,
        settings: &mut Settings,
        key: &str,
        span: &Range<usize>,
        value: &Value<'_>,
    ) -> Result<(), Mistake> {
        match key {
            "select" => settings.select = Some(self.selectors(key, value)?),
            "ignore" => settings.ignore = self.selectors(key, value)?,
            "min-confidence" => settings.min_confidence = word(key, value, CONFIDENCES)?,
            "exclude" => settings.exclude = self.patterns(&strings(key, value)?)?,
            "target-version" => settings.target_version = Some(word(key, value, VERSIONS)?),
            "output-format" => settings.output_format = Some(word(key, value, FORMATS)?),
            "per-file-ignores" => {
                for (pattern, value) in table_of(key, value)? {
                    let patterns =
                        self.patterns(&[(pattern.get_ref().as_ref(), pattern.span().start)])?;
                    settings.per_file_ignores.push((patterns, self.selectors(key, value)?));
                }
            }
            "knowledge" => {
                let known = Knowledge::with_project(value.clone());
                let known = known.map_err(|(at, message)| Mistake { at, message })?;
                settings.knowledge = Some(Arc::new(known));
            }
            _ => {
                let hint = did_you_mean(key, KEYS.iter().copied());
                let hint = hint.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
                return Err(Mistake {
                    at: span.start,
                    message: format!("unknown setting `{key}`{hint}"),
                });
            }
        }
        Ok(())
    }

    fn selectors(&self, key: &str, value: &Value<'_>) -> Result<Vec<Selector>, Mistake> {
        let selector = |(text, at)| {
            Selector::parse(text, self.rules).map_err(|message| Mistake { at, message })
        };
        strings(key, value)?.into_iter().map(selector).collect()
    }

    fn patterns(&self, patterns: &[(&str, usize)]) -> Result<PathPatterns, Mistake> {
        PathPatterns::new(self.base, patterns.iter().map(|(text, _)| *text))
            .map_err(|(i, message)| Mistake { at: patterns[i].1, message })
    }
}

fn table_of<'a, 'i>(key: &str, value: &'a Value<'i>) -> Result<&'a DeTable<'i>, Mistake> {
    value.get_ref().as_table().ok_or_else(|| mismatch(key, value, "a table"))
}

/// The strings of a list, each with its offset.
fn strings<'a>(key: &str, value: &'a Value<'_>) -> Result<Vec<(&'a str, usize)>, Mistake> {
    let list =
        value.get_ref().as_array().ok_or_else(|| mismatch(key, value, "a list of strings"))?;
    let string = |it: &'a Value<'_>| {
        let text = it.get_ref().as_str().ok_or_else(|| mismatch(key, it, "a list of strings"))?;
        Ok((text, it.span().start))
    };
    list.iter().map(string).collect()
}

fn word<T: Copy>(key: &str, value: &Value<'_>, known: &[(&str, T)]) -> Result<T, Mistake> {
    let text = value.get_ref().as_str().ok_or_else(|| mismatch(key, value, "a string"))?;
    let found = known.iter().find(|(name, _)| *name == text);
    found.map(|(_, it)| *it).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("`{key}` is `{text}`; expected one of {}", names.join(", "));
        Mistake { at: value.span().start, message }
    })
}

fn mismatch(key: &str, value: &Value<'_>, wanted: &str) -> Mistake {
    let message = format!("`{key}` must be {wanted}, not {}", value.get_ref().type_str());
    Mistake { at: value.span().start, message }
}

fn locate(text: &str, mistake: Mistake) -> ConfigProblem {
    let before = text.get(..mistake.at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |it| it + 1);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    ConfigProblem {
        line: count(before.matches('\n').count() + 1),
        column: count(before[line_start..].chars().count() + 1),
        message: mistake.message,
    }
}

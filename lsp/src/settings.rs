//! What the client tells of itself and of its settings.

use std::path::PathBuf;

use ftlint_analyzer::rule::Confidence;
use ftlint_analyzer::settings::TargetVersion;
use ftlint_project::config::{Overrides, selectors};
use serde::Deserialize;
use serde_json::Value;

/// `initializationOptions`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InitOptions {
    /// The client has the commands `ftlint.replayFinding`, `ftlint.showInterleaving`, `ftlint.explainRule`.
    pub client_commands: bool,
    /// Whether code of the workspace may be run. A client that says nothing has no notion of trust.
    pub trusted: Option<bool>,
    /// `push` when diagnostics shall be pushed though the client could pull them.
    pub diagnostics: Option<String>,
    /// The settings, for clients that do not answer `workspace/configuration`.
    pub settings: Value,
}

/// The settings of the editor, laid over configuration files.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Rules to report instead of the configured ones.
    pub select: Vec<String>,
    /// Rules not to report.
    pub ignore: Vec<String>,
    /// `low`, `medium` or `high`.
    pub min_confidence: Option<String>,
    /// `3.13t`, `3.14t` or `3.15t`.
    pub target_version: Option<String>,
    /// The interpreter of replays.
    pub python: Option<PathBuf>,
    /// Whether to show inferred guards in the text.
    pub inlay_hints: bool,
    /// Whether to show code lenses.
    pub code_lens: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            select: Vec::new(),
            ignore: Vec::new(),
            min_confidence: None,
            target_version: None,
            python: None,
            inlay_hints: false,
            code_lens: true,
        }
    }
}

impl Settings {
    /// Reads what a client sent, with or without the section's name around it. Null is the default.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let value = value.get("ftlint").unwrap_or(value);
        let Value::Object(map) = value else { return Ok(Self::default()) };
        // An editor sends null, or an empty string, for what the user has not set.
        let set = map.iter().filter(|(_, it)| !it.is_null() && it.as_str() != Some(""));
        let set: serde_json::Map<_, _> = set.map(|(k, v)| (k.clone(), v.clone())).collect();
        serde_json::from_value(Value::Object(set)).map_err(|it| format!("settings: {it}"))
    }

    /// What is laid over the configuration; says what is wrong with a value.
    pub fn overrides(&self) -> Result<Overrides, String> {
        let rules = |name, list| selectors(name, list).map_err(|it| format!("{it:#}"));
        let min_confidence = match self.min_confidence.as_deref() {
            None => None,
            Some("low") => Some(Confidence::Low),
            Some("medium") => Some(Confidence::Medium),
            Some("high") => Some(Confidence::High),
            Some(it) => return Err(format!("minConfidence: `{it}` is not low, medium or high")),
        };
        let target_version = match self.target_version.as_deref() {
            None => None,
            Some("3.13t") => Some(TargetVersion::Py313t),
            Some("3.14t") => Some(TargetVersion::Py314t),
            Some("3.15t") => Some(TargetVersion::Py315t),
            Some(it) => return Err(format!("targetVersion: `{it}` is not 3.13t, 3.14t or 3.15t")),
        };
        Ok(Overrides {
            select: rules("select", &self.select)?,
            ignore: rules("ignore", &self.ignore)?,
            min_confidence,
            output_format: None,
            target_version,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_read_with_and_without_their_section() {
        let inner = json!({"minConfidence": "low", "python": "", "select": null});
        let read = Settings::parse(&inner).unwrap();
        assert_eq!(read.min_confidence.as_deref(), Some("low"));
        assert!(read.python.is_none() && read.code_lens);
        assert_eq!(Settings::parse(&json!({ "ftlint": inner })).unwrap(), read);
        assert_eq!(Settings::parse(&Value::Null).unwrap(), Settings::default());
    }

    #[test]
    fn wrong_values_are_told() {
        let wrong = |it| Settings::parse(&it).and_then(|it| it.overrides()).unwrap_err();
        assert!(wrong(json!({"minConfidence": "huge"})).contains("`huge`"));
        assert!(wrong(json!({"select": ["FTL999"]})).contains("FTL999"));
        assert!(wrong(json!({"codeLens": 3})).contains("settings"));
    }
}

//! The settings of the editor: section `ftlint`. They are laid over the project's configuration files.

use std::path::PathBuf;

use ftlint_analyzer::rule::Confidence;
use ftlint_analyzer::settings::TargetVersion;
use ftlint_project::config::{Overrides, selectors};
use serde::Deserialize;

/// As the client sends them; what is not there is decided by the project.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ClientSettings {
    select: Vec<String>,
    ignore: Vec<String>,
    min_confidence: Option<Level>,
    target_version: Option<Target>,
    /// The interpreter for replays, and whose environment counts.
    pub(crate) python: Option<PathBuf>,
    /// Whether guards are shown between the code.
    pub(crate) inlay_hints: bool,
    /// Whether there are lines above functions with findings.
    pub(crate) code_lens: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Level {
    Low,
    Medium,
    High,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
enum Target {
    #[serde(rename = "3.13t")]
    Py313t,
    #[serde(rename = "3.14t")]
    Py314t,
    #[serde(rename = "3.15t")]
    Py315t,
}

impl ClientSettings {
    /// From JSON. An editor may send `null`, and empty strings where nothing was chosen; an error says what is wrong.
    pub(crate) fn parse(mut value: serde_json::Value) -> Result<Self, String> {
        if let Some(fields) = value.as_object_mut() {
            fields.retain(|_, it| !it.is_null() && it.as_str() != Some(""));
        } else {
            return Ok(Self::default());
        }
        serde_json::from_value(value).map_err(|it| format!("the setting `ftlint`: {it}"))
    }

    /// Fails when a rule is named that there is not.
    pub(crate) fn overrides(&self) -> anyhow::Result<Overrides> {
        Ok(Overrides {
            select: selectors("ftlint.select", &self.select)?,
            ignore: selectors("ftlint.ignore", &self.ignore)?,
            min_confidence: self.min_confidence.map(|it| match it {
                Level::Low => Confidence::Low,
                Level::Medium => Confidence::Medium,
                Level::High => Confidence::High,
            }),
            output_format: None,
            target_version: self.target_version.map(|it| match it {
                Target::Py313t => TargetVersion::Py313t,
                Target::Py314t => TargetVersion::Py314t,
                Target::Py315t => TargetVersion::Py315t,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_chosen_is_left_to_the_project() {
        let nothing = [json!(null), json!({}), json!({"python": "", "targetVersion": null})];
        for value in nothing {
            assert_eq!(ClientSettings::parse(value).unwrap(), ClientSettings::default());
        }
    }

    #[test]
    fn rules_and_levels_are_read() {
        let value = json!({"select": ["FTL1"], "minConfidence": "low", "targetVersion": "3.15t"});
        let overrides = ClientSettings::parse(value).unwrap().overrides().unwrap();
        assert_eq!(overrides.min_confidence, Some(Confidence::Low));
        assert_eq!(overrides.select.map(|it| it.len()), Some(1));
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = ClientSettings::parse(json!({"minConfidence": "sure"})).unwrap_err();
        assert!(wrong.contains("sure"), "{wrong}");
        let unknown = ClientSettings::parse(json!({"select": ["XYZ"]})).unwrap().overrides();
        assert!(unknown.unwrap_err().to_string().contains("XYZ"));
    }
}

//! A rule, or a family of rules, named by the user: `FTL101`, `FTL1`, `ALL`, `non-atomic-update`.

use crate::rule::Rule;
use crate::settings::did_you_mean;

/// A prefix of codes that at least one rule has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector(String);

impl Selector {
    /// Reads what the user wrote; the error is a message that names it.
    pub fn parse(text: &str, rules: &[&'static Rule]) -> Result<Self, String> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self(String::new()));
        }
        if let Some(rule) = rules.iter().find(|it| it.name.eq_ignore_ascii_case(text)) {
            return Ok(Self(rule.code.to_owned()));
        }
        let prefix = text.to_ascii_uppercase();
        if prefix.starts_with("FTL") && rules.iter().any(|it| it.code.starts_with(&prefix)) {
            return Ok(Self(prefix));
        }
        let names = rules.iter().flat_map(|it| [it.code, it.name]);
        let hint = did_you_mean(if prefix.starts_with("FTL") { &prefix } else { text }, names);
        let hint = hint.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
        Err(format!("unknown rule `{text}`{hint}"))
    }
}

/// How exactly the best of the selectors names this code; `None` when none does.
pub(super) fn strength(selectors: &[Selector], code: &str) -> Option<usize> {
    selectors.iter().filter(|it| code.starts_with(&it.0)).map(|it| it.0.len()).max()
}

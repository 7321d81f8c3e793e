//! Glob patterns over paths, with ruff's reading: a pattern matches a path when it matches the path itself or one of
//! its parents, either the bare name (`generated`) or the path below the configuration's directory (`src/gen/*.py`).

use globset::{Glob, GlobSet, GlobSetBuilder};

/// Patterns of one configuration file.
#[derive(Clone, Debug, Default)]
pub struct PathPatterns {
    base: String,
    globs: GlobSet,
}

impl PathPatterns {
    /// Compiles patterns relative to the directory `base`. The error is the place of the bad pattern and a message.
    pub fn new<'a>(
        base: &str,
        patterns: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (i, pattern) in patterns.into_iter().enumerate() {
            let bare = pattern.trim_start_matches("./").trim_end_matches('/');
            set.add(Glob::new(bare).map_err(|it| (i, it.to_string()))?);
        }
        let globs = set.build().map_err(|it| (0, it.to_string()))?;
        Ok(Self { base: base.to_owned(), globs })
    }

    /// Whether a pattern matches the path or a directory above it, up to the base.
    pub fn matches(&self, path: &str) -> bool {
        if self.globs.is_empty() {
            return false;
        }
        let below = path
            .strip_prefix(&self.base)
            .map_or(path, |it| it.trim_start_matches(std::path::is_separator));
        let ends =
            below.match_indices(std::path::is_separator).map(|(at, _)| at).chain([below.len()]);
        ends.filter(|it| *it > 0).any(|end| {
            let ancestor = &below[..end];
            let name = ancestor.rsplit(std::path::is_separator).next().unwrap_or(ancestor);
            self.globs.is_match(name) || self.globs.is_match(ancestor)
        }) || self.globs.is_match(path)
    }
}

//! TOML with places: where in the text a value stands.

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// What went wrong, and at which byte.
pub(crate) type Trouble = (usize, String);

/// A document.
pub(crate) fn parse(text: &str) -> Result<DeTable<'_>, Trouble> {
    let table = DeTable::parse(text)
        .map_err(|it| (it.span().map_or(0, |it| it.start), it.message().to_owned()))?;
    Ok(table.into_inner())
}

/// From 1. A place behind the end is on the last line.
pub(crate) fn line_of(text: &[u8], at: usize) -> u32 {
    let before = &text[..at.min(text.len())];
    u32::try_from(before.split(|it| *it == b'\n').count()).unwrap_or(u32::MAX)
}

/// The value of a key.
pub(crate) fn get<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.get(key)
}

/// The text under a key, when it is one.
pub(crate) fn text(table: &DeTable<'_>, key: &str) -> Option<String> {
    get(table, key)?.get_ref().as_str().map(str::to_owned)
}

/// The elements under a key; none where the key is not there or no list.
pub(crate) fn list<'t, 'i>(table: &'t DeTable<'i>, key: &str) -> &'t [Spanned<DeValue<'i>>] {
    get(table, key).and_then(|it| array(it.get_ref())).map_or(&[], |it| it.as_ref())
}

/// The table under a key.
pub(crate) fn table<'t, 'i>(of: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
    as_table(get(of, key)?.get_ref())
}

pub(crate) fn as_table<'t, 'i>(value: &'t DeValue<'i>) -> Option<&'t DeTable<'i>> {
    match value {
        DeValue::Table(it) => Some(it),
        _ => None,
    }
}

fn array<'t, 'i>(value: &'t DeValue<'i>) -> Option<&'t DeArray<'i>> {
    match value {
        DeValue::Array(it) => Some(it),
        _ => None,
    }
}

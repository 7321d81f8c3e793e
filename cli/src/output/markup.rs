//! Text that becomes part of HTML, SVG or XML. Nothing that was read from a file is written in any other way.

use std::fmt::Write as _;

/// Neither markup nor something that is shown as other text than it is: besides the five special characters, controls
/// that XML forbids and those that turn the direction of text around are replaced by their names.
pub(crate) fn escaped(text: &str) -> String {
    let mut res = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => res.push_str("&amp;"),
            '<' => res.push_str("&lt;"),
            '>' => res.push_str("&gt;"),
            '"' => res.push_str("&quot;"),
            '\'' => res.push_str("&#39;"),
            '\n' | '\t' => res.push(c),
            c if c.is_control() || is_forbidden(c) => {
                let _ = write!(res, "\\u{{{:x}}}", u32::from(c));
            }
            c => res.push(c),
        }
    }
    res
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

/// At most so many characters; what is cut off is said by three dots.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some(_) => text.chars().take(most.saturating_sub(3)).chain("...".chars()).collect(),
        None => text.to_owned(),
    }
}

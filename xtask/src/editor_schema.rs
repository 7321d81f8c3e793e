//! Writes the settings of the VS Code extension into its `package.json`, with the rules to choose from. The rest of that
//! file is written by hand: only the lines between `"configuration": {` and its end are replaced.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use ftlint_analyzer::rules::RULES;

const FILE: &str = "vscode-extension/package.json";
const START: &str = "    \"configuration\": {\n";
const END: &str = "\n    },\n";

/// Writes the settings.
pub fn write(root: &Path) -> Result<()> {
    let path = root.join(FILE);
    let text = read(root)?;
    let fresh = spliced(&text).with_context(|| format!("{FILE} has no \"configuration\""))?;
    std::fs::write(&path, fresh).with_context(|| format!("cannot write {}", path.display()))
}

/// What differs from what would be written.
pub fn check(root: &Path) -> Vec<String> {
    let problem = match read(root) {
        Err(error) => format!("{error:#}"),
        Ok(text) => match spliced(&text) {
            None => format!("{FILE}: there is no \"configuration\""),
            Some(fresh) if fresh == text => return Vec::new(),
            Some(_) => format!("{FILE}: out of date, run `cargo xtask editor-schema`"),
        },
    };
    vec![problem]
}

fn read(root: &Path) -> Result<String> {
    std::fs::read_to_string(root.join(FILE)).with_context(|| format!("cannot read {FILE}"))
}

fn spliced(text: &str) -> Option<String> {
    let start = text.find(START)? + START.len();
    // The line break before the first line counts, so that an empty object has an end as well.
    let end = start - 1 + text[start - 1..].find(END)?;
    Some(format!("{}{}{}", &text[..start], properties(), &text[end..]))
}

/// A setting: name, schema without the description, description.
fn settings() -> Vec<(&'static str, String, &'static str)> {
    const TEXT: &str = "\"type\": \"string\", \"default\": \"\"";
    let of_machine = format!("\"scope\": \"machine-overridable\", {TEXT}");
    let one_of = |values: &str| format!("{TEXT}, \"enum\": [{values}]");
    let switch = |default: &str| format!("\"type\": \"boolean\", \"default\": {default}");
    let trace = "\"type\": \"string\", \"default\": \"off\", \"enum\": [\"off\", \"messages\", \"verbose\"]";
    vec![
        ("path", of_machine.clone(), PATH),
        ("python", of_machine, PYTHON),
        ("select", rules(), SELECT),
        ("ignore", rules(), "The rules to leave out: codes or their beginnings."),
        ("minConfidence", one_of(r#""", "low", "medium", "high""#), CONFIDENCE),
        ("targetVersion", one_of(r#""", "3.13t", "3.14t", "3.15t""#), TARGET),
        ("codeLens", switch("true"), "Show lines above functions with findings, to replay them."),
        ("inlayHints", switch("false"), HINTS),
        ("trace.server", trace.to_owned(), TRACE),
    ]
}

const PATH: &str = "The server, a path to `ftlint`. Empty: the bundled one, then the Python environment's, then \
    the one on `PATH`.";
const PYTHON: &str = "The free-threaded interpreter for replays. Empty: the one that ftlint finds.";
const SELECT: &str =
    "The rules to run: codes or their beginnings, such as `FTL1`. Empty: what the project says.";
const CONFIDENCE: &str =
    "Findings below this confidence are not shown. Empty: what the project says.";
const TARGET: &str =
    "The free-threaded CPython that the code is for. Empty: what the project says.";
const HINTS: &str = "Show the lock that guards a place elsewhere, between the code.";
const TRACE: &str = "Write the messages between editor and server to the channel `ftlint trace`.";

/// Rules to choose from, with what they report; beginnings of codes are allowed as well.
fn rules() -> String {
    let codes: Vec<String> = RULES.iter().map(|it| quoted(it.code)).collect();
    let words: Vec<String> = RULES.iter().map(|it| quoted(it.summary)).collect();
    format!(
        "\"type\": \"array\", \"default\": [], \"uniqueItems\": true, \"items\": {{ \"anyOf\": [\n            \
         {{ \"type\": \"string\", \"enum\": [\n              {}\n            ], \"enumDescriptions\": [\n              \
         {}\n            ] }},\n            {{ \"type\": \"string\", \"pattern\": \"^FTL[0-9]{{0,3}}$\" }}\n          ] }}",
        codes.join(",\n              "),
        words.join(",\n              ")
    )
}

fn properties() -> String {
    let mut res = "      \"title\": \"ftlint\",\n      \"properties\": {\n".to_owned();
    let settings = settings();
    for (n, (name, schema, description)) in settings.iter().enumerate() {
        let comma = if n + 1 < settings.len() { "," } else { "" };
        let description = quoted(description);
        let _ = writeln!(
            res,
            "        \"ftlint.{name}\": {{\n          {schema},\n          \"markdownDescription\": {description}\n        }}{comma}"
        );
    }
    res.push_str("      }");
    res
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

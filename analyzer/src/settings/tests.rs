//! Tests of the settings, with two made-up rules.

use super::*;
use crate::diagnostic::{Location, Position};
use crate::evidence::Evidence;
use crate::rule::{GilClass, Replay, Severity};

const BLANK: Rule = Rule {
    code: "",
    name: "",
    since: "0.1.0",
    severity: Severity::Warning,
    summary: "",
    replay: Replay::Never(""),
    doc: "",
    check: |_, _| {},
    message: |_| String::new(),
};
static FTL101: Rule = Rule { code: "FTL101", name: "non-atomic-update", ..BLANK };
static FTL201: Rule = Rule { code: "FTL201", name: "check-then-insert", ..BLANK };
static FTL304: Rule = Rule { code: "FTL304", name: "fallback", severity: Severity::Info, ..BLANK };
static RULES: &[&Rule] = &[&FTL101, &FTL201, &FTL304];

fn parse(text: &str) -> Settings {
    Settings::parse(text, Source::FtlintToml, "/p", RULES).unwrap().unwrap()
}

fn problem(text: &str) -> String {
    let it = Settings::parse(text, Source::FtlintToml, "/p", RULES).unwrap_err();
    format!("{}:{}: {}", it.line, it.column, it.message)
}

fn finding(rule: &'static Rule, file: &str, confidence: Confidence) -> Diagnostic {
    let at = Position { line: 1, column: 1, byte: 0 };
    let location = Location {
        file: file.into(),
        start: at,
        end: at,
        root: "/p".into(),
        module: "m".into(),
        function: "<module>".into(),
        function_line: 1,
    };
    Diagnostic {
        rule,
        severity: rule.severity,
        confidence,
        gil: GilClass::Latent,
        message: String::new(),
        evidence: Evidence::Syntax(location.clone(), String::new()),
        location,
        related: Vec::new(),
        fingerprint: String::new(),
    }
}

#[test]
fn all_keys_are_read() {
    let it = parse(
        "select = ['FTL1', 'check-then-insert']\nignore = ['FTL101']\nmin-confidence = 'low'\nexclude = ['gen']\n\
         target-version = '3.14t'\noutput-format = 'json'\n[per-file-ignores]\n'tests/*' = ['ALL']\n",
    );
    assert!(!it.selects(&FTL101) && it.selects(&FTL201));
    assert_eq!(it.min_confidence, Confidence::Low);
    assert_eq!(
        (it.target_version, it.output_format),
        (Some(TargetVersion::Py314t), Some(OutputFormat::Json))
    );
    assert!(it.exclude.matches("/p/gen/a.py") && !it.exclude.matches("/p/src/a.py"));
    assert_eq!(it.per_file_ignores.len(), 1);
}

#[test]
fn pyproject_without_our_table_is_no_configuration() {
    let parse = |text| Settings::parse(text, Source::Pyproject, "/p", RULES);
    assert!(parse("[project]\nname = 'x'\n").unwrap().is_none());
    let ours = parse("[tool.ftlint]\nignore = ['FTL2']\n").unwrap().unwrap();
    assert!(!ours.selects(&FTL201) && ours.selects(&FTL101));
}

#[test]
fn the_longer_selector_wins() {
    let it = parse("select = ['FTL101']\nignore = ['FTL']");
    assert!(it.selects(&FTL101) && !it.selects(&FTL201));
}

#[test]
fn findings_are_kept_by_rule_file_and_confidence() {
    let it = parse("[per-file-ignores]\n'test_*.py' = ['FTL1']\n");
    assert!(it.keeps(&finding(&FTL101, "/p/a.py", Confidence::Medium)));
    assert!(!it.keeps(&finding(&FTL101, "/p/a.py", Confidence::Low)));
    assert!(!it.keeps(&finding(&FTL101, "/p/t/test_a.py", Confidence::High)));
    assert!(it.keeps(&finding(&FTL201, "/p/t/test_a.py", Confidence::High)));
    assert!(it.keeps(&finding(&crate::rules::INVALID_SYNTAX, "/p/t/test_a.py", Confidence::Low)));
}

#[test]
fn patterns_match_names_and_paths_below_the_base() {
    let it = PathPatterns::new("/p", ["build", "src/*/gen_*.py", "./docs/"]).unwrap();
    for path in ["/p/build", "/p/x/build/y.py", "/p/src/a/gen_b.py", "/p/docs/conf.py"] {
        assert!(it.matches(path), "{path}");
    }
    for path in ["/p/builder.py", "/p/gen_b.py", "/build_p/x.py"] {
        assert!(!it.matches(path), "{path}");
    }
}

#[test]
fn mistakes_name_their_place() {
    assert_eq!(problem("selct = []"), "1:1: unknown setting `selct`; did you mean `select`?");
    assert_eq!(
        problem("# ä\nselect = ['FTL101', 'FTL102']"),
        "2:21: unknown rule `FTL102`; did you mean `FTL101`?"
    );
    assert_eq!(
        problem("select = 'FTL101'"),
        "1:10: `select` must be a list of strings, not string"
    );
    assert_eq!(problem("ignore = [1]"), "1:11: `ignore` must be a list of strings, not integer");
    assert_eq!(
        problem("min-confidence = 'sure'"),
        "1:18: `min-confidence` is `sure`; expected one of `low`, `medium`, `high`"
    );
    assert!(problem("exclude = ['a', '[']").starts_with("1:17: error parsing glob '['"));
    assert_eq!(problem("select = [\n"), "1:11: unclosed array, expected `]`");
}

#[test]
fn knowledge_is_read_with_the_schema_of_the_tables() {
    let it = parse(
        "[[knowledge.callable]]\nname = 'm.spawn'\nargument = 0\nkind = 'pool'\n\
         [[knowledge.decorator]]\ntype = 'm.Bus'\nname = ['on', 'once']\nkind = 't1'\nthread = 'bus'\n\
         [[knowledge.base]]\nname = 'm.Handler'\nmethods = ['on_*']\nshared = 'never'\n\
         [[knowledge.lock-decorator]]\nname = 'm.exclusive'\n",
    );
    let known = it.knowledge.unwrap();
    assert!(
        known.callables.contains_key("m.spawn") && known.callables.contains_key("threading.Thread")
    );
    assert!(known.decorator_methods.contains_key("once"));
    assert!(known.lock_decorators.contains_key("m.exclusive"));
    assert!(known.is_configured("m", "spawn") && !known.is_configured("threading", "Thread"));
    assert!(parse("ignore = []").knowledge.is_none());
}

#[test]
fn mistakes_in_knowledge_name_their_place() {
    for (text, told) in [
        ("[[knowledge.callabel]]\nname = 'x'", "1:13: unknown field `callabel`"),
        ("[[knowledge.safe]]\nname = 'x'\nnmae = 'y'", "3:1: unknown field `nmae`"),
        ("[[knowledge.safe]]\nname = 1", "2:8: invalid type: integer `1`"),
        ("[[knowledge.decorator]]\nname = 'x'\nkind = 't2'", "3:8: unknown variant `t2`"),
        ("[[knowledge.decorator]]\nname = 'x'", "1:1: missing field `kind`"),
        ("knowledge = 1", "1:13: invalid type: integer `1`"),
    ] {
        assert!(problem(text).starts_with(told), "{text}: {}", problem(text));
    }
}

#[test]
fn rules_of_severity_info_are_for_who_asks() {
    assert!(!Settings::default().selects(&FTL304) && Settings::default().selects(&FTL101));
    for select in ["FTL304", "FTL3", "ALL", "fallback"] {
        assert!(parse(&format!("select = ['{select}']\n")).selects(&FTL304), "{select}");
    }
    assert!(!parse("ignore = ['FTL101']\n").selects(&FTL304));
    assert!(!parse("select = ['ALL']\nignore = ['FTL304']\n").selects(&FTL304));
}

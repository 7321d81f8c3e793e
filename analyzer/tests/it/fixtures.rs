//! Every file below `fixtures/` is analysed and compared with its own comments. All mismatches are printed at once.

use ftlint_analyzer::rules::RULES;
use ftlint_analyzer::testing::{
    Expectations, check_expectations, check_expectations_of, fixtures_dir, load_fixtures,
};

#[test]
fn files_say_what_is_found() {
    let fixtures = load_fixtures(&fixtures_dir());
    assert!(fixtures.len() > 100, "only {} fixtures found", fixtures.len());
    let mismatches: Vec<String> =
        fixtures.iter().flat_map(ftlint_analyzer::testing::Fixture::mismatches).collect();
    let n_files: usize = fixtures.iter().map(|it| it.files.len()).sum();
    assert!(
        mismatches.is_empty(),
        "{} mismatches in {n_files} files:\n{}",
        mismatches.len(),
        mismatches.join("\n")
    );
}

#[test]
fn ok_files_promise_nothing_else() {
    let mut wrong = Vec::new();
    for fixture in load_fixtures(&fixtures_dir()) {
        for file in &fixture.files {
            let expectations = file.expectations();
            wrong.extend(
                expectations.problems.iter().map(|it| format!("{}: {it}", file.path.display())),
            );
            if file.module.ends_with("_ok") && !expectations.items.is_empty() {
                wrong.push(format!("{}: expects findings", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn folders_below_projects_are_one_project() {
    let fixtures = load_fixtures(&fixtures_dir());
    let modules = |name: &str| {
        let found: Vec<_> = fixtures.iter().filter(|it| it.name == name).collect();
        assert_eq!(found.len(), 1, "{name}");
        found[0].files.iter().map(|it| it.module.clone()).collect::<Vec<_>>()
    };
    assert_eq!(modules("projects/package"), ["main", "shop", "shop.basket", "shop.customers"]);
    assert_eq!(modules("demo"), ["app", "mirrors", "tracker"]);
    assert_eq!(modules("programs/two_locks.py"), ["two_locks"]);
}

/// The codes in fixtures exist; a typing error would otherwise look like a missing finding.
#[test]
fn codes_exist() {
    let mut unknown = Vec::new();
    for fixture in load_fixtures(&fixtures_dir()) {
        for file in &fixture.files {
            for code in file.expectations().items.into_iter().filter_map(|it| it.code) {
                if code != "invalid-syntax" && !RULES.iter().any(|it| it.code == code) {
                    unknown.push(format!("{}: {code}", file.path.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn comments_are_read_from_tokens() {
    let text = r##"# min-confidence: low
# installed: fastavro 1.12.1
s = "# error: [FTL999]"
x += 1  # error: 5 [FTL101] "a # b"  # replay: confirmed  # error: [FTL105]
y = (  # todo: [FTL102] because
"##;
    let found = Expectations::parse(text);
    assert_eq!(found.problems, Vec::<String>::new());
    assert_eq!(found.installed["fastavro"], "1.12.1");
    let items: Vec<String> = found
        .items
        .iter()
        .map(|it| format!("{} {:?} {it} {:?}", it.line, it.kind, it.replay))
        .collect();
    assert_eq!(
        items,
        [
            "4 Error error: 5 [FTL101] \"a # b\" Some(\"confirmed\")",
            "4 Error error: [FTL105] None",
            "5 Todo error: [FTL102] None",
        ]
    );
}

#[test]
fn unreadable_comments_are_mismatches() {
    let text = "x = 1  # error: FTL101\ny = 2  # todo: [FTL101]\nz = 3  # replay: confirmed\n";
    assert_eq!(
        check_expectations(text, &[]),
        [
            "line 1: needs a rule code in brackets: `# error: FTL101`",
            "line 2: needs a reason: `# todo: [FTL101]`",
            "line 3: no finding before it on the line: `# replay: confirmed`",
        ]
    );
}

#[test]
fn missing_findings_are_mismatches() {
    let text = "x += 1  # error\ny += 1  # error: [FTL102]\nz += 1  # false: [FTL102] owned\nw = 1  # todo: [FTL102] later\n";
    assert_eq!(
        check_expectations_of(None, text, &[]),
        [
            "line 1: missing error: [this rule]",
            "line 2: missing error: [FTL102]",
            "line 3: not found any more, delete the `false`",
        ]
    );
}

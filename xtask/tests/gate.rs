//! Runs the checks of `cargo xtask tidy` and `cargo xtask docs --check`, so that `cargo test` covers them.

#[test]
fn habits_are_kept() {
    let problems = xtask::tidy::check(&xtask::root()).expect("the repository can be read");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn documentation_is_fresh() {
    let problems = xtask::docs::check(&xtask::root());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn settings_of_the_editor_are_fresh() {
    let problems = xtask::editor_schema::check(&xtask::root());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

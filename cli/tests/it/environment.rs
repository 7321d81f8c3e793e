//! What `ftlint runtime env` would install.

use crate::support::Sandbox;

#[test]
fn removed_modules_are_had_from_where_they_are_now() {
    let it = Sandbox::new(&[
        ("pyproject.toml", b"[project]\nname = 'x'\nversion = '1'\ndependencies = ['attrs>=23']\n"),
        ("x/a.py", b"import cgi\nimport json\ntry:\n    from distutils.version import LooseVersion\nexcept ImportError: pass\n"),
        ("x/b.py", b"# import imp\nimport cgitb, telnetlibrary\nfrom .pipes import it\n"),
        (".venv/c.py", b"import telnetlib\n"),
    ]);
    let told = it.run(&["runtime", "env"]);
    if told.contains("there is no free-threaded Python") {
        assert!(std::env::var_os("CI").is_none(), "{told}");
        return;
    }
    let wanted = "this installs attrs>=23, legacy-cgi, setuptools<81, and what that needs, into ";
    assert!(told.contains(wanted), "{told}");
    assert!(told.starts_with("exit 2"), "{told}");
}

#[test]
fn what_is_declared_is_not_asked_for_twice() {
    let it =
        Sandbox::new(&[("requirements.txt", b"setuptools==70\n"), ("a.py", b"import distutils\n")]);
    let told = it.run(&["runtime", "env"]);
    let expected = told.contains("this installs setuptools==70, and");
    assert!(expected || told.contains("there is no free-threaded Python"), "{told}");
}

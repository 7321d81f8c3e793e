//! What other programs read, and the page: their structure, and that text of others stays text.

use serde_json::Value;

use super::tests::{confirmed, race, render, verdict};
use super::*;

const HOSTILE: &str =
    "</title></text><script>alert('x')</script><img src=x onerror=\"y\">&]]>\u{202e}\u{0}";

fn page(findings: &[Finding]) -> String {
    render(
        |out, findings, view| out.write_all(super::page::render(findings, view).as_bytes()),
        findings,
    )
}

fn sarif(findings: &[Finding]) -> Value {
    serde_json::from_str(&render(sarif::write, findings)).unwrap()
}

/// A confirmed finding in which everything that can come from a source file is hostile.
fn hostile() -> Finding {
    let mut res = race(Some(confirmed()));
    res.diagnostic.message = HOSTILE.to_owned();
    res.diagnostic.related[0].message = HOSTILE.to_owned();
    res.diagnostic.location.file = format!("/w/{HOSTILE}.py").into();
    if let ftlint_analyzer::evidence::Evidence::Window(window) = &mut res.diagnostic.evidence {
        window.shared_because = HOSTILE.to_owned();
    }
    let verdict = res.verdict.as_mut().unwrap();
    verdict.violation = Some(HOSTILE.to_owned());
    verdict.reason = Some(HOSTILE.to_owned());
    verdict.schedule = Some(HOSTILE.to_owned());
    for step in &mut verdict.witness {
        for text in [&mut step.source, &mut step.what, &mut step.thread_name, &mut step.file] {
            *text = HOSTILE.to_owned();
        }
        step.value = Some(HOSTILE.to_owned());
    }
    res
}

/// Names of all elements that a text opens, after the check that each is closed where it must be.
fn elements(text: &str) -> Vec<String> {
    let void = ["meta", "rect", "path"];
    let (mut res, mut open) = (Vec::new(), Vec::new());
    let mut rest = text.trim_start_matches("<!doctype html>");
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        if !void.contains(&name.as_str()) {
            open.push(name.clone());
        }
        res.push(name);
    }
    assert!(open.is_empty(), "{open:?}");
    res
}

#[test]
fn sarif_has_what_readers_of_it_need() {
    let log = sarif(&[race(Some(confirmed())), race(None)]);
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "ftlint");
    assert_eq!(driver["rules"].as_array().unwrap().len(), 1);
    assert_eq!(driver["rules"][0]["id"], "FTL999");
    assert_eq!(driver["rules"][0]["defaultConfiguration"]["level"], "warning");
    assert!(driver["rules"][0]["shortDescription"]["text"].is_string());
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(driver["rules"][index]["id"], result["ruleId"]);
        assert_eq!(result["level"], "warning");
        assert_eq!(result["partialFingerprints"]["ftlint/v1"], "0123456789abcdef");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "app.py");
        let region = &place["region"];
        assert_eq!(
            (region["startLine"].as_u64(), region["startColumn"].as_u64()),
            (Some(5), Some(9))
        );
        assert_eq!((region["endLine"].as_u64(), region["endColumn"].as_u64()), (Some(5), Some(18)));
    }
    assert_eq!(sarif(&[])["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn sarif_tells_the_witness_as_one_flow_for_each_thread() {
    let log = sarif(&[race(Some(confirmed())), race(None)]);
    let results = &log["runs"][0]["results"];
    assert!(results[1].get("codeFlows").is_none());
    let flows = results[0]["codeFlows"][0]["threadFlows"].as_array().unwrap();
    let orders: Vec<Vec<u64>> = flows
        .iter()
        .map(|flow| {
            let locations = flow["locations"].as_array().unwrap();
            locations.iter().map(|it| it["executionOrder"].as_u64().unwrap()).collect()
        })
        .collect();
    assert_eq!(orders, [vec![1, 4], vec![2, 3]]);
    let step = &flows[1]["locations"][1]["location"];
    assert_eq!(step["message"]["text"], "thread 2: writes self.hits = 1");
    assert_eq!(step["physicalLocation"]["region"]["startLine"], 5);
    assert_eq!(step["physicalLocation"]["region"]["snippet"]["text"], "self.hits += 1");
}

#[test]
fn sarif_places_are_references() {
    let mut outside = race(None);
    outside.diagnostic.location.file = "/else where/ä.py".into();
    let log = sarif(&[outside]);
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "file:///else%20where/%C3%A4.py");
    assert!(place["artifactLocation"].get("uriBaseId").is_none());
}

#[test]
fn github_annotations_are_one_line_each() {
    let mut odd = race(Some(confirmed()));
    odd.diagnostic.message = "100 %\n::error::no".to_owned();
    odd.diagnostic.location.file = "/w/a,b:c.py".into();
    assert_eq!(
        render(github::write, &[odd]),
        "::warning file=a%2Cb%3Ac.py,line=5,endLine=5,col=9,endColumn=18,title=FTL999 made-up::\
         100 %25%0A::error::no%0Aconfirmed: 2 of 2 updates became 1\n"
    );
}

#[test]
fn junit_is_well_formed_with_a_case_for_each_finding() {
    let text = render(junit::write, &[race(None), hostile()]);
    let names = elements(&text);
    assert_eq!(
        names,
        ["testsuites", "testsuite", "testcase", "failure", "testcase", "failure"]
            .map(str::to_owned)
    );
    assert!(text.contains("tests=\"2\" failures=\"2\""), "{text}");
}

#[test]
fn the_page_groups_findings_by_verdict_and_draws_the_witness() {
    let findings = [
        race(None),
        race(Some(verdict(Status::NotReplayable, Some("no arguments were found")))),
        race(Some(verdict(Status::NotReproduced, Some("it waited for a lock")))),
        race(Some(confirmed())),
    ];
    let text = page(&findings);
    let names = elements(&text);
    let count = |name: &str| names.iter().filter(|it| *it == name).count();
    assert_eq!((count("section"), count("svg"), count("script"), count("link")), (4, 1, 0, 0));
    assert_eq!(count("rect"), 4, "one box for each step");
    assert_eq!(text.matches("class=\"switch\"").count(), 2, "to thread 2 and back");
    assert_eq!(text.matches("class=\"head ").count(), 2, "two lanes");
    let order: Vec<_> = ["confirmed", "not-reproduced", "not-replayable", "not-replayed"]
        .map(|it| text.find(&format!("<section class=\"{it}\"")).unwrap())
        .to_vec();
    assert!(order.is_sorted(), "{order:?}");
    assert!(text.contains("does not mean safe"), "{text}");
    assert!(text.contains("--schedule &#39;v1:0.1 1.*&#39;"), "{text}");
    assert!(text.contains("<td>5</td><td>        self.hits += 1</td>"), "{text}");
    assert!(text.contains("prefers-color-scheme: dark"), "{text}");
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!text.contains(outside), "{outside}");
    }
}

#[test]
fn text_of_others_stays_text() {
    let harmless = page(&[race(Some(confirmed()))]);
    let text = page(&[hostile()]);
    let mut kinds = elements(&text);
    let mut known = elements(&harmless);
    for list in [&mut kinds, &mut known] {
        list.sort();
        list.dedup();
    }
    assert!(kinds.iter().all(|it| known.contains(it)), "{kinds:?} beside {known:?}");
    for bad in ["<script", "<img", "onerror=\"", "\u{202e}", "\u{0}"] {
        assert!(!text.contains(bad), "{bad:?}");
    }
    assert!(text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), "{text}");
    assert!(text.contains("\\u{202e}"), "{text}");
}

#[test]
fn a_page_without_findings_says_so() {
    let text = page(&[]);
    elements(&text);
    assert!(text.contains("No findings."), "{text}");
}

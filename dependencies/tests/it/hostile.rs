//! Broken and hostile files: a message, never a panic, and nothing written.

use std::io::{Cursor, Write as _};

use ftlint_dependencies::wheel;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::support::{DECLARES, answer, compile, names};

/// Numbers that are the same in each run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        out.start_file(*name, options).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

/// One to eight bytes are changed; a tenth of the files is cut, too.
fn mutate(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut res = bytes.to_vec();
    // Most of what steers a reader lies at the beginning and at the end.
    let place = match random.below(3) {
        0 => 0..512.min(res.len()),
        1 => res.len().saturating_sub(4096)..res.len(),
        _ => 0..res.len(),
    };
    for _ in 0..=random.below(8) {
        let at = place.start + random.below(place.len());
        let value = [0, 1, 0x7f, 0x80, 0xff, random.below(256)][random.below(6)];
        res[at] = u8::try_from(value).unwrap();
    }
    if random.below(10) == 0 {
        res.truncate(random.below(res.len()));
    }
    res
}

#[test]
fn mutations_of_a_library_never_panic() {
    let Some(bytes) = compile(DECLARES) else { return };
    let mut random = Random(0x5eed_0001);
    let mut answers = std::collections::BTreeSet::new();
    for _ in 0..6000 {
        answers.insert(answer(&mutate(&bytes, &mut random)));
    }
    for end in 0..600 {
        assert!(answer(&bytes[..end]).starts_with("broken: "), "cut at {end}");
    }
    assert!(answers.iter().any(|it| it.starts_with("declares")), "{answers:#?}");
    assert!(answers.iter().any(|it| it.starts_with("broken")), "{answers:#?}");
}

#[test]
fn mutations_of_a_wheel_never_panic() {
    let Some(bytes) = compile(DECLARES) else { return };
    let whole =
        archive(&[("pkg/case.cpython-314t-x86_64-linux-gnu.so", &bytes), ("pkg/a.py", b"x")]);
    assert_eq!(wheel::members(Cursor::new(&whole)).unwrap().len(), 1);
    let mut random = Random(0x5eed_0002);
    let mut broken = 0;
    for _ in 0..3000 {
        let told = wheel::members(Cursor::new(mutate(&whole, &mut random)));
        broken += u32::from(!told.is_ok_and(|it| it.iter().all(|it| it.read.is_ok())));
    }
    assert!(broken > 100, "only {broken} of the mutations were noticed");
}

#[test]
fn names_that_lead_out_of_the_wheel() {
    for name in ["../x.so", "a/../../x.so", "/etc/x.so", "C:\\x.pyd", "..\\x.pyd", "a\u{1b}[2J.so"]
    {
        let told = wheel::members(Cursor::new(archive(&[(name, b"x")])));
        let error = told.unwrap_err().to_string();
        assert!(error.contains("leads out") || error.contains("not a wheel"), "{name}: {error}");
    }
}

#[test]
fn what_unpacks_to_much_more_than_it_is() {
    let zeros = vec![0; 64 << 20];
    let told = wheel::members(Cursor::new(archive(&[("a.so", &zeros)]))).unwrap();
    let error = told[0].read.clone().unwrap_err().to_string();
    assert!(error.contains("unpacks to much more"), "{error}");
}

#[test]
fn nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a-1-cp314-cp314t-any.whl");
    std::fs::write(&path, archive(&[("a.so", b"x"), ("b/c.so", b"\x7fELF")])).unwrap();
    let told = wheel::read(&path).unwrap();
    assert!(told.iter().all(|it| it.read.is_err()), "{told:?}");
    assert_eq!(told.len(), 2);
    assert_eq!(names(directory.path()), ["a-1-cp314-cp314t-any.whl"]);
    std::fs::write(&path, b"PK\x03\x04 and nothing else").unwrap();
    assert!(wheel::read(&path).unwrap_err().to_string().starts_with("not a wheel"));
}

//! From bytes to text, as PEP 263 says: a byte order mark, a coding cookie in the first two lines, else UTF-8.

use encoding_rs::Encoding;

/// Why a file has no text, and the 1-based line where that shows.
#[derive(Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// 1-based.
    pub line: usize,
    /// Lower case, no full stop.
    pub message: String,
}

/// The text of a Python source file, without its byte order mark.
pub fn decode(bytes: Vec<u8>) -> Result<String, Undecodable> {
    let (bytes, marked) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest.to_vec(), true),
        None => (bytes, false),
    };
    let Some((line, name)) = cookie(&bytes) else { return utf8(bytes, "UTF-8") };
    let codec = codec(&name).ok_or_else(|| Undecodable {
        line,
        message: format!("unknown encoding `{name}` in the coding comment"),
    })?;
    if marked && codec != Codec::Utf8 {
        let message =
            format!("the coding comment says `{name}`, but the file starts with the mark of UTF-8");
        return Err(Undecodable { line, message });
    }
    match codec {
        Codec::Utf8 => utf8(bytes, &name),
        Codec::Ascii if !bytes.is_ascii() => Err(undecodable(&bytes, &name, <[u8]>::is_ascii)),
        Codec::Ascii | Codec::Latin1 => Ok(bytes.iter().copied().map(char::from).collect()),
        Codec::Other(encoding) => match strict(encoding, &bytes) {
            Some(text) => Ok(text.into_owned()),
            None => Err(undecodable(&bytes, &name, |it| strict(encoding, it).is_some())),
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Utf8,
    Ascii,
    /// By hand: the web's `latin1`, which `encoding_rs` implements, is windows-1252.
    Latin1,
    Other(&'static Encoding),
}

/// Python's name of a codec. Names that the web lacks are translated.
fn codec(name: &str) -> Option<Codec> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let label = match name.as_str() {
        "utf-8" | "utf8" | "u8" | "utf" | "utf-8-sig" | "cp65001" => return Some(Codec::Utf8),
        "ascii" | "us-ascii" | "646" => return Some(Codec::Ascii),
        "latin-1" | "latin1" | "latin" | "iso-8859-1" | "iso8859-1" | "8859" | "l1" | "cp819" => {
            return Some(Codec::Latin1);
        }
        "latin-9" | "latin9" | "l9" => "iso-8859-15",
        "cp932" | "ms932" | "mskanji" | "sjis" => "shift_jis",
        "cp936" | "ms936" => "gbk",
        "cp949" | "ms949" | "uhc" => "euc-kr",
        "cp950" | "ms950" => "big5",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        "eucjp" => "euc-jp",
        other => other,
    };
    let label = match label.strip_prefix("cp125") {
        Some(digit) => format!("windows-125{digit}"),
        None => label.to_owned(),
    };
    let found = Encoding::for_label(label.as_bytes())
        .or_else(|| Encoding::for_label(label.replace('-', "_").as_bytes()))?;
    let unusable = [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE, encoding_rs::REPLACEMENT];
    (!unusable.contains(&found)).then_some(Codec::Other(found))
}

/// The coding comment: its line and the name in it. On the second line only below a comment or a blank line.
fn cookie(bytes: &[u8]) -> Option<(usize, String)> {
    let mut rest = bytes;
    for number in 1..=2 {
        let (line, after) = first_line(rest);
        rest = after;
        let start = line.iter().position(|it| !matches!(it, b' ' | b'\t' | b'\x0c'));
        let Some(comment) = start.and_then(|it| line.get(it..)) else { continue };
        if comment.first() != Some(&b'#') {
            return None;
        }
        if let Some(name) = cookie_name(comment) {
            return Some((number, name));
        }
    }
    None
}

/// The first line without its end, which Python takes in three forms, and what follows.
fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = bytes.iter().position(|it| matches!(it, b'\n' | b'\r')) else {
        return (bytes, b"");
    };
    let width = if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
    (&bytes[..end], &bytes[end + width..])
}

/// The name behind `coding:` or `coding=` in a comment.
fn cookie_name(comment: &[u8]) -> Option<String> {
    let comment = String::from_utf8_lossy(comment);
    comment.match_indices("coding").find_map(|(at, word)| {
        let rest =
            comment[at + word.len()..].strip_prefix([':', '='])?.trim_start_matches([' ', '\t']);
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
            .unwrap_or(rest.len());
        (end > 0).then(|| rest[..end].to_owned())
    })
}

fn utf8(bytes: Vec<u8>, name: &str) -> Result<String, Undecodable> {
    String::from_utf8(bytes)
        .map_err(|it| undecodable(it.as_bytes(), name, |line| std::str::from_utf8(line).is_ok()))
}

fn strict<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<std::borrow::Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Names the first line that does not decode by itself.
fn undecodable(bytes: &[u8], name: &str, decodes: impl Fn(&[u8]) -> bool) -> Undecodable {
    let line = bytes.split(|it| *it == b'\n').position(|it| !decodes(it)).map_or(1, |it| it + 1);
    Undecodable {
        line,
        message: format!(
            "not valid {name}; save the file so, or name its encoding as PEP 263 says"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes.to_vec()).unwrap()
    }

    fn problem(bytes: &[u8]) -> String {
        let it = decode(bytes.to_vec()).unwrap_err();
        format!("{}: {}", it.line, it.message)
    }

    #[test]
    fn utf8_is_the_default_and_the_mark_is_dropped() {
        assert_eq!(text("x = 'ä'".as_bytes()), "x = 'ä'");
        assert_eq!(text(b"\xef\xbb\xbf# coding: utf-8\nx"), "# coding: utf-8\nx");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn the_cookie_is_on_one_of_two_lines() {
        for head in [
            "# -*- coding: latin-1 -*-\n",
            "#!/usr/bin/python\r\n# vim: set fileencoding=iso8859_1 :\r\n",
            "\n#coding=L1\n",
        ] {
            let mut bytes = head.as_bytes().to_vec();
            bytes.extend(b"'\xe4\x80'");
            assert_eq!(text(&bytes), format!("{head}'ä\u{80}'"));
        }
        assert_eq!(
            problem(b"#\n#\n# coding: latin-1\n\xe4").split(';').next(),
            Some("4: not valid UTF-8")
        );
        assert_eq!(
            problem(b"x = 1\n# coding: latin-1\n\xe4").split(';').next(),
            Some("3: not valid UTF-8")
        );
    }

    #[test]
    fn codecs_have_pythons_names() {
        assert_eq!(text(b"# coding: cp1252\n\x80"), "# coding: cp1252\n€");
        assert_eq!(text(b"# coding: euc_jp\n\xa4\xa2"), "# coding: euc_jp\nあ");
        assert_eq!(text(b"# coding: koi8-r\n\xc1"), "# coding: koi8-r\nа");
        assert_eq!(text(b"# coding: latin-9\n\xa4"), "# coding: latin-9\n€");
    }

    #[test]
    fn mistakes_name_their_line() {
        assert_eq!(
            problem(b"#!x\n# coding: klingon\n"),
            "2: unknown encoding `klingon` in the coding comment"
        );
        assert_eq!(
            problem(b"# coding: utf-16\n"),
            "1: unknown encoding `utf-16` in the coding comment"
        );
        assert_eq!(
            problem(b"# coding: ascii\nx\n\xe4").split(';').next(),
            Some("3: not valid ascii")
        );
        assert!(
            problem(b"\xef\xbb\xbf# coding: latin-1\n").starts_with("1: the coding comment says")
        );
    }
}
